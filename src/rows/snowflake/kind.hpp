#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

// What the encoders and describe() share, so that they cannot disagree. Not for others.
namespace coatcheck::rows::snowflake {

// Snowflake's types as far as results have them.
enum class Kind : std::uint8_t {
  fixed,
  real,
  text,
  boolean,
  date,
  time,
  timestamp_ntz,  // Without a zone.
  timestamp_ltz,  // An instant, shown in the session's zone.
  binary,
  variant,
  array,
  object,
};

struct Shape {
  Kind kind = Kind::text;
  int precision = 0;  // Of a fixed.
  int scale = 0;      // Of a fixed, a time or a timestamp.

  bool has_scale() const;
};

// Returns the enumerator's spelling.
std::string_view to_string(Kind kind);

Shape shape_of(const arrow::DataType& type);

// Returns what lies under an extension type, or the type itself. A UUID's is kept, for it is not binary.
std::shared_ptr<arrow::DataType> plain_type(const std::shared_ptr<arrow::DataType>& type);

// Refuses moments that Snowflake's protocols have no form for; see encoders.hpp. `data` is of the plain type.
Result<void> check_moments(const arrow::ArrayData& data, const std::string& column);

// Returns the error with the column's name before the message, and as its field.
Error in_column(const std::string& column, const Error& error);

}  // namespace coatcheck::rows::snowflake
