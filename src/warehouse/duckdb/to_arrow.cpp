#include "warehouse/duckdb/to_arrow.hpp"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <fmt/format.h>

#include <duckdb/common/arrow/arrow_appender.hpp>
#include <duckdb/common/arrow/arrow_converter.hpp>
#include <duckdb/common/arrow/arrow_type_extension.hpp>
#include <duckdb/common/error_data.hpp>
#include <duckdb/common/types/data_chunk.hpp>
#include <duckdb/common/vector_operations/vector_operations.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/connection.hpp>
#include <exception>
#include <string>
#include <unordered_map>
#include <utility>

#include "warehouse/duckdb/errors.hpp"
#include "warehouse/duckdb/exact_type.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

Failure internal(std::string message) { return {.category = FailureCategory::internal, .message = std::move(message)}; }

Failure read_exception(const std::exception& thrown) { return read_error(::duckdb::ErrorData(thrown).Message(), ""); }

}  // namespace

struct ToArrow::Columns {
  using Types = ::duckdb::vector<::duckdb::LogicalType>;
  using Extensions = std::unordered_map<::duckdb::idx_t, const ::duckdb::shared_ptr<::duckdb::ArrowTypeExtensionData>>;

  ::duckdb::ClientProperties properties;
  Types given;
  Types exact;
  bool as_given = true;  // No column needs a cast.
  Extensions extensions;
  std::unique_ptr<::duckdb::ArrowAppender> batch;

  // Returns the chunk's rows with every column in its exact type.
  void cast(::duckdb::DataChunk& from, ::duckdb::DataChunk& to) const {
    to.InitializeEmpty(exact);
    for (std::size_t i = 0; i < exact.size(); ++i) {
      if (given[i] == exact[i]) {
        to.data[i].Reference(from.data[i]);
      } else {
        ::duckdb::Vector text(exact[i], from.size());
        ::duckdb::VectorOperations::DefaultCast(from.data[i], text, from.size());
        to.data[i].Reference(text);
      }
    }
    to.SetCardinality(from.size());
  }
};

ToArrow::ToArrow() : columns_(std::make_unique<Columns>()) {}
ToArrow::ToArrow(ToArrow&&) noexcept = default;
ToArrow& ToArrow::operator=(ToArrow&&) noexcept = default;
ToArrow::~ToArrow() = default;

template <class Type, class Name>
Result<ToArrow, Failure> ToArrow::create(duckdb_connection connection, idx_t count, Type type_at, Name name_at) {
  ToArrow self;
  auto& columns = *self.columns_;
  auto& context = *reinterpret_cast<::duckdb::Connection*>(connection)->context;
  ::duckdb::vector<std::string> names;
  ArrowSchema exported{};
  try {
    columns.properties = context.GetClientProperties();
    for (idx_t i = 0; i < count; ++i) {
      const LogicalType type(type_at(i));
      columns.given.push_back(*reinterpret_cast<const ::duckdb::LogicalType*>(type.get()));
      columns.exact.push_back(exact_type(columns.given.back()));
      columns.as_given = columns.as_given && columns.given.back() == columns.exact.back();
      names.push_back(name_at(i));
    }
    columns.extensions = ::duckdb::ArrowTypeExtensionData::GetExtensionTypes(context, columns.exact);
    ::duckdb::ArrowConverter::ToArrowSchema(&exported, columns.exact, names, columns.properties);
  } catch (const std::exception& thrown) {
    return statement_failure("0A000", fmt::format("A column cannot be handed out: {}. Cast it to VARCHAR.",
                                                  ::duckdb::ErrorData(thrown).RawMessage()));
  }
  auto schema = arrow::ImportSchema(&exported);
  if (!schema.ok()) return internal(schema.status().ToString());
  self.schema_ = *schema;
  return self;
}

Result<ToArrow, Failure> ToArrow::create(duckdb_connection connection, duckdb_result& result) {
  return create(
      connection, duckdb_column_count(&result), [&](idx_t i) { return duckdb_column_logical_type(&result, i); },
      [&](idx_t i) { return std::string(duckdb_column_name(&result, i)); });
}

Result<ToArrow, Failure> ToArrow::create(duckdb_connection connection, duckdb_prepared_statement prepared) {
  return create(
      connection, duckdb_prepared_statement_column_count(prepared),
      [&](idx_t i) { return duckdb_prepared_statement_column_logical_type(prepared, i); },
      [&](idx_t i) {
        const char* owned = duckdb_prepared_statement_column_name(prepared, i);
        std::string name = owned == nullptr ? "" : owned;
        duckdb_free(const_cast<char*>(owned));
        return name;
      });
}

std::optional<Failure> ToArrow::append(duckdb_data_chunk chunk) {
  auto& columns = *columns_;
  auto& given = *reinterpret_cast<::duckdb::DataChunk*>(chunk);
  try {
    if (!columns.batch) {
      columns.batch = std::make_unique<::duckdb::ArrowAppender>(columns.exact, given.size(), columns.properties,
                                                                columns.extensions);
    }
    ::duckdb::DataChunk cast;
    if (!columns.as_given) columns.cast(given, cast);
    auto& exact = columns.as_given ? given : cast;
    bytes_ += bytes_of(exact);
    rows_ += exact.size();
    columns.batch->Append(exact, 0, exact.size(), exact.size());
  } catch (const std::exception& thrown) {
    return read_exception(thrown);
  }
  return std::nullopt;
}

Result<rows::Batch, Failure> ToArrow::take() {
  ArrowArray exported{};
  try {
    exported = columns_->batch->Finalize();
  } catch (const std::exception& thrown) {
    return read_exception(thrown);
  }
  columns_->batch.reset();
  rows_ = 0;
  bytes_ = 0;
  auto batch = arrow::ImportRecordBatch(&exported, schema_);
  if (!batch.ok()) return internal(batch.status().ToString());
  return *batch;
}

}  // namespace coatcheck::warehouse::duckdb
