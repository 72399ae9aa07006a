#include "rows/text_column.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <string_view>
#include <utility>

namespace coatcheck::rows {

using text::Style;

Result<TextColumn> TextColumn::create(const arrow::DataType& type) {
  return create(type, arrow::is_interval(type.id()) ? Style::csv : Style::json);
}

Result<TextColumn> TextColumn::create(const arrow::DataType& type, Style style) {
  Result<text::Column> column = text::make_column(type, style);
  if (!column) return std::move(column).error();
  return TextColumn(std::move(*column), style);
}

TextColumn::TextColumn(text::Column column, Style style)
    : column_(std::move(column)), style_(style), scratch_(column_.bound) {}

Result<std::shared_ptr<arrow::Array>> TextColumn::convert(const arrow::ArrayData& data) {
  text::bind(column_, data);
  arrow::StringBuilder builder;
  for (std::int64_t row = 0; row < data.length; ++row) {
    char* const at = scratch_.begin();
    const char* const end = style_ == Style::csv ? text::write_value<Style::csv>(column_, row, at, scratch_)
                                                 : text::write_value<Style::json>(column_, row, at, scratch_);
    const std::string_view value(scratch_.begin(), static_cast<std::size_t>(end - scratch_.begin()));
    const bool is_null = value.empty() || value == "null";
    const arrow::Status added = is_null ? builder.AppendNull() : builder.Append(value);
    if (!added.ok()) return Error{Errc::resource_exhausted, "values as text: " + added.message()};
  }
  if (scratch_.is_corrupt()) return Error{Errc::corrupt, "a value of a batch lies outside its buffers"};
  auto values = builder.Finish();
  if (!values.ok()) return Error{Errc::resource_exhausted, "values as text: " + values.status().message()};
  return *std::move(values);
}

}  // namespace coatcheck::rows
