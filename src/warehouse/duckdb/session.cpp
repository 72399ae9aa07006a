#include "warehouse/duckdb/session.hpp"

#include <arrow/api.h>

#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/database.hpp"
#include "warehouse/duckdb/errors.hpp"
#include "warehouse/duckdb/parameters.hpp"
#include "warehouse/duckdb/policy.hpp"
#include "warehouse/duckdb/progress.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

std::string first_column(duckdb_prepared_statement prepared) {
  if (duckdb_prepared_statement_column_count(prepared) == 0) return {};
  const char* name = duckdb_prepared_statement_column_name(prepared, 0);
  std::string copy = name != nullptr ? name : "";
  duckdb_free(const_cast<char*>(name));
  return copy;
}

// PIVOT is one statement to its author and two or more to DuckDB: types are made first. Where the text has no
// semicolon but at its end, it is one statement, whatever DuckDB makes of it.
bool is_one_statement(std::string_view text) {
  const auto last = text.find_last_not_of("; \t\r\n");
  return text.substr(0, last + 1).find(';') == text.npos;
}

// A view or macro may hide a nextval() that the statement's text does not show.
constexpr const char* hidden_nextval =
    "SELECT 1 FROM duckdb_views() WHERE sql ILIKE '%nextval%' UNION ALL "
    "SELECT 1 FROM duckdb_functions() WHERE macro_definition ILIKE '%nextval%' LIMIT 1";

}  // namespace

Session::Session(Connection connection, Statement statement, std::size_t batch_rows)
    : connection_(std::move(connection)), statement_(std::move(statement)), batch_rows_(batch_rows) {
  keep_progress(connection_.get());
}

std::optional<double> Session::progress() const { return read_progress(connection_.get()); }

std::optional<Failure> Session::prepare(std::atomic<bool>& sequences) {
  const auto& text = statement_.text;
  if (text.find('\0') != text.npos) return statement_failure("42601", "The statement contains a NUL character.");
  if (auto refused = refuse_text(text)) return refused;
  // Parsing PRAGMA and IMPORT would already read files, in ways that no statement type shows.
  statements_ = duckdb_extract_statements(connection_.get(), text.c_str(), extracted_.out());
  if (statements_ == 0) {
    const char* words = duckdb_extract_statements_error(extracted_.get());
    return words != nullptr ? read_failure(words) : statement_failure("42601", "There is no statement.");
  }
  if (statements_ > 1) {
    if (!is_one_statement(text)) return statement_failure("42601", "Only one statement can be run at a time.");
    // The last part can be bound only when the parts before it have run.
    kind_ = StatementKind::read;
    for (idx_t i = 0; i + 1 < statements_; ++i) {
      Prepared part;
      if (duckdb_prepare_extracted_statement(connection_.get(), extracted_.get(), i, part.out()) != DuckDBSuccess) {
        return read_failure(duckdb_prepare_error(part.get()));
      }
      if (duckdb_prepared_statement_type(part.get()) != DUCKDB_STATEMENT_TYPE_CREATE) {
        return statement_failure("42601", "Only one statement can be run at a time.");
      }
      before_last_.push_back(std::move(part));
    }
    return std::nullopt;
  }
  if (auto failure = prepare_last()) return failure;
  if (contains_ignoring_case(text, "sequence") && kind_ == StatementKind::write) sequences = true;
  if (kind_ == StatementKind::read && sequences && yields_rows(connection_.get(), hidden_nextval)) {
    kind_ = StatementKind::unknown;
  }
  return std::nullopt;
}

std::optional<Failure> Session::prepare_last() {
  if (duckdb_prepare_extracted_statement(connection_.get(), extracted_.get(), statements_ - 1, prepared_.out()) !=
      DuckDBSuccess) {
    return read_failure(duckdb_prepare_error(prepared_.get()));
  }
  auto type = duckdb_prepared_statement_type(prepared_.get());
  if (auto refused = refuse_type(type, first_column(prepared_.get()))) return refused;
  if (type == DUCKDB_STATEMENT_TYPE_EXPLAIN) {
    if (auto refused = check_explained(type)) return refused;
  }
  kind_ = kind_of(type, statement_.text);
  return bind_parameters(connection_.get(), prepared_.get(), statement_.parameters);
}

