#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coatcheck::client {

// Columns that the text takes on a terminal: two for East Asian wide characters, none for combining ones.
// For text that visible() has been over.
std::size_t display_width(std::string_view text);

// Returns the text as a terminal may be given it, on one line: control characters as pictures ("␊", "␛"),
// characters that turn the direction of writing as "<U+202E>", and what is not UTF-8 as U+FFFD.
std::string visible(std::string_view text);

// The same, but line feeds stay as they are and tabs become spaces: for messages of several lines.
std::string visible_lines(std::string_view text);

// Returns the text if it fits, else its beginning and "…", `width` columns at most.
std::string cut(std::string_view text, std::size_t width);

enum class Align { left, right };

// Returns the text, cut and filled up to exactly `width` columns.
std::string padded(std::string_view text, std::size_t width, Align align);

// The bytes of the character that `text` begins with: its length, and its code point. Malformed: one byte,
// and U+FFFD. `text` is not empty.
struct Character {
  char32_t point;
  std::size_t bytes;
};
Character first_character(std::string_view text);

}  // namespace coatcheck::client
