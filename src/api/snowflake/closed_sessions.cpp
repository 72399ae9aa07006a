#include "api/snowflake/closed_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include "api/snowflake/token.hpp"

namespace coatcheck::api::snowflake {

namespace {

constexpr std::string_view prefix = "closed-";
constexpr std::size_t line_bytes_max = 64;
// A log is begun anew when it has so many lines more than sessions that are still to be known.
constexpr std::size_t lines_to_spare = 100'000;

template <class Number>
std::optional<Number> number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::int64_t seconds_of(Timestamp time) {
  return std::chrono::ceil<std::chrono::seconds>(time).time_since_epoch().count();
}

std::string line_of(std::uint64_t session, std::int64_t expires_s) {
  return fmt::format("{} {}\n", session, expires_s);
}

// Reads "<session> <seconds>". What a crash left of a line is none.
std::optional<std::pair<std::uint64_t, std::int64_t>> read_line(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (line.size() > line_bytes_max || space == line.npos) return std::nullopt;
  const auto session = number_of<std::uint64_t>(line.substr(0, space));
  const auto expires_s = number_of<std::int64_t>(line.substr(space + 1));
  if (!session || !expires_s || *session == 0 || *session > session_id_max) return std::nullopt;
  return std::pair{*session, *expires_s};
}

Result<std::string> read_whole(Files& files, const std::filesystem::path& path, std::size_t bytes_max) {
  auto file = files.open(path);
  if (!file) return std::move(file).error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > bytes_max) return Error{Errc::corrupt, path.string() + " is too large for a log of closed sessions"};
  std::string text(static_cast<std::size_t>(*size), '\0');
  auto got = (*file)->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!got) return std::move(got).error();
  return text;
}

}  // namespace

ClosedSessions::ClosedSessions(std::filesystem::path directory, Files& files, std::size_t count_max)
    : directory_(std::move(directory)), files_(&files), count_max_(count_max), turn_(std::make_unique<Turn>()) {}

Result<ClosedSessions> ClosedSessions::open(std::filesystem::path directory, Files& files, Timestamp now,
                                            std::size_t count_max) {
  auto made = make_durable_directories(files, directory);
  if (!made) return std::move(made).error();
  auto listed = files.list(directory);
  if (!listed) return std::move(listed).error();

  ClosedSessions closed(std::move(directory), files, count_max);
  std::vector<std::uint64_t> logs;
  for (const Files::Listed& file : *listed) {
    if (!file.name.starts_with(prefix)) continue;
    if (const auto number = number_of<std::uint64_t>(std::string_view(file.name).substr(prefix.size()))) {
      logs.push_back(*number);
    }
  }
  std::ranges::sort(logs);
  for (const std::uint64_t number : logs) {
    // A log that was begun and not finished is followed by none and repeats the one before: both are read.
    const auto text = read_whole(files, closed.directory_ / fmt::format("{}{}", prefix, number),
                                 2 * line_bytes_max * (count_max + lines_to_spare));
    if (!text) return text.error();
    std::string_view left(*text);
    for (std::size_t end = left.find('\n'); end != left.npos; end = left.find('\n')) {
      const auto line = read_line(left.substr(0, end));
      left.remove_prefix(end + 1);
      if (line && line->second > seconds_of(now)) closed.remember(line->first, line->second);
    }
    closed.log_number_ = number;
  }
  auto log = closed.begin_log(closed.log_number_ + 1, closed.all_lines());
  if (!log) return std::move(log).error();
  closed.log_ = *std::move(log);
  closed.log_number_ += 1;
  closed.log_lines_ = closed.closed_.size();
  return closed;
}

void ClosedSessions::remember(std::uint64_t session, std::int64_t expires_s) {
  const auto [at, is_new] = closed_.try_emplace(session, expires_s);
  if (!is_new) {
    at->second = std::max(at->second, expires_s);
    return;
  }
  by_close_.push_back(session);
  while (closed_.size() > count_max_) {
    closed_.erase(by_close_.front());
    by_close_.pop_front();
  }
}

