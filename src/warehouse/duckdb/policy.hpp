#pragma once

#include <duckdb.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "base/statement.hpp"

namespace coatcheck::warehouse::duckdb {

// Why the text may not even be parsed, or nothing: it names a function that reaches other principals' SQL or
// the engine's configuration in spite of the lock, or one that would run SQL that cannot be seen here.
//
// Looks at the bare text, strings and comments included, so it refuses a little too much, and never depends on
// how DuckDB takes the text apart.
std::optional<Failure> refuse_text(std::string_view text);

// Why a statement of this type may not run, or nothing. `first_column` is the name of its first result column.
std::optional<Failure> refuse_type(duckdb_statement_type type, std::string_view first_column);

// Whether it changes anything, from its type and text alone.
StatementKind kind_of(duckdb_statement_type type, std::string_view text);

// Returns the statement that an EXPLAIN explains, nothing if the text is not plainly one. Begins with a space
// for every byte cut off, so that positions in it are positions in `text`.
std::optional<std::string> explained(std::string_view text);

bool contains_ignoring_case(std::string_view text, std::string_view lower_word);

}  // namespace coatcheck::warehouse::duckdb
