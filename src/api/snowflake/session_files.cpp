#include "api/snowflake/session_files.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <charconv>
#include <span>
#include <utility>

#include "api/snowflake/token.hpp"

namespace coatcheck::api::snowflake {

namespace {

namespace json = boost::json;

constexpr std::int64_t format_version = 1;
// A state of the size allowed, and what is around it.
constexpr std::size_t file_bytes_max = state_bytes_max + 4096;
constexpr std::string_view ending = ".json";

Error corrupt() { return {Errc::corrupt, "not the file of a session"}; }

// Returns the session whose file has this name, or 0.
std::uint64_t session_of(std::string_view name) {
  if (!name.ends_with(ending)) return 0;
  name.remove_suffix(ending.size());
  std::uint64_t session = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), session);
  if (error != std::errc() || end != name.data() + name.size() || std::to_string(session) != name) return 0;
  return session <= session_id_max ? session : 0;
}

std::string_view view_of(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace

std::string write_session_file(const StoredSession& session) {
  const json::object head = {
      {"version", format_version},
      {"session", session.id},
      {"principal", session.principal},
      {"expires", to_rfc3339(session.expires)},
  };
  std::string text = json::serialize(head);
  text.back() = ',';
  text += "\"state\":" + write_state(session.state) + "}\n";
  return text;
}

Result<StoredSession> read_session_file(std::string_view text) {
  if (text.size() > file_bytes_max) return corrupt();
  boost::system::error_code problem;
  const json::value document = json::parse(text, problem);
  if (problem || !document.is_object()) return corrupt();
  const json::object& object = document.get_object();
  const json::value* version = object.if_contains("version");
  const json::value* id = object.if_contains("session");
  const json::value* principal = object.if_contains("principal");
  const json::value* expires = object.if_contains("expires");
  const json::value* state = object.if_contains("state");
  if (version == nullptr || *version != format_version || id == nullptr || !id->is_int64() || id->get_int64() <= 0 ||
      principal == nullptr || !principal->is_string() || expires == nullptr || !expires->is_string() ||
      state == nullptr) {
    return corrupt();
  }
  const auto time = parse_rfc3339(view_of(expires->get_string()));
  auto read = read_state(json::serialize(*state));
  if (!time || !read) return corrupt();
  return StoredSession{static_cast<std::uint64_t>(id->get_int64()), std::string(view_of(principal->get_string())),
                       *time, *std::move(read)};
}

SessionFiles::SessionFiles(std::filesystem::path directory, Files& files)
    : directory_(std::move(directory)), files_(&files) {}

Result<SessionFiles> SessionFiles::open(std::filesystem::path directory, Files& files) {
  auto made = make_durable_directories(files, directory);
  if (!made) return std::move(made).error();
  auto listed = files.list(directory);
  if (!listed) return std::move(listed).error();
  SessionFiles session_files(std::move(directory), files);
  for (const Files::Listed& file : *listed) {
    if (const std::uint64_t session = session_of(file.name)) {
      session_files.known_.emplace(session, std::nullopt);
    } else if (file.name.ends_with(".json.new")) {
      auto removed = files.remove(session_files.directory_ / file.name);
      if (!removed) return std::move(removed).error();
    }
  }
  return session_files;
}

void SessionFiles::note_read(std::uint64_t session, Timestamp expires) {
  const auto at = known_.find(session);
  if (at != known_.end() && !at->second) at->second = expires;
}

std::vector<std::uint64_t> SessionFiles::expired(Timestamp now) const {
  std::vector<std::uint64_t> sessions;
  for (const auto& [session, expires] : known_) {
    if (expires && *expires <= now) sessions.push_back(session);
  }
  return sessions;
}

std::vector<std::uint64_t> SessionFiles::unread(std::size_t count_max) const {
  std::vector<std::uint64_t> sessions;
  for (const auto& [session, expires] : known_) {
    if (sessions.size() == count_max) break;
    if (!expires) sessions.push_back(session);
  }
  return sessions;
}

std::filesystem::path SessionFiles::path_of(std::uint64_t session) const {
  return directory_ / (std::to_string(session) + std::string(ending));
}

Result<StoredSession> SessionFiles::read(std::uint64_t session) const {
  auto file = files_->open(path_of(session));
  if (!file) return std::move(file).error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > file_bytes_max) return corrupt();
  std::string text(static_cast<std::size_t>(*size), '\0');
  auto got = (*file)->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!got) return std::move(got).error();
  auto stored = read_session_file(text);
  if (stored && stored->id != session) return corrupt();
  return stored;
}

Result<void> SessionFiles::write(const StoredSession& session) const {
  const std::filesystem::path path = path_of(session.id);
  std::filesystem::path fresh = path;
  fresh += ".new";
  const std::string text = write_session_file(session);
  auto cleared = files_->remove(fresh);  // Of a write that failed.
  if (!cleared) return cleared;
  {
    auto file = files_->create(fresh);
    if (!file) return std::move(file).error();
    auto appended = (*file)->append(std::as_bytes(std::span(text)));
    if (!appended) return appended;
    auto synced = (*file)->sync();
    if (!synced) return synced;
  }
  auto renamed = files_->rename(fresh, path);
  if (!renamed) return renamed;
  return files_->sync_directory(directory_);
}

Result<void> SessionFiles::remove(std::uint64_t session) const { return files_->remove(path_of(session)); }

}  // namespace coatcheck::api::snowflake
