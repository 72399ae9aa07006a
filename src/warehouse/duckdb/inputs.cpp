#include "warehouse/duckdb/inputs.hpp"

#include <arrow/api.h>
#include <arrow/c/bridge.h>

#include <algorithm>
#include <duckdb/catalog/catalog.hpp>
#include <duckdb/common/exception.hpp>
#include <duckdb/function/table/arrow.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/client_context_state.hpp>
#include <duckdb/main/connection.hpp>
#include <duckdb/parser/parsed_data/create_table_function_info.hpp>
#include <duckdb/storage/statistics/node_statistics.hpp>
#include <memory>
#include <string>
#include <utility>

#include "warehouse/duckdb/built_in.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

constexpr const char* function_name = "coatcheck_rows";
constexpr const char* state_name = "coatcheck_inputs";

// What a connection was given. Its inputs stay where they are: DuckDB keeps their addresses.
class Given final : public ::duckdb::ClientContextState {
 public:
  explicit Given(std::vector<Input> inputs) : inputs_(std::move(inputs)) {}

  const Input* find(const std::string& name) const {
    const auto found = std::ranges::find(inputs_, name, &Input::name);
    return found == inputs_.end() ? nullptr : &*found;
  }

 private:
  const std::vector<Input> inputs_;
};

void check(const arrow::Status& status) {
  if (!status.ok()) throw ::duckdb::IOException("The rows cannot be handed over: " + status.ToString());
}

// One scan of an input, as DuckDB wants to see it. It calls GetNextChunk() under a lock of its own.
class Scan final : public ::duckdb::ArrowArrayStreamWrapper {
 public:
  // `columns`: which ones DuckDB wants to have, in its order.
  Scan(std::unique_ptr<InputRows> rows, std::vector<int> columns)
      : rows_(std::move(rows)), columns_(std::move(columns)) {}

  ::duckdb::shared_ptr<::duckdb::ArrowArrayWrapper> GetNextChunk() override {
    auto chunk = ::duckdb::make_shared_ptr<::duckdb::ArrowArrayWrapper>();
    auto next = rows_->next();
    if (!next) throw ::duckdb::IOException(next.error().message);
    if (!*next) return chunk;  // Without a release function it is the end.
    auto chosen = (**next)->SelectColumns(columns_);
    check(chosen.status());
    check(arrow::ExportRecordBatch(**chosen, &chunk->arrow_array));
    return chunk;
  }

 private:
  std::unique_ptr<InputRows> rows_;
  std::vector<int> columns_;
};

::duckdb::unique_ptr<::duckdb::ArrowArrayStreamWrapper> open_scan(uintptr_t address,
                                                                  ::duckdb::ArrowStreamParameters& parameters) {
  const auto& input = *reinterpret_cast<const Input*>(address);
  std::vector<int> columns;
  for (const auto& name : parameters.projected_columns.columns) columns.push_back(input.schema->GetFieldIndex(name));
  return ::duckdb::make_uniq<Scan>(input.open(), std::move(columns));
}

void describe(ArrowArrayStream* address, ArrowSchema& schema) {
  check(arrow::ExportSchema(*reinterpret_cast<const Input*>(address)->schema, &schema));
}

template <class Address>
::duckdb::Value pointer(Address address) {
  return ::duckdb::Value::POINTER(reinterpret_cast<uintptr_t>(address));
}

::duckdb::unique_ptr<::duckdb::FunctionData> bind(::duckdb::ClientContext& context,
                                                  ::duckdb::TableFunctionBindInput& call,
                                                  ::duckdb::vector<::duckdb::LogicalType>& types,
                                                  ::duckdb::vector<std::string>& names) {
  const auto given = context.registered_state->Get<Given>(state_name);
  const auto& name = call.inputs[0];
  const Input* input = given && !name.IsNull() ? given->find(::duckdb::StringValue::Get(name)) : nullptr;
  if (input == nullptr) {
    throw ::duckdb::PermissionException("This warehouse does not allow calling 'coatcheck_rows'.");
  }
  ::duckdb::vector<::duckdb::Value> addresses = {pointer(input), pointer(&open_scan), pointer(&describe)};
  ::duckdb::TableFunctionBindInput scan(addresses, call.named_parameters, call.input_table_types,
                                        call.input_table_names, call.info, call.binder, call.table_function, call.ref);
  return ::duckdb::ArrowTableFunction::ArrowScanBind(context, scan, types, names);
}

// The parts of DuckDB's Arrow scan; some are for its heirs alone.
struct ArrowScan : ::duckdb::ArrowTableFunction {
  static ::duckdb::TableFunction function() {
    ::duckdb::TableFunction scan(function_name, {::duckdb::LogicalType::VARCHAR}, ArrowScanFunction, bind,
                                 ArrowScanInitGlobal, ArrowScanInitLocal);
    scan.get_partition_data = ArrowGetPartitionData;  // Keeps the rows in their order.
    scan.cardinality = cardinality;
    scan.projection_pushdown = true;
    return scan;
  }

  static ::duckdb::unique_ptr<::duckdb::NodeStatistics> cardinality(::duckdb::ClientContext&,
                                                                    const ::duckdb::FunctionData* data) {
    const auto address = data->Cast<::duckdb::ArrowScanFunctionData>().stream_factory_ptr;
    const auto rows = reinterpret_cast<const Input*>(address)->rows;
    return rows ? ::duckdb::make_uniq<::duckdb::NodeStatistics>(*rows, *rows)
                : ::duckdb::make_uniq<::duckdb::NodeStatistics>();
  }
};

}  // namespace

Result<void> add_inputs(duckdb_connection connection) {
  return change_built_in(connection, [](::duckdb::ClientContext& context, ::duckdb::Catalog& catalog) {
    ::duckdb::CreateTableFunctionInfo info(ArrowScan::function());
    info.internal = true;
    catalog.CreateTableFunction(context, info);
  });
}

void give_inputs(duckdb_connection connection, std::vector<Input> inputs) {
  auto& context = *reinterpret_cast<::duckdb::Connection*>(connection)->context;
  context.registered_state->Insert(state_name, ::duckdb::make_shared_ptr<Given>(std::move(inputs)));
}

}  // namespace coatcheck::warehouse::duckdb
