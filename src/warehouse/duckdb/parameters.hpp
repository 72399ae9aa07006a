#pragma once

#include <duckdb.h>

#include <optional>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"

namespace coatcheck::warehouse::duckdb {

// Binds every parameter, exactly in the type it names. Returns what is wrong with them, or nothing.
std::optional<Failure> bind_parameters(duckdb_connection connection, duckdb_prepared_statement prepared,
                                       const std::vector<Parameter>& parameters);

}  // namespace coatcheck::warehouse::duckdb
