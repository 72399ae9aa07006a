#include "rows/snowflake/arrow_column.hpp"

#include <arrow/array/array_base.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>
#include <arrow/type.h>

#include <utility>

namespace coatcheck::rows::snowflake {
namespace {

// Unsigned integers take the next wider signed type. No decimal is scaled into an integer, though the drivers know
// that too: all of them read decimal128.
std::shared_ptr<arrow::DataType> fixed_target(const arrow::DataType& type, const Shape& shape) {
  switch (type.id()) {
    case arrow::Type::INT8: return arrow::int8();
    case arrow::Type::INT16:
    case arrow::Type::UINT8: return arrow::int16();
    case arrow::Type::INT32:
    case arrow::Type::UINT16: return arrow::int32();
    case arrow::Type::INT64:
    case arrow::Type::UINT32: return arrow::int64();
    default: return arrow::decimal128(shape.precision, shape.scale);
  }
}

std::shared_ptr<arrow::DataType> target_of(const arrow::DataType& type, const Shape& shape) {
  switch (shape.kind) {
    case Kind::fixed: return fixed_target(type, shape);
    case Kind::real: return arrow::float64();
    case Kind::boolean: return arrow::boolean();
    case Kind::date: return arrow::date32();
    case Kind::time: return type.id() == arrow::Type::TIME32 ? arrow::int32() : arrow::int64();
    case Kind::timestamp_ntz:
    case Kind::timestamp_ltz: return arrow::int64();
    case Kind::binary: return arrow::binary();
    case Kind::text:
    case Kind::variant:
    case Kind::array:
    case Kind::object: return arrow::utf8();
  }
  return arrow::utf8();
}

// What is text without being a string is written by the writers of rows/text.
bool is_written(const arrow::DataType& type, Kind kind) {
  if (kind == Kind::variant || kind == Kind::array || kind == Kind::object) return true;
  if (kind != Kind::text) return false;
  switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::DICTIONARY: return false;
    default: return true;
  }
}

// Whether values of both types lie in memory alike. Moments count in the units of their scale already.
bool is_same_layout(const arrow::DataType& type, const arrow::DataType& target, Kind kind) {
  return kind == Kind::time || kind == Kind::timestamp_ntz || kind == Kind::timestamp_ltz || type.Equals(target);
}

}  // namespace

Result<ArrowColumn> ArrowColumn::writing(const std::shared_ptr<arrow::DataType>& plain, Kind kind) {
  const text::Style style = kind == Kind::text ? text::Style::csv : text::Style::json;
  Result<TextColumn> text = TextColumn::create(*plain, style);
  if (!text) return std::move(text).error();
  ArrowColumn column(Step::write, plain, arrow::utf8());
  column.text_ = std::move(*text);
  return column;
}

Result<ArrowColumn> ArrowColumn::create(const std::shared_ptr<arrow::DataType>& type) {
  const auto plain = plain_type(type);
  const Shape shape = shape_of(*plain);
  if (is_written(*plain, shape.kind)) return writing(plain, shape.kind);
  auto target = target_of(*plain, shape);
  const Step step = is_same_layout(*plain, *target, shape.kind) ? Step::relabel : Step::cast;
  return ArrowColumn(step, plain, std::move(target));
}

Result<std::shared_ptr<arrow::ArrayData>> ArrowColumn::convert(const arrow::ArrayData& data) {
  auto plain = data.Copy();
  if (step_ == Step::relabel) {
    plain->type = target_;
    return plain;
  }
  plain->type = plain_;
  if (step_ == Step::write) {
    Result<std::shared_ptr<arrow::Array>> written = text_->convert(*plain);
    if (!written) return std::move(written).error();
    return (*written)->data();
  }
  // Arrow's casts take indices and offsets as they are.
  if (const arrow::Status valid = arrow::MakeArray(plain)->ValidateFull(); !valid.ok()) {
    return Error{Errc::corrupt, "a value of a batch lies outside its buffers: " + valid.message()};
  }
  auto cast = arrow::compute::Cast(arrow::Datum(std::move(plain)), target_);
  if (!cast.ok()) {
    const bool is_memory = cast.status().IsOutOfMemory() || cast.status().IsCapacityError();
    return Error{is_memory ? Errc::resource_exhausted : Errc::corrupt,
                 "values for Snowflake: " + cast.status().message()};
  }
  return cast->array();
}

}  // namespace coatcheck::rows::snowflake
