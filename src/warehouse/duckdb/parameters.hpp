#pragma once

#include <duckdb.h>

#include <cstddef>
#include <optional>
#include <span>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

// Binds every parameter, exactly in the type it names. Returns what is wrong with them, or nothing.
std::optional<Failure> bind_parameters(duckdb_connection connection, duckdb_prepared_statement prepared,
                                       std::span<const Parameter> parameters);

// What follows are its parts, for who binds one statement many times.

// Whether the value is a text that has to be read as the type it names (which is not `loose_text`).
bool is_typed(const Parameter& parameter);

// The value of one that is not.
Value untyped_value(const Parameter& parameter);

// The value of the parameter at this place, from 0, of a statement.
Result<Value, Failure> bound_value(duckdb_connection connection, const Parameter& parameter, std::size_t place);

Failure cannot_be_bound(const Parameter& parameter, std::size_t place);

}  // namespace coatcheck::warehouse::duckdb
