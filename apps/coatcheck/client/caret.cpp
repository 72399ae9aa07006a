#include "client/caret.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "client/width.hpp"

namespace coatcheck::client {

namespace {

// Where `column` columns of visible text end, in bytes.
std::size_t bytes_of_columns(std::string_view text, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const Character character = first_character(text.substr(bytes));
    used += display_width(text.substr(bytes, character.bytes));
    if (used > columns) break;
    bytes += character.bytes;
  }
  return bytes;
}

// As one line, so that each tab is as wide as in the line and under it.
std::string shown(std::string_view text) {
  std::string spaced;
  for (const char c : text) {
    if (c == '\t') {
      spaced += "    ";
    } else if (c != '\r') {
      spaced += c;
    }
  }
  return visible(spaced);
}

}  // namespace

std::string caret_excerpt(std::string_view statement, std::uint64_t position, std::size_t width, Style style) {
  std::size_t at = static_cast<std::size_t>(std::min<std::uint64_t>(position, statement.size()));
  while (at > 0 && at < statement.size() && (static_cast<unsigned char>(statement[at]) & 0xC0U) == 0x80) --at;

  const std::size_t before = at == 0 ? std::string_view::npos : statement.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = statement.substr(begin, statement.find('\n', begin) - begin);
  const auto number = 1 + std::count(statement.begin(), statement.begin() + static_cast<std::ptrdiff_t>(begin), '\n');

  std::string left = shown(line.substr(0, at - begin));
  std::string right = shown(line.substr(at - begin));
  const std::string margin = fmt::format("{:>4} ", number);
  const std::size_t room = std::max<std::size_t>(width, margin.size() + 2 + 16) - margin.size() - 2;

  // Two thirds of the room for what comes before the place: that is where the mistake began.
  if (display_width(left) + std::min<std::size_t>(display_width(right), room / 3) > room) {
    const std::size_t kept = room - room / 3 - 1;
    const std::size_t dropped = display_width(left) > kept ? display_width(left) - kept : 0;
    left = "…" + left.substr(bytes_of_columns(left, dropped));
  }
  right = cut(right, room - std::min(room, display_width(left)));

  return style.dim(margin + "│ ") + left + right + "\n" + style.dim(std::string(margin.size(), ' ') + "│ ") +
         std::string(display_width(left), ' ') + style.red("^") + "\n";
}

}  // namespace coatcheck::client
