#pragma once

#include <string_view>

#include "base/statement.hpp"

namespace coatcheck::warehouse::trino {

// Returns the statement without the semicolons and white space behind it; Trino takes a semicolon for a mistake. What
// is left begins where the statement does, so places in one are places in the other.
std::string_view bare_statement(std::string_view text);

// Says what a statement is, as far as Trino's grammar settles it by the words alone: `read` for a query (SELECT, WITH,
// VALUES, TABLE, in parentheses or not), SHOW, DESCRIBE, and EXPLAIN without ANALYZE; else `unknown`.
//
// A query that calls a table function (TABLE(…), which may hand text to another database) or brings functions of its
// own (WITH FUNCTION) is `unknown`, too.
StatementKind kind_by_grammar(std::string_view text);

}  // namespace coatcheck::warehouse::trino
