#include "client/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "client/human.hpp"
#include "client/width.hpp"

namespace coatcheck::client {

namespace {

constexpr std::array wheel = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr std::size_t bar_width = 24;
constexpr const char* erase_line = "\r\x1b[K";

// Tenths of a second from the start, so that the line does not jump between units.
std::string elapsed_text(std::chrono::milliseconds elapsed) {
  if (elapsed < std::chrono::minutes(1))
    return fmt::format("{}.{} s", elapsed.count() / 1000, elapsed.count() % 1000 / 100);
  return human_duration(elapsed);
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

std::string bar(double done, Style style) {
  const auto full = static_cast<std::size_t>(std::floor(done * static_cast<double>(bar_width)));
  return style.green(repeated("━", full)) + style.dim(repeated("─", bar_width - full));
}

}  // namespace

Progress progress_of(const QueryView& query, std::chrono::milliseconds elapsed) {
  Progress progress{.phase = query.status, .elapsed = elapsed, .done = {}, .remark = {}};
  for (char& c : progress.phase) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  if (query.status == "RUNNING") progress.done = query.progress;
  if (query.queue) progress.remark = queries_before(query.queue->position) + ", " + query.queue->reason;
  if (query.attempt > 1) progress.remark = fmt::format("attempt {}", query.attempt);
  return progress;
}

std::string format_progress(const Progress& progress, std::size_t frame, std::size_t width, Style style) {
  const std::string head =
      cut(fmt::format("{} {} {}", wheel[frame % wheel.size()], visible(progress.phase), elapsed_text(progress.elapsed)),
          width);
  std::size_t room = width - display_width(head);
  std::string line = style.bold(head);
  if (progress.done) {
    const double done = std::clamp(*progress.done, 0.0, 1.0);
    const std::string percent = fmt::format(" {:.0f} %", std::floor(done * 100));
    if (room >= 2 + bar_width + percent.size()) {
      line += "  " + bar(done, style) + percent;
      room -= 2 + bar_width + percent.size();
    } else if (room > percent.size()) {
      line += ' ' + percent;
      room -= 1 + percent.size();
    }
  }
  if (!progress.remark.empty() && room > 12) line += "  " + style.dim(cut(visible(progress.remark), room - 2));
  return line;
}

void ProgressLine::draw(const Progress& progress) {
  if (!stream_.is_terminal) return;
  // One column stays free: in the last one some terminals begin a new line.
  stream_.width = look_at(2).width;
  print_error(erase_line +
              format_progress(progress, frame_++, std::max<std::size_t>(stream_.width, 2) - 1, stream_.style));
  is_drawn_ = true;
}

void ProgressLine::clear() {
  if (is_drawn_) print_error(erase_line);
  is_drawn_ = false;
}

}  // namespace coatcheck::client
