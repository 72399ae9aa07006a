#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rows/batch.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse::snowflake {

// How the values of a column are written.
enum class Kind {
  fixed,
  real,
  text,  // Also all that Snowflake itself writes as text: variant, object, array, geography, …
  boolean,
  binary,
  date,
  time,
  instant,       // timestamp_ntz, timestamp_ltz: seconds since 1970.
  zoned_instant  // timestamp_tz: the same with an offset.
};

// An entry of `rowType`, as it was read.
struct ColumnSaid {
  std::string name;
  std::string type;
  std::int64_t precision = 38;
  std::int64_t scale = 0;
};

struct Column {
  std::string name;
  std::string type;  // In Snowflake's words, with its numbers: "number(10,2)".
  Kind kind = Kind::text;
  bool is_cut = false;  // Decimals of a timestamp beyond its unit are cut off, not refused.
};

// The columns of a result.
struct Columns {
  std::vector<Column> columns;
  rows::Schema schema;
};

// Fails if a column has numbers that no column of its type has. Timestamps of a scale of 7 to 9 are nanoseconds.
Outcome<std::shared_ptr<const Columns>> read_columns(const std::vector<ColumnSaid>& said);

}  // namespace coatcheck::warehouse::snowflake
