#pragma once

#include <string_view>

#include "base/failure.hpp"

namespace coatcheck::warehouse::duckdb {

// Reads DuckDB's words ("Binder Error: … LINE 1: … ^") as a failure of `statement`: its class of error, what
// it said, and where, if the caret can be traced to one byte of the statement.
Failure read_error(std::string_view words, std::string_view statement);

Failure statement_failure(std::string_view sqlstate, std::string_view message);
Failure canceled_failure();
Failure not_allowed(std::string_view message);

}  // namespace coatcheck::warehouse::duckdb
