#include "rows/snowflake/column.hpp"

#include <arrow/type.h>

#include "rows/names.hpp"
#include "rows/snowflake/kind.hpp"

namespace coatcheck::rows::snowflake {
namespace {

// What VARCHAR and BINARY hold in Snowflake if nothing else is said: 16 MiB, and half of it for binaries.
constexpr std::int64_t text_bytes = 16'777'216;
constexpr std::int64_t binary_bytes = 8'388'608;

Column describe(const arrow::Field& field) {
  const Shape shape = shape_of(*field.type());
  Column column{.name = field.name(), .type = std::string(to_string(shape.kind)), .nullable = field.nullable()};
  if (shape.has_scale()) {
    column.precision = shape.precision;
    column.scale = shape.scale;
  }
  if (shape.kind == Kind::text) column.length = column.byte_length = text_bytes;
  if (shape.kind == Kind::binary) column.length = column.byte_length = binary_bytes;
  return column;
}

}  // namespace

std::vector<Column> describe(const Schema& schema) {
  std::vector<Column> columns;
  const Schema unique = with_unique_names(schema);
  for (const auto& field : unique->fields()) columns.push_back(describe(*field));
  return columns;
}

}  // namespace coatcheck::rows::snowflake
