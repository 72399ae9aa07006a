#include "rows/sql_type.hpp"

#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <fmt/format.h>

namespace coatcheck::rows {
namespace {

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

std::string with_members(const char* word, const arrow::DataType& type) {
  std::string text = word;
  text += '(';
  for (int i = 0; i < type.num_fields(); ++i) {
    if (i > 0) text += ", ";
    text += quoted(type.field(i)->name()) + ' ' + sql_type_name(*type.field(i)->type());
  }
  return text + ')';
}

std::string timestamp_name(const arrow::TimestampType& type) {
  if (!type.timezone().empty()) return "TIMESTAMP WITH TIME ZONE";
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND: return "TIMESTAMP_S";
    case arrow::TimeUnit::MILLI: return "TIMESTAMP_MS";
    case arrow::TimeUnit::MICRO: return "TIMESTAMP";
    case arrow::TimeUnit::NANO: return "TIMESTAMP_NS";
  }
  return "TIMESTAMP";
}

std::string extension_name(const arrow::ExtensionType& type) {
  if (type.extension_name() == "arrow.uuid") return "UUID";
  if (type.extension_name() == "arrow.json") return "JSON";
  return sql_type_name(*type.storage_type());
}

}  // namespace

std::string sql_type_name(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA: return "\"NULL\"";
    case arrow::Type::BOOL: return "BOOLEAN";
    case arrow::Type::INT8: return "TINYINT";
    case arrow::Type::INT16: return "SMALLINT";
    case arrow::Type::INT32: return "INTEGER";
    case arrow::Type::INT64: return "BIGINT";
    case arrow::Type::UINT8: return "UTINYINT";
    case arrow::Type::UINT16: return "USMALLINT";
    case arrow::Type::UINT32: return "UINTEGER";
    case arrow::Type::UINT64: return "UBIGINT";
    case arrow::Type::HALF_FLOAT:
    case arrow::Type::FLOAT: return "FLOAT";
    case arrow::Type::DOUBLE: return "DOUBLE";
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return fmt::format("DECIMAL({},{})", decimal.precision(), decimal.scale());
    }
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW: return "VARCHAR";
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY: return "BLOB";
    case arrow::Type::DATE32:
    case arrow::Type::DATE64: return "DATE";
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: return "TIME";
    case arrow::Type::TIMESTAMP: return timestamp_name(static_cast<const arrow::TimestampType&>(type));
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return "INTERVAL";
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW: return sql_type_name(*type.field(0)->type()) + "[]";
    case arrow::Type::FIXED_SIZE_LIST:
      return fmt::format("{}[{}]", sql_type_name(*type.field(0)->type()),
                         static_cast<const arrow::FixedSizeListType&>(type).list_size());
    case arrow::Type::STRUCT: return with_members("STRUCT", type);
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION: return with_members("UNION", type);
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return fmt::format("MAP({}, {})", sql_type_name(*map.key_type()), sql_type_name(*map.item_type()));
    }
    case arrow::Type::DICTIONARY: return sql_type_name(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::RUN_END_ENCODED:
      return sql_type_name(*static_cast<const arrow::RunEndEncodedType&>(type).value_type());
    case arrow::Type::EXTENSION: return extension_name(static_cast<const arrow::ExtensionType&>(type));
    case arrow::Type::MAX_ID: break;
  }
  return "VARCHAR";
}

}  // namespace coatcheck::rows
