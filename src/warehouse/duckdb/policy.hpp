#pragma once

#include <string>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"

namespace coatcheck::warehouse::duckdb {

// Decides by DuckDB's own parser whether the text is one statement that may run, before anything is bound:
// binding already makes a directory (EXPORT DATABASE), reads files (IMPORT DATABASE) or starts logging.
//
// What a statement may call is not decided here: functions that nobody may call are not there at all
// (removed_functions.hpp).
struct Allowed {
  StatementKind kind;     // Whether it changes anything, from its type and text alone.
  bool is_count = false;  // An INSERT, UPDATE, DELETE or MERGE that yields nothing but how many rows it changed.
};
Result<Allowed, Failure> check_statement(const std::string& text);

bool contains_ignoring_case(std::string_view text, std::string_view lower_word);

}  // namespace coatcheck::warehouse::duckdb
