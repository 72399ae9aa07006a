#pragma once

#include <cstddef>
#include <string>

#include "base/clock.hpp"
#include "client/query_view.hpp"
#include "client/terminal.hpp"

namespace coatcheck::client {

// The head of the history's table, and one line of it: id, status, submitted, duration, rows, statement. The
// statement is cut so that the line takes `width` columns, and a narrow
// terminal does without the time and the rows.
std::string history_head(std::size_t width, Style style);
std::string history_line(const QueryView& query, Timestamp now, std::size_t width, Style style);

}  // namespace coatcheck::client
