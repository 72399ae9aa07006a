#include "warehouse/duckdb/session.hpp"

#include <arrow/api.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/database.hpp"
#include "warehouse/duckdb/errors.hpp"
#include "warehouse/duckdb/parameters.hpp"
#include "warehouse/duckdb/policy.hpp"
#include "warehouse/duckdb/progress.hpp"
#include "warehouse/duckdb/removed_functions.hpp"
#include "warehouse/duckdb/row_run.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

// However few its rows are, a batch that has come to this size is handed over.
constexpr std::uint64_t batch_bytes_target = 8U << 20U;

// A view or macro may hide a nextval() that the statement's text does not show.
constexpr const char* hidden_nextval =
    "SELECT 1 FROM duckdb_views() WHERE sql ILIKE '%nextval%' UNION ALL "
    "SELECT 1 FROM duckdb_functions() WHERE macro_definition ILIKE '%nextval%' LIMIT 1";

// What DuckDB yields of a statement that changes rows.
rows::Schema count_schema() { return arrow::schema({arrow::field("Count", arrow::int64())}); }

}  // namespace

Session::Session(Connection connection, Statement statement, std::size_t batch_rows)
    : connection_(std::move(connection)), statement_(std::move(statement)), batch_rows_(batch_rows) {
  keep_progress(connection_.get());
}

std::optional<double> Session::progress() const {
  const std::size_t rows = statement_.parameter_rows.size();
  if (rows != 0) return static_cast<double>(rows_done_) / static_cast<double>(rows);
  return read_progress(connection_.get());
}

std::optional<Failure> Session::prepare(std::atomic<bool>& sequences, bool describe_only) {
  const auto& text = statement_.text;
  auto allowed = check_statement(text);
  if (!allowed) return std::move(allowed).error();
  kind_ = allowed->kind;
  is_count_ = allowed->is_count;
  if (!statement_.parameter_rows.empty() && !is_count_) {
    return statement_failure("0A000",
                             "Rows of parameters can be bound only to an INSERT, UPDATE, DELETE or MERGE, without "
                             "RETURNING.");
  }
  statements_ = duckdb_extract_statements(connection_.get(), text.c_str(), extracted_.out());
  if (statements_ == 0) return read_failure(duckdb_extract_statements_error(extracted_.get()));
  // A PIVOT is one statement to its author and several to DuckDB: the last can be bound when the others have run.
  for (idx_t i = 0; i + 1 < statements_; ++i) {
    Prepared part;
    if (duckdb_prepare_extracted_statement(connection_.get(), extracted_.get(), i, part.out()) != DuckDBSuccess) {
      return read_failure(duckdb_prepare_error(part.get()));
    }
    before_last_.push_back(std::move(part));
  }
  if (statements_ == 1) {
    if (auto failure = prepare_last(describe_only)) return failure;
  }
  if (kind_ == StatementKind::write && contains_ignoring_case(text, "sequence")) sequences = true;
  if (kind_ == StatementKind::read && sequences && yields_rows(connection_.get(), hidden_nextval)) {
    kind_ = StatementKind::unknown;
  }
  return std::nullopt;
}

std::optional<Failure> Session::prepare_last(bool describe_only) {
  if (duckdb_prepare_extracted_statement(connection_.get(), extracted_.get(), statements_ - 1, prepared_.out()) !=
      DuckDBSuccess) {
    return read_failure(duckdb_prepare_error(prepared_.get()));
  }
  const auto& rows = statement_.parameter_rows;
  // One row tells whether they fit; the others are looked at when they run.
  const std::span<const Parameter> parameters = rows.empty() ? std::span(statement_.parameters) : rows.row(0);
  if (describe_only && parameters.empty()) return std::nullopt;
  return bind_parameters(connection_.get(), prepared_.get(), parameters);
}

std::optional<Failure> Session::run_before_last() {
  for (const auto& part : before_last_) {
    QueryResult result;
    if (auto failure = execute(part.get(), result)) return failure;
  }
  return statements_ == 1 ? std::nullopt : prepare_last(false);
}

