#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "api/snowflake/errors.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"

namespace boost::json {
class value;
}

namespace coatcheck::api::snowflake {

// The values bound to a statement, as coatcheck::Statement has them: those of one run, or rows when values were arrays
// of more than one ("array binding").
struct Bindings {
  std::vector<Parameter> parameters;
  ParameterRows rows;

  bool empty() const { return parameters.empty() && rows.empty(); }
};

// A statement's body that is longer than this as it was sent is read on a thread: arrays of values take their time.
inline constexpr std::size_t body_bytes_on_loop = std::size_t{8} << 10;

inline constexpr std::size_t binding_columns_max = 10'000;  // And no more than parameter_cells_max values.

// Reads the member `bindings` of a request, {"1": {"type": "FIXED", "value": "123"}, …}; null is none. Names are
// positions from 1, without gaps, or other names, all of one kind. Parameters have the type in which DuckDB reads
// the text so that the value arrives exactly: FIXED as the smallest of BIGINT, HUGEINT, DECIMAL(p,s) that holds it,
// TIMESTAMP_NTZ as TIMESTAMP, or TIMESTAMP_NS where it has nanoseconds. TEXT in several rows is loose_text.
//
// 100037/22018 for a value that is none of its type, or a type that does not exist; 390142 for what has not this form
// or is more than the limits.
Result<Bindings, SnowflakeError> read_bindings(const boost::json::value& bindings);

}  // namespace coatcheck::api::snowflake
