#include "warehouse/duckdb/to_arrow.hpp"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "warehouse/duckdb/errors.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

Failure internal(std::string message) { return {.category = FailureCategory::internal, .message = std::move(message)}; }

// Returns the name of the first type inside `type` that Arrow cannot hold exactly, or nothing.
std::string_view inexact(duckdb_logical_type type) {
  const auto inside = [](duckdb_logical_type child) {
    const LogicalType owned(child);
    return inexact(owned.get());
  };
  const auto any_member = [&](idx_t count, auto member) -> std::string_view {
    for (idx_t i = 0; i < count; ++i) {
      if (const auto found = inside(member(type, i)); !found.empty()) return found;
    }
    return {};
  };
  switch (static_cast<int>(duckdb_get_type_id(type))) {
    case DUCKDB_TYPE_UHUGEINT: return "UHUGEINT";
    case DUCKDB_TYPE_BIGNUM: return "BIGNUM";
    case DUCKDB_TYPE_BIT: return "BIT";
    case DUCKDB_TYPE_TIME_TZ: return "TIME WITH TIME ZONE";
    case DUCKDB_TYPE_TIME_NS: return "TIME_NS";
    case DUCKDB_TYPE_LIST: return inside(duckdb_list_type_child_type(type));
    case DUCKDB_TYPE_ARRAY: return inside(duckdb_array_type_child_type(type));
    case DUCKDB_TYPE_MAP: {
      const auto key = inside(duckdb_map_type_key_type(type));
      return key.empty() ? inside(duckdb_map_type_value_type(type)) : key;
    }
    case DUCKDB_TYPE_STRUCT: return any_member(duckdb_struct_type_child_count(type), duckdb_struct_type_child_type);
    case DUCKDB_TYPE_UNION: return any_member(duckdb_union_type_member_count(type), duckdb_union_type_member_type);
    default: return {};
  }
}

}  // namespace

Result<ToArrow, Failure> ToArrow::create(duckdb_result& result) {
  ToArrow self;
  self.options_ = ArrowOptions(duckdb_result_get_arrow_options(&result));
  std::vector<LogicalType> types;
  std::vector<duckdb_logical_type> raw_types;
  std::vector<const char*> names;
  for (idx_t i = 0; i < duckdb_column_count(&result); ++i) {
    types.emplace_back(duckdb_column_logical_type(&result, i));
    raw_types.push_back(types.back().get());
    names.push_back(duckdb_column_name(&result, i));
    if (const auto type = inexact(types.back().get()); !type.empty()) {
      return statement_failure(
          "0A000", fmt::format("The column '{}' has the type {}, which cannot be handed out without changing "
                               "values. Cast it to VARCHAR.",
                               names.back(), type));
    }
    if (duckdb_get_type_id(types.back().get()) == DUCKDB_TYPE_HUGEINT) {
      self.hugeint_columns_.push_back(static_cast<int>(i));
    }
  }
  ArrowSchema exported{};
  ErrorData error(
      duckdb_to_arrow_schema(self.options_.get(), raw_types.data(), names.data(), raw_types.size(), &exported));
  if (duckdb_error_data_has_error(error.get())) {
    return statement_failure("0A000", fmt::format("A column cannot be handed out: {}. Cast it to VARCHAR.",
                                                  duckdb_error_data_message(error.get())));
  }
  auto schema = arrow::ImportSchema(&exported);
  if (!schema.ok()) return internal(schema.status().ToString());
  self.schema_ = *schema;
  return self;
}

Result<rows::Batch, Failure> ToArrow::batch(duckdb_data_chunk chunk) const {
  ArrowArray exported{};
  const ErrorData error(duckdb_data_chunk_to_arrow(options_.get(), chunk, &exported));
  if (duckdb_error_data_has_error(error.get())) return read_error(duckdb_error_data_message(error.get()), "");
  auto batch = arrow::ImportRecordBatch(&exported, schema_);
  if (!batch.ok()) return internal(batch.status().ToString());
  for (const auto column : hugeint_columns_) {
    if (!(*batch)->column(column)->ValidateFull().ok()) {
      return statement_failure("22003", fmt::format("The column '{}' holds a HUGEINT of more than 38 digits. Cast it "
                                                    "to VARCHAR.",
                                                    schema_->field(column)->name()));
    }
  }
  return *batch;
}

Result<rows::Batch, Failure> ToArrow::join(const std::vector<rows::Batch>& batches) {
  if (batches.size() == 1) return batches.front();
  auto joined = arrow::ConcatenateRecordBatches(batches);
  if (!joined.ok()) return internal(joined.status().ToString());
  return *joined;
}

}  // namespace coatcheck::warehouse::duckdb