// EXPLAIN ANALYZE runs what it explains, so that has to be allowed by itself. Sets `type` to its type.
std::optional<Failure> Session::check_explained(duckdb_statement_type& type) {
  const auto inner = explained(statement_.text);
  Failure refused{.category = FailureCategory::permission,
                  .code = "Permission Error",
                  .sqlstate = "42501",
                  .message = "This EXPLAIN is not allowed. It must be written plainly, with nothing before it."};
  if (!inner) return refused;
  Extracted extracted;
  Prepared prepared;
  if (duckdb_extract_statements(connection_.get(), inner->c_str(), extracted.out()) != 1 ||
      duckdb_prepare_extracted_statement(connection_.get(), extracted.get(), 0, prepared.out()) != DuckDBSuccess) {
    return refused;
  }
  type = duckdb_prepared_statement_type(prepared.get());
  if (type == DUCKDB_STATEMENT_TYPE_EXPLAIN) return refused;
  return refuse_type(type, first_column(prepared.get()));
}

std::optional<Failure> Session::run_before_last() {
  for (const auto& part : before_last_) {
    QueryResult result;
    if (auto failure = execute(part.get(), result)) return failure;
  }
  if (statements_ == 1) return std::nullopt;
  if (auto failure = prepare_last()) return failure;
  if (kind_ == StatementKind::read) return std::nullopt;
  return statement_failure("0A000", "A PIVOT with columns from the data can only be a query of its own.");
}

std::optional<Failure> Session::execute(duckdb_prepared_statement prepared, QueryResult& result) {
  if (interrupted_) return canceled_failure();
  Pending pending;
  const auto state = duckdb_pending_prepared_streaming(prepared, pending.out());
  // Starting forgets an earlier interrupt; from here on one is kept until it is seen.
  if (interrupted_) return canceled_failure();
  if (state != DuckDBSuccess) return read_failure(duckdb_pending_error(pending.get()));
  if (duckdb_execute_pending(pending.get(), result.out()) != DuckDBSuccess) {
    const char* words = duckdb_result_error(result.out());
    return read_failure(words != nullptr ? words : duckdb_pending_error(pending.get()));
  }
  return std::nullopt;
}

Result<rows::Schema, Failure> Session::start() {
  if (auto failure = run_before_last()) return std::move(*failure);
  if (auto failure = execute(prepared_.get(), result_)) return std::move(*failure);
  if (duckdb_result_return_type(*result_.out()) == DUCKDB_RESULT_TYPE_NOTHING) return arrow::schema({});
  auto to_arrow = ToArrow::create(*result_.out());
  if (!to_arrow) return std::move(to_arrow).error();
  to_arrow_ = std::move(*to_arrow);
  return to_arrow_->schema();
}

Result<std::optional<rows::Batch>, Failure> Session::next() {
  if (interrupted_) return canceled_failure();
  std::vector<rows::Batch> batches;
  for (std::size_t count = 0; to_arrow_ && count < batch_rows_;) {
    const Chunk chunk(duckdb_fetch_chunk(*result_.out()));
    if (chunk.get() == nullptr) {
      if (interrupted_) return canceled_failure();
      const char* words = duckdb_result_error(result_.out());
      if (words != nullptr && *words != '\0') return read_failure(words);
      break;
    }
    if (duckdb_data_chunk_get_size(chunk.get()) == 0) continue;
    auto batch = to_arrow_->batch(chunk.get());
    if (!batch) return std::move(batch).error();
    count += duckdb_data_chunk_get_size(chunk.get());
    batches.push_back(std::move(*batch));
  }
  if (batches.empty()) return std::optional<rows::Batch>();
  auto joined = ToArrow::join(batches);
  if (!joined) return std::move(joined).error();
  return std::optional<rows::Batch>(std::move(*joined));
}

void Session::interrupt() {
  interrupted_ = true;
  duckdb_interrupt(connection_.get());
}

Failure Session::read_failure(const char* words) const {
  if (interrupted_) return canceled_failure();
  return read_error(words != nullptr ? words : "DuckDB gave no reason", statement_.text);
}

}  // namespace coatcheck::warehouse::duckdb
