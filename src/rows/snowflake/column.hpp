#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rows/batch.hpp"

namespace coatcheck::rows::snowflake {

// One column of a result as Snowflake's clients are told of it: an entry of `rowtype` in the drivers' protocol
// and of `resultSetMetaData.rowType` in the SQL API (its OpenAPI description, `sqlapi.yaml`). What has no value
// is null there.
struct Column {
  std::string name;
  // "fixed", "real", "text", "boolean", "date", "time", "timestamp_ntz", "timestamp_ltz", "binary", "variant",
  // "array" or "object", in small letters as Snowflake answers.
  std::string type;
  // Digits in all and after the point, of a fixed. Of times of day and timestamps the precision is 0 and the
  // scale the number of digits after the second. Others have neither.
  std::optional<int> precision = {};
  std::optional<int> scale = {};
  // The most characters and bytes of a text or a binary, which are Snowflake's own limits. Others have neither.
  std::optional<std::int64_t> length = {};
  std::optional<std::int64_t> byte_length = {};
  bool nullable = true;

  bool operator==(const Column&) const = default;
};

// Returns the columns, named by rows::unique_names(), in the types of docs/snowflake-types.md. Never fails: what
// Snowflake has no type for is text or variant. Values written by the encoders of encoders.hpp fit these.
std::vector<Column> describe(const Schema& schema);

}  // namespace coatcheck::rows::snowflake
