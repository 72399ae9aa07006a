#include "client/event_stream.hpp"

#include <utility>

namespace coatcheck::client {

namespace {
constexpr std::size_t event_bytes_max = std::size_t{64} << 20;
}  // namespace

Outcome<void> EventStream::feed(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    line_.append(piece.substr(0, end));
    if (line_.size() + event_.data.size() > event_bytes_max) {
      return Trouble{ExitCode::unavailable, "the server's answer is too long"};
    }
    if (end == std::string_view::npos) break;
    piece.remove_prefix(end + 1);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    if (auto taken = take_line(line_); !taken) return taken;
    line_.clear();
  }
  return Outcome<void>::ok();
}

Outcome<void> EventStream::take_line(std::string_view line) {
  if (line.empty()) {
    const Event event = std::exchange(event_, {});
    return std::exchange(has_data_, false) ? on_event_(event) : Outcome<void>::ok();
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.name = value;
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
  return Outcome<void>::ok();
}

}  // namespace coatcheck::client
