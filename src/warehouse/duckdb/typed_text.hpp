#pragma once

#include <duckdb.h>

#include <optional>
#include <span>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

// Has DuckDB read the text of a parameter that names a type and is not NULL, exactly in that type. A failure says what
// is wrong with it.
Result<Value, Failure> read_typed(duckdb_connection connection, const Parameter& parameter);

// The same for at least one parameter, all of the same type, in one go. Nothing if any of them cannot be read.
std::optional<std::vector<Value>> read_typed(duckdb_connection connection,
                                             std::span<const Parameter* const> parameters);

}  // namespace coatcheck::warehouse::duckdb
