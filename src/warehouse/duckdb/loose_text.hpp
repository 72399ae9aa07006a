#pragma once

#include <duckdb.h>

#include <optional>

#include "base/statement.hpp"

namespace coatcheck::warehouse::duckdb {

// What a parameter of type `loose_text` is where a value of type `expected` is expected. Nothing if it is of another
// type, or NULL.
//
// How large a number of seconds may be is Snowflake's rule, but that for a date whole days in milliseconds are that,
// however few: so Snowflake's Python driver sends dates. A time of day counts from midnight, in nanoseconds if it is
// past the seconds of a day.
std::optional<Parameter> settled(const Parameter& parameter, duckdb_type expected);

}  // namespace coatcheck::warehouse::duckdb
