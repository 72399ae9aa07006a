#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "client/rows_reader.hpp"
#include "client/terminal.hpp"

namespace coatcheck::client {

inline constexpr std::size_t unlimited_width = std::numeric_limits<std::size_t>::max();

struct Table {
  std::string text;
  std::size_t hidden_columns = 0;  // That found no room.
};

// Draws the rows as a table with column names and types over it, `width` columns wide at most. NULL stands
// bare (dimmed, with colours), and a text that reads NULL in quotes. Texts are cut before numbers are.
Table draw_table(const Rows& rows, std::size_t width, Style style);

// How wide the columns become: each gets its natural width, or else the wide ones are cut to the same width, but
// none below its `floor`. Fewer widths than columns come back if there is no room for all.
struct ColumnWidth {
  std::size_t natural;
  std::size_t floor;
};
std::vector<std::size_t> fit_columns(const std::vector<ColumnWidth>& columns, std::size_t width);

}  // namespace coatcheck::client
