#include "client/width.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "client/width_tables.hpp"

namespace coatcheck::client {

namespace {

constexpr char32_t replacement = 0xFFFD;
constexpr std::string_view replacement_bytes = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "…";

bool is_in(std::span<const Span> spans, char32_t point) {
  const auto after =
      std::upper_bound(spans.begin(), spans.end(), point, [](char32_t p, const Span& span) { return p < span.first; });
  return after != spans.begin() && point <= std::prev(after)->last;
}

std::size_t width_of(char32_t point) {
  if (point < 0x300) return 1;
  if (is_in(zero_width_points(), point)) return 0;
  return is_in(wide_points(), point) ? 2 : 1;
}

// Characters that a terminal obeys instead of showing, or that make text look like other text.
bool is_treacherous(char32_t point) {
  return (point >= 0x80 && point < 0xA0) || point == 0xAD || point == 0x61C || (point >= 0x200B && point <= 0x200C) ||
         point == 0x200E || point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
         (point >= 0xE0000 && point <= 0xE007F);
}

// U+2400 and the 32 that follow are pictures of the control characters.
std::string picture(char32_t control) {
  if (control == 0x7F) return "␡";
  std::string bytes = "\xE2\x90\x80";
  bytes.back() = static_cast<char>(0x80 + control);
  return bytes;
}

void append_visible(std::string& out, std::string_view bytes, char32_t point) {
  if (point < 0x20 || point == 0x7F) {
    out += picture(point);
  } else if (point == replacement) {
    out += replacement_bytes;
  } else if (is_treacherous(point)) {
    out += fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(point));
  } else {
    out += bytes;
  }
}

}  // namespace

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return {static_cast<char32_t>(first), 1};
  const std::size_t length = first >= 0xF0 && first <= 0xF4 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return {replacement, 1};
  char32_t point = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {replacement, 1};
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  if (overlong || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return {replacement, 1};
  return {point, length};
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += width_of(character.point);
    text.remove_prefix(character.bytes);
  }
  return width;
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    append_visible(out, text.substr(0, character.bytes), character.point);
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string visible_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.point == '\n') {
      out += '\n';
    } else if (character.point == '\t') {
      out += "    ";
    } else if (character.point != '\r') {
      append_visible(out, text.substr(0, character.bytes), character.point);
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::string cut(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t bytes = 0;
  std::size_t bytes_with_ellipsis = 0;  // As much as leaves one column.
  while (bytes < text.size()) {
    const Character character = first_character(text.substr(bytes));
    used += width_of(character.point);
    if (used > width)
      return width == 0 ? std::string() : std::string(text.substr(0, bytes_with_ellipsis)).append(ellipsis);
    bytes += character.bytes;
    if (used < width) bytes_with_ellipsis = bytes;
  }
  return std::string(text);
}

std::string padded(std::string_view text, std::size_t width, Align align) {
  std::string shown = cut(text, width);
  const std::string fill(width - display_width(shown), ' ');
  return align == Align::left ? shown + fill : fill + shown;
}

}  // namespace coatcheck::client
