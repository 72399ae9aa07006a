#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "rows/text/column.hpp"

namespace coatcheck::rows {

// Stands in for a column of a type that a format has no place for: an interval as its ISO 8601 text, anything
// else as its JSON text. NULL stays NULL.
class TextColumn {
 public:
  static Result<TextColumn> create(const arrow::DataType& type);
  // In the style that the caller chooses: JSON text, or the text of a CSV field.
  static Result<TextColumn> create(const arrow::DataType& type, text::Style style);

  // Returns the values as strings. Errc::corrupt if one lies outside its buffers, Errc::resource_exhausted if
  // together they take 2 GiB or more.
  Result<std::shared_ptr<arrow::Array>> convert(const arrow::ArrayData& data);

 private:
  TextColumn(text::Column column, text::Style style);

  text::Column column_;
  text::Style style_;
  text::Scratch scratch_;
};

}  // namespace coatcheck::rows