std::string ClosedSessions::all_lines() const {
  std::string lines;
  for (const std::uint64_t session : by_close_) lines += line_of(session, closed_.at(session));
  return lines;
}

Result<std::unique_ptr<File>> ClosedSessions::begin_log(std::uint64_t number, const std::string& lines) const {
  const std::filesystem::path path = directory_ / fmt::format("{}{}", prefix, number);
  auto cleared = files_->remove(path);
  if (!cleared) return std::move(cleared).error();
  auto log = files_->create(path);
  if (!log) return std::move(log).error();
  if (!lines.empty()) {
    auto appended = (*log)->append(std::as_bytes(std::span(lines)));
    if (!appended) return std::move(appended).error();
  }
  auto synced = (*log)->sync();
  if (!synced) return std::move(synced).error();
  synced = files_->sync_directory(directory_);
  if (!synced) return std::move(synced).error();

  // From here on the new log has all that the others have.
  const auto listed = files_->list(directory_);
  if (!listed) return listed.error();
  for (const Files::Listed& file : *listed) {
    if (!file.name.starts_with(prefix)) continue;
    const auto other = number_of<std::uint64_t>(std::string_view(file.name).substr(prefix.size()));
    if (!other || *other >= number) continue;
    auto removed = files_->remove(directory_ / file.name);
    if (!removed) return std::move(removed).error();
  }
  return log;
}

async::Task<Result<void>> ClosedSessions::add(std::uint64_t session, Timestamp expires, async::Pool& disk) {
  const std::int64_t expires_s = seconds_of(expires);
  remember(session, expires_s);
  pending_ += line_of(session, expires_s);
  pending_lines_ += 1;
  const std::uint64_t mine = ++added_;
  const Turn::Held held = co_await turn_->take();
  // Whoever had the turn before may have written this line too.
  if (durable_ >= mine) co_return Result<void>::ok();
  co_return co_await write_pending(disk);
}

async::Task<Result<void>> ClosedSessions::write_pending(async::Pool& disk) {
  const std::string lines = std::exchange(pending_, {});
  const std::size_t count = std::exchange(pending_lines_, 0);
  const std::uint64_t up_to = added_;
  // A log of which the end is not known is not written to again.
  std::unique_ptr<File> log = std::move(log_);
  const bool is_new = log == nullptr;
  const std::string all = is_new ? all_lines() : std::string();
  const std::uint64_t number = log_number_ + (is_new ? 1 : 0);

  auto write = [this, is_new, number, &lines, &all, &log]() -> Result<void> {
    if (is_new) {
      auto begun = begin_log(number, all);
      if (!begun) return std::move(begun).error();
      log = *std::move(begun);
      return Result<void>::ok();
    }
    auto appended = log->append(std::as_bytes(std::span(lines)));
    if (!appended) return appended;
    return log->sync();
  };
  auto written = co_await disk.run(std::move(write));
  log_number_ = number;
  if (!written) co_return written;
  log_ = std::move(log);
  log_lines_ = is_new ? closed_.size() : log_lines_ + count;
  durable_ = std::max(durable_, up_to);
  co_return Result<void>::ok();
}

async::Task<void> ClosedSessions::sweep(Timestamp now, async::Pool& disk) {
  const std::int64_t now_s = seconds_of(now);
  std::erase_if(by_close_, [&](std::uint64_t session) {
    const auto at = closed_.find(session);
    if (at->second > now_s) return false;
    closed_.erase(at);
    return true;
  });
  if (log_lines_ < closed_.size() + lines_to_spare) co_return;
  const Turn::Held held = co_await turn_->take();
  log_.reset();  // So that the next one begins, with the lines that count.
  auto written = co_await write_pending(disk);
  static_cast<void>(written);  // One that fails is tried again by the next close.
}

}  // namespace coatcheck::api::snowflake
