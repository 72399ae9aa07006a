#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "rows/snowflake/kind.hpp"
#include "rows/text_column.hpp"

namespace coatcheck::rows::snowflake {

// Turns the arrays of a column into the type that Snowflake's drivers expect of its kind, without a copy
// where only the type's name differs. Slices stay slices.
class ArrowColumn {
 public:
  // Errc::invalid_argument for a type nested too deeply.
  static Result<ArrowColumn> create(const std::shared_ptr<arrow::DataType>& type);

  // What convert() returns: int8 to int64, decimal128, double, utf8, bool, date32, or binary.
  const std::shared_ptr<arrow::DataType>& type() const { return target_; }

  // `data` is of the type given to create(). Errc::corrupt if a value lies outside its buffers,
  // Errc::resource_exhausted if the values together take 2 GiB or more.
  Result<std::shared_ptr<arrow::ArrayData>> convert(const arrow::ArrayData& data);

 private:
  enum class Step : std::uint8_t { relabel, cast, write };

  ArrowColumn(Step step, std::shared_ptr<arrow::DataType> plain, std::shared_ptr<arrow::DataType> target)
      : step_(step), plain_(std::move(plain)), target_(std::move(target)) {}
  static Result<ArrowColumn> writing(const std::shared_ptr<arrow::DataType>& plain, Kind kind);

  Step step_;
  std::shared_ptr<arrow::DataType> plain_;
  std::shared_ptr<arrow::DataType> target_;
  std::optional<TextColumn> text_;
};

}  // namespace coatcheck::rows::snowflake
