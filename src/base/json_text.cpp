#include "base/json_text.hpp"

#include <cstddef>
#include <cstdint>

namespace coatcheck {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";
constexpr std::string_view replacement = "\xEF\xBF\xBD";

// The length of the well-formed UTF-8 sequence that `text` begins with, or 0 (Unicode 15, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0};
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint8_t first = byte(0);
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const std::uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
    const std::uint8_t high = first == 0xED ? 0x9F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const std::uint8_t low = first == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
    return byte(1) >= low && byte(1) <= high && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

bool is_plain(char c) {
  return static_cast<std::uint8_t>(c) >= 0x20 && static_cast<std::uint8_t>(c) < 0x7F && c != '"' && c != '\\';
}

void append_escaped(std::string& out, std::uint8_t control) {
  out += "\\u00";
  out += hex_digits[control >> 4];
  out += hex_digits[control & 0xF];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t plain = at;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text, at, plain - at);
    at = plain;
    if (at == text.size()) break;

    const char c = text[at];
    if (static_cast<std::uint8_t>(c) >= 0x80) {
      const std::size_t length = sequence_length(text.substr(at));
      if (length == 0) {
        out += replacement;
      } else if (length == 2 && c == '\xC2' && static_cast<std::uint8_t>(text[at + 1]) < 0xA0) {
        append_escaped(out, static_cast<std::uint8_t>(text[at + 1]));  // As UTF-8, U+00XX is C2 XX.
      } else {
        out += text.substr(at, length);
      }
      at += length == 0 ? 1 : length;
      continue;
    }
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: append_escaped(out, static_cast<std::uint8_t>(c));
    }
    ++at;
  }
  out += '"';
}

}  // namespace coatcheck
