#include "api/snowflake/statement_outcome.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <string_view>
#include <utility>

namespace coatcheck::api::snowflake {

namespace {

// The columns in which Snowflake reports the count, of which the first is the one that holds it.
std::vector<std::string_view> count_columns(StatementType type) {
  switch (type) {
    case StatementType::insert: return {"number of rows inserted"};
    case StatementType::update: return {"number of rows updated", "number of multi-joined rows updated"};
    case StatementType::remove: return {"number of rows deleted"};
    default: return {"number of rows inserted", "number of rows updated"};
  }
}

std::optional<std::int64_t> whole_number(const arrow::Array& column) {
  if (column.IsNull(0)) return std::nullopt;
  if (column.type_id() == arrow::Type::INT64) return static_cast<const arrow::Int64Array&>(column).Value(0);
  if (column.type_id() != arrow::Type::DECIMAL128) return std::nullopt;
  if (static_cast<const arrow::Decimal128Type&>(*column.type()).scale() != 0) return std::nullopt;
  const arrow::Decimal128 number(static_cast<const arrow::Decimal128Array&>(column).GetValue(0));
  const auto value = number.ToInteger<std::int64_t>();
  if (!value.ok()) return std::nullopt;
  return *value;
}

// The only row of a small result; nothing if it has none, or more.
rows::Batch only_row(const results::Reader& reader) {
  if (reader.manifest().rows != 1) return nullptr;
  auto batch = reader.rows(0, 1)->next();
  return batch && *batch ? **std::move(batch) : nullptr;
}

}  // namespace

std::optional<std::vector<RowCount>> row_counts(StatementType type, const arrow::RecordBatch& batch) {
  if (!is_dml(type) || batch.num_rows() != 1 || batch.num_columns() == 0) return std::nullopt;
  std::vector<RowCount> counts;
  for (int i = 0; i != batch.num_columns(); ++i) {
    const auto rows = whole_number(*batch.column(i));
    if (!rows) return std::nullopt;
    counts.push_back({.column = batch.column_name(i), .rows = *rows});
  }
  if (counts.size() == 1 && counts.front().column == "Count") {
    const std::int64_t count = counts.front().rows;
    counts.clear();
    for (const auto name : count_columns(type)) {
      counts.push_back({.column = std::string(name), .rows = counts.empty() ? count : 0});
    }
    return counts;
  }
  for (const RowCount& each : counts) {
    if (!each.column.starts_with("number of ")) return std::nullopt;
  }
  return counts;
}

std::optional<std::vector<RowCount>> row_counts(StatementType type, const results::Reader& reader) {
  if (!is_dml(type)) return std::nullopt;
  const auto row = only_row(reader);
  return row ? row_counts(type, *row) : std::nullopt;
}

std::string status_words(const arrow::RecordBatch& batch) {
  const bool has_words = batch.num_rows() == 1 && batch.num_columns() == 1 && batch.column_name(0) == "status" &&
                         batch.column(0)->type_id() == arrow::Type::STRING && !batch.column(0)->IsNull(0);
  if (!has_words) return "Statement executed successfully.";
  return static_cast<const arrow::StringArray&>(*batch.column(0)).GetString(0);
}

std::string status_words(const results::Reader& reader) {
  const auto row = only_row(reader);
  return row ? status_words(*row) : "Statement executed successfully.";
}

}  // namespace coatcheck::api::snowflake
