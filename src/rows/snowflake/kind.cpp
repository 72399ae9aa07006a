#include "rows/snowflake/kind.hpp"

#include <arrow/array/data.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <limits>

namespace coatcheck::rows::snowflake {
namespace {

// Snowflake's NUMBER has no more digits.
constexpr int precision_max = 38;

bool is_string(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return true;
    default: return false;
  }
}

// What rows/text writes as a key of an object.
bool is_key(const arrow::DataType& type) {
  return is_string(type) || (type.id() == arrow::Type::DICTIONARY &&
                             is_string(*static_cast<const arrow::DictionaryType&>(type).value_type()));
}

// An ENUM. Arrow cannot unpack a dictionary of views, and one of anything but strings is rare: those are variants.
bool is_enum(const arrow::DictionaryType& type) {
  return is_string(*type.value_type()) && type.value_type()->id() != arrow::Type::STRING_VIEW;
}

int decimals_of(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return 0;
    case arrow::TimeUnit::MILLI: return 3;
    case arrow::TimeUnit::MICRO: return 6;
    case arrow::TimeUnit::NANO: return 9;
  }
  return 9;
}

Shape decimal_shape(const arrow::DecimalType& type) {
  const bool is_number = type.precision() <= precision_max && type.scale() >= 0 && type.scale() <= type.precision();
  if (!is_number) return {Kind::text};
  return {Kind::fixed, type.precision(), type.scale()};
}

Shape timestamp_shape(const arrow::TimestampType& type) {
  return {type.timezone().empty() ? Kind::timestamp_ntz : Kind::timestamp_ltz, 0, decimals_of(type.unit())};
}

// A map with other keys is an array of pairs, for a JSON object has only strings.
Shape map_shape(const arrow::MapType& type) { return {is_key(*type.key_type()) ? Kind::object : Kind::array}; }

struct Bounds {
  std::int64_t low;
  std::int64_t high;
};

// DuckDB's infinities are the largest value of the type and its negative.
template <class T>
constexpr Bounds finite{-std::numeric_limits<T>::max() + 1, std::numeric_limits<T>::max() - 1};

// Days that a date32 has, in milliseconds.
constexpr std::int64_t day_milliseconds = 86'400'000;
constexpr Bounds finite_days{finite<std::int32_t>.low * day_milliseconds, finite<std::int32_t>.high* day_milliseconds};

Bounds time_of_day(arrow::TimeUnit::type unit) {
  std::int64_t end = 86'400;
  for (int i = 0; i < decimals_of(unit); ++i) end *= 10;
  return {0, end - 1};
}

// First over all values without a branch, as NULLs hold anything; only where one is outside, which is NULL matters.
template <class T>
bool has_outside(const arrow::ArrayData& data, Bounds bounds) {
  const T* values = data.GetValues<T>(1);
  const auto is_outside = [bounds](T value) { return (value < bounds.low) | (value > bounds.high); };
  bool any = false;
  for (std::int64_t row = 0; row < data.length; ++row) any |= is_outside(values[row]);
  if (!any) [[likely]]
    return false;
  for (std::int64_t row = 0; row < data.length; ++row) {
    if (is_outside(values[row]) && data.IsValid(row)) return true;
  }
  return false;
}

Error no_form(const std::string& column, std::string_view what) {
  return {
      Errc::invalid_argument,
      fmt::format("column \"{}\" holds {}, which Snowflake's protocol cannot tell: cast it to VARCHAR", column, what),
      column};
}

}  // namespace

bool Shape::has_scale() const {
  return kind == Kind::fixed || kind == Kind::time || kind == Kind::timestamp_ntz || kind == Kind::timestamp_ltz;
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::fixed: return "fixed";
    case Kind::real: return "real";
    case Kind::text: return "text";
    case Kind::boolean: return "boolean";
    case Kind::date: return "date";
    case Kind::time: return "time";
    case Kind::timestamp_ntz: return "timestamp_ntz";
    case Kind::timestamp_ltz: return "timestamp_ltz";
    case Kind::binary: return "binary";
    case Kind::variant: return "variant";
    case Kind::array: return "array";
    case Kind::object: return "object";
  }
  return "text";
}

Shape shape_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL: return {Kind::boolean};
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64: return {Kind::fixed, precision_max, 0};
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: return decimal_shape(static_cast<const arrow::DecimalType&>(type));
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE: return {Kind::real};
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY: return {Kind::binary};
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: return {Kind::date};
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return {Kind::time, 0, decimals_of(static_cast<const arrow::TimeType&>(type).unit())};
    case arrow::Type::TIMESTAMP: return timestamp_shape(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST: return {Kind::array};
    case arrow::Type::STRUCT: return {Kind::object};
    case arrow::Type::MAP: return map_shape(static_cast<const arrow::MapType&>(type));
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION:
    case arrow::Type::RUN_END_ENCODED: return {Kind::variant};
    case arrow::Type::DICTIONARY:
      return {is_enum(static_cast<const arrow::DictionaryType&>(type)) ? Kind::text : Kind::variant};
    // Text that calls itself JSON (arrow.json) stays text: Snowflake's Node driver runs a variant that is not JSON
    // as JavaScript, so variants are only what our own encoder wrote.
    case arrow::Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(type);
      return extension.extension_name() == "arrow.uuid" ? Shape{Kind::text} : shape_of(*extension.storage_type());
    }
    default: return {Kind::text};
  }
}

std::shared_ptr<arrow::DataType> plain_type(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() != arrow::Type::EXTENSION) return type;
  const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
  return extension.extension_name() == "arrow.uuid" ? type : plain_type(extension.storage_type());
}

Result<void> check_moments(const arrow::ArrayData& data, const std::string& column) {
  switch (data.type->id()) {
    case arrow::Type::DATE32:
      if (has_outside<std::int32_t>(data, finite<std::int32_t>)) return no_form(column, "an infinite date");
      break;
    case arrow::Type::DATE64:
      if (has_outside<std::int64_t>(data, finite_days)) return no_form(column, "an infinite date");
      break;
    case arrow::Type::TIMESTAMP:
      if (has_outside<std::int64_t>(data, finite<std::int64_t>)) return no_form(column, "an infinite timestamp");
      break;
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: {
      const Bounds bounds = time_of_day(static_cast<const arrow::TimeType&>(*data.type).unit());
      const bool is_narrow = data.type->id() == arrow::Type::TIME32;
      if (is_narrow ? has_outside<std::int32_t>(data, bounds) : has_outside<std::int64_t>(data, bounds)) {
        return no_form(column, "a time of 24:00:00 or more");
      }
      break;
    }
    default: break;
  }
  return Result<void>::ok();
}

Error in_column(const std::string& column, const Error& error) {
  return {error.code, fmt::format("column \"{}\": {}", column, error.message), column};
}

}  // namespace coatcheck::rows::snowflake
