#include "warehouse/duckdb/row_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "warehouse/duckdb/errors.hpp"
#include "warehouse/duckdb/repeated_values.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

// More rows at a time are no faster, and a cancel waits longer.
constexpr std::size_t many_rows_max = 128;
constexpr std::size_t many_parameters_max = 4096;
constexpr std::size_t many_bytes_max = std::size_t{1} << 20;  // Of the statement.

// The count of an INSERT, UPDATE, DELETE or MERGE.
std::int64_t count_of(QueryResult& result) {
  const Chunk chunk(duckdb_fetch_chunk(*result.out()));
  std::int64_t count = 0;
  if (chunk.get() == nullptr || duckdb_data_chunk_get_size(chunk.get()) != 1) return count;
  std::memcpy(&count, duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), 0)), sizeof count);
  return count;
}

// The name by which a statement that takes rows knows the parameter at this place, from 0, of all of them.
std::string name_of(const ParameterRows& rows, std::size_t place) {
  const std::string& name = rows.row(0)[place % rows.width()].name;
  return name.empty() ? std::to_string(place + 1) : name;
}

// Asked before it runs: from then on it tells the types that it was given.
std::vector<duckdb_type> expected_types(duckdb_prepared_statement prepared, const ParameterRows& rows) {
  std::vector<duckdb_type> types(rows.width(), DUCKDB_TYPE_INVALID);
  for (std::size_t i = 0; i != types.size(); ++i) {
    idx_t index = 0;
    if (duckdb_bind_parameter_index(prepared, &index, name_of(rows, i).c_str()) != DuckDBSuccess) continue;
    types[i] = duckdb_param_type(prepared, index);
  }
  return types;
}

}  // namespace

RowRun::RowRun(duckdb_connection connection, duckdb_prepared_statement prepared, const Statement& statement,
               Execute execute, std::atomic<std::size_t>& rows_done)
    : connection_(connection),
      statement_(statement),
      execute_(std::move(execute)),
      rows_done_(rows_done),
      values_(connection, statement.parameter_rows, expected_types(prepared, statement.parameter_rows)),
      one_{.prepared = prepared, .rows = 1, .places = {}} {}

Result<std::int64_t, Failure> RowRun::run() {
  if (!find_places(one_)) return statement_failure("07001", "The parameters are not those of the statement.");
  prepare_many();
  auto changed = run_in_transaction(std::numeric_limits<std::size_t>::max());
  return wants_one_by_one_ ? run_in_transaction(rows_done_) : std::move(changed);
}

Result<std::int64_t, Failure> RowRun::run_in_transaction(std::size_t one_by_one_from) {
  changed_ = 0;
  rows_done_ = 0;
  if (auto failure = command("BEGIN TRANSACTION")) return std::move(*failure);
  auto failure = run_all(one_by_one_from);
  if (!failure) failure = command("COMMIT");
  if (!failure) return changed_;
  // If this fails too, for instance interrupted, the end of the connection does it.
  QueryResult rolled_back;
  static_cast<void>(duckdb_query(connection_, "ROLLBACK", rolled_back.out()));
  return std::move(*failure);
}

std::optional<Failure> RowRun::run_all(std::size_t one_by_one_from) {
  const std::size_t size = statement_.parameter_rows.size();
  while (rows_done_ != size) {
    const bool takes_many = many_ && rows_done_ < one_by_one_from && size - rows_done_ >= many_->rows;
    if (auto failure = run_once(takes_many ? *many_ : one_)) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> RowRun::run_once(const Taker& taker) {
  QueryResult result;
  auto failure = bind(taker);
  if (!failure) failure = execute_(taker.prepared, result);
  if (!failure) {
    changed_ += count_of(result);
    rows_done_ += taker.rows;
    return std::nullopt;
  }
  if (taker.rows != 1) failure->position.reset();  // It has a text of its own.
  if (failure->category == FailureCategory::statement) {
    wants_one_by_one_ = taker.rows != 1;
    failure->message += fmt::format(" (row {} of {})", rows_done_ + 1, statement_.parameter_rows.size());
  }
  return failure;
}

std::optional<Failure> RowRun::bind(const Taker& taker) {
  const std::size_t width = statement_.parameter_rows.width();
  for (std::size_t i = 0; i != taker.places.size(); ++i) {
    auto value = values_.at(rows_done_ + i / width, i % width);
    if (!value) return std::move(value).error();
    if (duckdb_bind_value(taker.prepared, taker.places[i], *value) != DuckDBSuccess) {
      return statement_failure("22018", fmt::format("Parameter {} cannot be bound.", i % width + 1));
    }
  }
  return std::nullopt;
}

std::optional<Failure> RowRun::command(const char* sql) {
  Prepared prepared;
  QueryResult result;
  if (duckdb_prepare(connection_, sql, prepared.out()) != DuckDBSuccess) {
    return read_error(duckdb_prepare_error(prepared.get()), "");
  }
  return execute_(prepared.get(), result);
}

bool RowRun::find_places(Taker& taker) const {
  const ParameterRows& rows = statement_.parameter_rows;
  for (std::size_t i = 0; i != taker.rows * rows.width(); ++i) {
    idx_t place = 0;
    if (duckdb_bind_parameter_index(taker.prepared, &place, name_of(rows, i).c_str()) != DuckDBSuccess) return false;
    taker.places.push_back(place);
  }
  return true;
}

void RowRun::prepare_many() {
  const ParameterRows& rows = statement_.parameter_rows;
  if (!rows.row(0).front().name.empty()) return;
  Taker many{.prepared = nullptr,
             .rows = std::min({rows.size(), many_rows_max, many_parameters_max / rows.width(),
                               many_bytes_max / statement_.text.size()}),
             .places = {}};
  if (many.rows < 2) return;
  const auto text = with_repeated_values(statement_.text, rows.width(), many.rows);
  if (!text) return;
  Prepared prepared;
  if (duckdb_prepare(connection_, text->c_str(), prepared.out()) != DuckDBSuccess) return;
  many.prepared = prepared.get();
  if (!find_places(many)) return;
  many_prepared_ = std::move(prepared);
  many_ = std::move(many);
}

}  // namespace coatcheck::warehouse::duckdb
