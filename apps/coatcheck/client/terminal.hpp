#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace coatcheck::client {

// How text may be dressed. Every function returns the text as it is where colours are off.
struct Style {
  bool colours = false;

  std::string bold(std::string_view text) const;
  std::string dim(std::string_view text) const;
  std::string red(std::string_view text) const;
  std::string green(std::string_view text) const;
  std::string yellow(std::string_view text) const;
};

// Where one of the process's streams leads.
struct Stream {
  bool is_terminal = false;
  std::size_t width = 80;  // Columns, of a terminal.
  Style style = {};
};

// `descriptor` is 1 or 2. Colours are on for a terminal unless NO_COLOR or TERM=dumb says otherwise.
Stream look_at(int descriptor);

// Write all, and ignore a reader that has gone.
void print(std::string_view text);
void print_error(std::string_view text);

// From here on Ctrl-C and SIGTERM only set a flag, once; the second one ends the process.
void catch_interrupts();
bool is_interrupted();

}  // namespace coatcheck::client