std::optional<Failure> Session::execute(duckdb_prepared_statement prepared, QueryResult& result) {
  if (interrupted_) return canceled_failure();
  Pending pending;
  const auto state = duckdb_pending_prepared_streaming(prepared, pending.out());
  // Starting forgets an earlier interrupt; from here on one is kept until it is seen. The engine's threads are at work
  // by now, so it is the engine that has to see it: who only let go of the statement here would leave them at it.
  if (interrupted_) duckdb_interrupt(connection_.get());
  if (state != DuckDBSuccess) return read_failure(duckdb_pending_error(pending.get()));
  if (duckdb_execute_pending(pending.get(), result.out()) != DuckDBSuccess) {
    const char* words = duckdb_result_error(result.out());
    return read_failure(words != nullptr ? words : duckdb_pending_error(pending.get()));
  }
  return std::nullopt;
}

std::optional<rows::Schema> Session::description() const {
  if (is_count_) return count_schema();
  if (statements_ != 1) return std::nullopt;  // What comes before it decides.
  auto to_arrow = ToArrow::create(connection_.get(), prepared_.get());
  if (!to_arrow) return std::nullopt;
  return to_arrow->schema();
}

Result<rows::Schema, Failure> Session::start() {
  if (!statement_.parameter_rows.empty()) return run_rows();
  if (auto failure = run_before_last()) return std::move(*failure);
  if (auto failure = execute(prepared_.get(), result_)) return std::move(*failure);
  if (duckdb_result_return_type(*result_.out()) == DUCKDB_RESULT_TYPE_NOTHING) return arrow::schema({});
  auto to_arrow = ToArrow::create(connection_.get(), *result_.out());
  if (!to_arrow) return std::move(to_arrow).error();
  to_arrow_ = std::move(*to_arrow);
  return to_arrow_->schema();
}

Result<rows::Schema, Failure> Session::run_rows() {
  RowRun run(
      connection_.get(), prepared_.get(), statement_,
      [this](duckdb_prepared_statement prepared, QueryResult& result) { return execute(prepared, result); },
      rows_done_);
  auto changed = run.run();
  if (!changed) return std::move(changed).error();
  count_ = arrow::RecordBatch::Make(count_schema(), 1, {*arrow::MakeArrayFromScalar(arrow::Int64Scalar(*changed), 1)});
  return count_->schema();
}

Result<std::optional<rows::Batch>, Failure> Session::next() {
  if (interrupted_) return canceled_failure();
  if (count_) return std::optional<rows::Batch>(std::exchange(count_, nullptr));
  if (!to_arrow_) return std::optional<rows::Batch>();
  while (to_arrow_->rows() < batch_rows_ && to_arrow_->bytes() < batch_bytes_target) {
    const Chunk chunk(duckdb_fetch_chunk(*result_.out()));
    if (chunk.get() == nullptr) {
      if (interrupted_) return canceled_failure();
      const char* words = duckdb_result_error(result_.out());
      if (words != nullptr && *words != '\0') return read_failure(words);
      break;
    }
    if (duckdb_data_chunk_get_size(chunk.get()) == 0) continue;
    if (auto failure = to_arrow_->append(chunk.get())) return std::move(*failure);
  }
  if (to_arrow_->rows() == 0) return std::optional<rows::Batch>();
  auto batch = to_arrow_->take();
  if (!batch) return std::move(batch).error();
  return std::optional<rows::Batch>(std::move(*batch));
}

void Session::interrupt() {
  interrupted_ = true;
  duckdb_interrupt(connection_.get());
}

Failure Session::read_failure(const char* words) const {
  if (interrupted_) return canceled_failure();
  if (words == nullptr) return read_error("DuckDB gave no reason", statement_.text);
  if (auto refused = refused_function(words)) return std::move(*refused);
  return read_error(words, statement_.text);
}

}  // namespace coatcheck::warehouse::duckdb
