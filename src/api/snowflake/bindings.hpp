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

// The values bound to a statement: one row of them, or many when values were arrays ("array binding"): then the
// statement runs once for each row. No rows if nothing is bound.
struct Bindings {
  std::vector<std::vector<Parameter>> rows;
  bool is_array = false;
};

inline constexpr std::size_t bindings_values_max = 200'000;
inline constexpr std::size_t binding_columns_max = 10'000;

// Reads the member `bindings` of a request, {"1": {"type": "FIXED", "value": "123"}, …}; null is none. Names are
// positions from 1, without gaps, or other names, all of one kind. Parameters have the type in which DuckDB reads
// the text so that the value arrives exactly: FIXED as the smallest of BIGINT, HUGEINT, DECIMAL(p,s) that holds it,
// TIMESTAMP_NTZ as TIMESTAMP, or TIMESTAMP_NS where it has nanoseconds.
//
// 100037/22018 for a value that is none of its type, or a type that does not exist; 390142 for what has not this form
// or is more than the limits.
Result<Bindings, SnowflakeError> read_bindings(const boost::json::value& bindings);

}  // namespace coatcheck::api::snowflake
