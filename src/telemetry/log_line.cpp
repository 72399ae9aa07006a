#include "telemetry/log_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

namespace coatcheck::telemetry::detail {

namespace {

constexpr std::size_t text_bytes_max = 16 * 1024;
constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

// Returns the length of the UTF-8 sequence that `text` begins with, 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i != length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Too long a form, a surrogate half, and what is past U+10FFFF are told by the second byte.
  if (first == 0xE0 && byte(1) < 0xA0) return 0;
  if (first == 0xED && byte(1) > 0x9F) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  if (first == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

// Appends `text` between quotes, as JSON. Whatever is no UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text) {
  const bool cut = text.size() > text_bytes_max;
  if (cut) {
    text = text.substr(0, text_bytes_max);
    // Not within a character.
    for (int i = 0; i != 3 && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80; ++i) text.remove_suffix(1);
    if (static_cast<unsigned char>(text.back()) >= 0xC0) text.remove_suffix(1);
  }
  out += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (length == 0) {
          out += replacement;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else if (length == 2 && c == '\xC2' && static_cast<unsigned char>(text[1]) < 0xA0) {
          // C1 controls steer some terminals.
          fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                         static_cast<unsigned>(static_cast<unsigned char>(text[1])));
        } else {
          out += text.substr(0, length);
        }
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (cut) out += ellipsis;
  out += '"';
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= text_bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '=';
  });
}

struct HumanValue {
  std::string& out;
  void operator()(std::string_view text) const {
    if (is_plain(text)) {
      out += text;
    } else {
      append_quoted(out, text);
    }
  }
  void operator()(bool yes) const { out += yes ? "true" : "false"; }
  void operator()(auto number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
};

struct JsonValue {
  std::string& out;
  void operator()(std::string_view text) const { append_quoted(out, text); }
  void operator()(bool yes) const { out += yes ? "true" : "false"; }
  void operator()(double number) const {
    // JSON has no word for infinity.
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(out), "{}", number);
    } else {
      fmt::format_to(std::back_inserter(out), "\"{}\"", number);
    }
  }
  void operator()(auto number) const { fmt::format_to(std::back_inserter(out), "{}", number); }
};

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
  }
  return "error";
}

std::string human_line(std::string_view event, std::initializer_list<Field> fields) {
  std::string out;
  HumanValue{out}(event);
  for (const Field& field : fields) {
    out += ' ';
    HumanValue{out}(field.key);
    out += '=';
    std::visit(HumanValue{out}, field.value.get());
  }
  return out;
}

std::string json_line(Timestamp time, Level level, std::string_view event, std::initializer_list<Field> fields) {
  std::string out = "{\"time\":\"" + to_rfc3339(time) + "\",\"level\":\"";
  out += to_string(level);
  out += "\",\"event\":";
  append_quoted(out, event);
  for (const Field& field : fields) {
    out += ',';
    append_quoted(out, field.key);
    out += ':';
    std::visit(JsonValue{out}, field.value.get());
  }
  out += '}';
  return out;
}

}  // namespace coatcheck::telemetry::detail
