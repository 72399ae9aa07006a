#include "rows/text/column.hpp"

#include <arrow/array/data.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>

#include "rows/text/binding.hpp"

namespace coatcheck::rows::text {
namespace {

constexpr int depth_max = 64;

// A value of the null type is always null.
char* write_nothing(Column&, std::int64_t, char* at, Scratch&) { return at; }
char* write_null(Column&, std::int64_t, char* at, Scratch&) {
  std::memcpy(at, "null", 4);
  return at + 4;
}

}  // namespace

Result<Column> make_column(const arrow::DataType& type, Style style, int depth) {
  if (depth > depth_max) return Error{Errc::invalid_argument, "the type is nested too deeply"};
  if (type.id() == arrow::Type::EXTENSION) {
    const auto& extension = static_cast<const arrow::ExtensionType&>(type);
    const bool is_uuid = extension.extension_name() == "arrow.uuid";
    Result<Column> column = make_column(*extension.storage_type(), style, depth + 1);
    if (column && is_uuid && column->width == 16) make_uuid(*column, style);
    return column;
  }
  Column column;
  if (type.id() == arrow::Type::NA) {
    column.write = style == Style::json ? write_null : write_nothing;
    column.bind_buffers = bind_nothing;
    column.bound = 4;
    return column;
  }
  if (make_number(column, type, style) || make_moment(column, type, style) || make_string(column, type, style)) {
    return column;
  }
  Result<bool> nested = make_nested(column, type, style, depth);
  if (!nested) return std::move(nested).error();
  if (*nested) return column;
  return Error{Errc::invalid_argument, "values of type " + type.ToString() + " cannot be written as text"};
}

void bind(Column& column, const arrow::ArrayData& data) {
  column.data = &data;
  column.base = data.offset;
  column.validity_offset = data.offset;
  const bool has_bitmap = !data.buffers.empty() && data.buffers[0] != nullptr && data.GetNullCount() > 0;
  column.validity = has_bitmap ? data.buffers[0]->data() : nullptr;
  column.bind_buffers(column, data);
}

}  // namespace coatcheck::rows::text
