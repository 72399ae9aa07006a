#pragma once

#include <duckdb.h>

#include <optional>
#include <string_view>

#include "base/failure.hpp"
#include "base/result.hpp"

namespace coatcheck::warehouse::duckdb {

// Takes the functions that no client may call out of the engine, for good and for all connections, so that no
// text, macro or view of any spelling can reach them. Done once, after the engine is set up.
Result<void> remove_functions(duckdb_connection connection);

// If the words of an error say that such a function does not exist: that it is not allowed. Else nothing.
std::optional<Failure> refused_function(std::string_view words);

}  // namespace coatcheck::warehouse::duckdb
