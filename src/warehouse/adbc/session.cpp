#include "warehouse/adbc/session.hpp"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "warehouse/adbc/errors.hpp"
#include "warehouse/adbc/handed_out.hpp"
#include "warehouse/adbc/parameters.hpp"
#include "warehouse/adbc/statement_text.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

// A batch that has come to about this size is handed over, if the driver lets itself be told. As much as the spool
// writes at a time: a larger one would have to be cut, and the driver would wait meanwhile.
constexpr const char* batch_bytes_target = "1048576";

// Asks the driver for the types of the parameters. It may know nothing, or that they are wrong: that shows later.
ExpectedTypes expected_types(AdbcStatement* statement) {
  Released<ArrowSchema> asked;
  Error ignored;
  if (AdbcStatementGetParameterSchema(statement, asked.get(), ignored.out()) != ADBC_STATUS_OK) return {};
  auto schema = arrow::ImportSchema(asked.get());
  ExpectedTypes types;
  if (!schema.ok()) return types;
  for (const auto& field : (*schema)->fields()) types.push_back(field->type());
  return types;
}

}  // namespace

class Session::Busy {
 public:
  explicit Busy(Session& session) : session_(session) { set(true); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { set(false); }

 private:
  void set(bool busy) {
    const std::lock_guard lock(session_.busy_mutex_);
    session_.busy_ = busy;
  }

  Session& session_;
};

std::optional<Failure> Session::prepare() {
  auto failure = prepare_on(database_.take());
  const bool was_lost = failure && broken_ && !interrupted_ && connection_ && connection_->used;
  if (!was_lost) return failure;
  // The warehouse has let go of it while nobody used it; nothing has run yet.
  close();
  broken_ = false;
  return prepare_on(database_.take_new());
}

std::optional<Failure> Session::prepare_on(Outcome<std::unique_ptr<Connection>> taken) {
  if (!taken) return std::move(taken).error();
  connection_ = *std::move(taken);
  if (interrupted_) return canceled_failure();
  if (auto failure = refuse_text()) return failure;
  Error error;
  AdbcStatusCode status = AdbcStatementNew(connection_->get(), handle_.get(), error.out());
  // A driver that wraps the statement into another one would have a comment at its end swallow the rest.
  const bool may_end_in_comment = statement_.text.find("--") != std::string::npos;
  const std::string text = may_end_in_comment ? statement_.text + '\n' : statement_.text;
  if (status == ADBC_STATUS_OK) {
    status = AdbcStatementSetSqlQuery(handle_.get(), text.c_str(), error.out());
  }
  if (status != ADBC_STATUS_OK) return failed(status, error);
  if (auto failure = set_options()) return failure;
  const Busy busy(*this);  // From here on, as a cancel needs the handle as it is now.
  Error prepare_error;
  status = AdbcStatementPrepare(handle_.get(), prepare_error.out());
  if (status != ADBC_STATUS_OK && status != ADBC_STATUS_NOT_IMPLEMENTED) {
    return failed(status, prepare_error, statement_.text);
  }
  const bool has_parameters = !statement_.parameters.empty() || takes_rows();
  if (has_parameters) {
    if (auto failure = bind()) return failure;
  }
  if (auto failure = describe()) return failure;
  decide_kind();
  if (takes_rows()) return refuse_rows_of_parameters();
  return std::nullopt;
}

std::optional<Failure> Session::refuse_text() const {
  if (statement_.text.find('\0') != std::string::npos) {
    return statement_failure("42601", "The statement holds a NUL character.");
  }
  if (connection_->known().passes_over_second_statement && !creates_trigger(statement_.text) &&
      has_second_statement(statement_.text)) {
    return statement_failure("42601", "Only one statement can run at a time.");
  }
  return std::nullopt;
}

std::optional<Failure> Session::set_options() {
  const auto& known = connection_->known();
  if (!known.batch_bytes_option.empty()) {
    if (auto failure = set_option(std::string(known.batch_bytes_option), batch_bytes_target)) return failure;
  }
  if (!known.batch_rows_option.empty()) {
    auto failure = set_option(std::string(known.batch_rows_option), std::to_string(options_.batch_rows));
    if (failure) return failure;
  }
  for (const auto& [key, value] : options_.statement_options) {
    if (auto failure = set_option(key, value)) return failure;
  }
  return std::nullopt;
}

std::optional<Failure> Session::set_option(const std::string& key, const std::string& value) {
  Error error;
  const auto status = AdbcStatementSetOption(handle_.get(), key.c_str(), value.c_str(), error.out());
  if (status == ADBC_STATUS_OK) return std::nullopt;
  return failed(status, error);
}

std::optional<Failure> Session::bind() {
  const ExpectedTypes expected = expected_types(handle_.get());
  const auto& rows = statement_.parameter_rows;
  const std::span<const Parameter> cells = rows.empty() ? std::span(statement_.parameters) : rows.cells();
  const std::size_t width = rows.empty() ? cells.size() : rows.width();
  if (!expected.empty() && expected.size() != width) {
    return statement_failure(
        "07001", fmt::format("The statement has {} parameters, and {} values were given.", expected.size(), width));
  }
  auto batch = to_batch(cells, width, expected);
  if (!batch) return std::move(batch).error();
  Released<ArrowArray> array;
  Released<ArrowSchema> schema;
  if (const auto status = arrow::ExportRecordBatch(**batch, array.get(), schema.get()); !status.ok()) {
    return internal_failure(status.ToString());
  }
  Error error;
  const auto status = AdbcStatementBind(handle_.get(), array.get(), schema.get(), error.out());
  if (status != ADBC_STATUS_OK) return failed(status, error);
  // They are the driver's now.
  array.get()->release = nullptr;
  schema.get()->release = nullptr;
  return std::nullopt;
}

std::optional<Failure> Session::describe() {
  Released<ArrowSchema> told;
  Error error;
  const auto status = AdbcStatementExecuteSchema(handle_.get(), told.get(), error.out());
  if (status == ADBC_STATUS_NOT_IMPLEMENTED) return std::nullopt;
  if (status != ADBC_STATUS_OK) return failed(status, error, statement_.text);
  auto schema = arrow::ImportSchema(told.get());
  if (!schema.ok()) return internal_failure(schema.status().ToString());
  auto exact = handed_out(*schema);
  if (!exact) return std::move(exact).error();
  described_ = *std::move(exact);
  return std::nullopt;
}

void Session::decide_kind() {
  first_word_ = first_word(statement_.text);
  if (options_.only_reads) {
    kind_ = StatementKind::read;
  } else if (is_change(first_word_)) {
    kind_ = StatementKind::write;
  }
}

std::optional<Failure> Session::refuse_rows_of_parameters() const {
  const bool yields_rows = described_ ? (*described_)->num_fields() != 0 : has_word(statement_.text, "RETURNING");
  if (counts_rows(first_word_) && !yields_rows) return std::nullopt;
  return statement_failure("0A000",
                           "Rows of parameters can be bound only to an INSERT, UPDATE, DELETE or MERGE, without "
                           "RETURNING.");
}

Result<rows::Schema, Failure> Session::start() {
  if (interrupted_) return canceled_failure();
  started_ = true;
  const Busy busy(*this);
  if (takes_rows()) return run_in_transaction();
  const bool yields_rows =
      described_ ? (*described_)->num_fields() != 0 : !is_change(first_word_) || has_word(statement_.text, "RETURNING");
  return yields_rows ? start_rows() : start_change();
}

Result<rows::Schema, Failure> Session::start_change() {
  if (auto failure = execute(nullptr)) return std::move(*failure);
  ended_ = true;
  return read_count();
}

Result<rows::Schema, Failure> Session::run_in_transaction() {
  if (auto failure = set_autocommit(false)) return std::move(*failure);
  auto failure = execute(nullptr);
  if (!failure) {
    Error error;
    const auto status = AdbcConnectionCommit(connection_->get(), error.out());
    if (status != ADBC_STATUS_OK) failure = failed(status, error);
  }
  if (failure) {
    // Before anybody hears of the failure: the next statement may need what this one has locked. Should it not work,
    // the end of the connection does it.
    Error ignored;
    AdbcConnectionRollback(connection_->get(), ignored.out());
    return std::move(*failure);
  }
  if (!set_autocommit(true)) ended_ = true;
  return read_count();
}

std::optional<Failure> Session::set_autocommit(bool on) {
  Error error;
  const auto status = AdbcConnectionSetOption(connection_->get(), ADBC_CONNECTION_OPTION_AUTOCOMMIT,
                                              on ? ADBC_OPTION_VALUE_ENABLED : ADBC_OPTION_VALUE_DISABLED, error.out());
  if (status == ADBC_STATUS_OK) return std::nullopt;
  if (status != ADBC_STATUS_NOT_IMPLEMENTED) return failed(status, error);
  return statement_failure("0A000", "The driver has no transactions, so rows of parameters cannot be bound.");
}

std::optional<Failure> Session::execute(ArrowArrayStream* stream) {
  affected_ = -1;
  Error error;
  const auto status = AdbcStatementExecuteQuery(handle_.get(), stream, &affected_, error.out());
  if (status == ADBC_STATUS_OK) return std::nullopt;
  // The driver streams by wrapping the statement into another one, which not every statement can be put into. The
  // warehouse has understood it as it is, so it was the wrapped one that could not be read.
  const auto& option = connection_->known().streams_option;
  const bool may_be_wrapped = stream != nullptr && described_ && !option.empty();
  if (!may_be_wrapped || interrupted_ || !is_syntax_error(error.get())) return failed(status, error);
  if (auto failure = set_option(std::string(option), ADBC_OPTION_VALUE_DISABLED)) return failure;
  Error unwrapped_error;
  const auto unwrapped = AdbcStatementExecuteQuery(handle_.get(), stream, &affected_, unwrapped_error.out());
  if (unwrapped == ADBC_STATUS_OK) return std::nullopt;
  return failed(unwrapped, unwrapped_error);
}

Result<rows::Schema, Failure> Session::read_count() {
  schema_ = arrow::schema({});
  if (affected_ < 0 || (is_change(first_word_) && !counts_rows(first_word_))) return schema_;
  schema_ = arrow::schema({arrow::field("Count", arrow::int64())});
  auto value = arrow::MakeArrayFromScalar(arrow::Int64Scalar(affected_), 1);
  if (!value.ok()) return internal_failure(value.status().ToString());
  count_ = arrow::RecordBatch::Make(schema_, 1, {*value});
  return schema_;
}

Result<rows::Schema, Failure> Session::start_rows() {
  if (auto failure = execute(stream_.get())) return std::move(*failure);
  Released<ArrowSchema> told;
  const int number = stream_.get()->get_schema(stream_.get(), told.get());
  if (number != 0) return failed(read_stream_error(*stream_.get(), number, connection_->secrets()));
  auto schema = arrow::ImportSchema(told.get());
  if (!schema.ok()) return internal_failure(schema.status().ToString());
  auto exact = handed_out(*schema);
  if (!exact) return std::move(exact).error();
  schema_ = *std::move(exact);
  // A driver may keep the news of a cancel for who reads the rows.
  if (interrupted_) return canceled_failure();
  if (schema_->num_fields() != 0) return schema_;
  // It yields no rows after all; only when it is read to its end has it run.
  auto nothing = fetch();
  if (!nothing) return std::move(nothing).error();
  return read_count();
}

Result<std::optional<rows::Batch>, Failure> Session::next() {
  if (interrupted_) return canceled_failure();
  if (count_) return std::optional<rows::Batch>(std::exchange(count_, nullptr));
  if (!rest_) {
    if (drained_ || stream_.empty()) return std::optional<rows::Batch>();
    const Busy busy(*this);
    auto fetched = fetch();
    if (!fetched || !*fetched) return fetched;
    rest_ = **std::move(fetched);
  }
  const auto rows_max = static_cast<std::int64_t>(options_.batch_rows);
  auto batch = rest_;
  if (batch->num_rows() <= rows_max) {
    rest_ = nullptr;
  } else {
    rest_ = batch->Slice(rows_max);
    batch = batch->Slice(0, rows_max);
  }
  return std::optional<rows::Batch>(std::move(batch));
}

Result<std::optional<rows::Batch>, Failure> Session::fetch() {
  if (stream_failure_) return *stream_failure_;
  Released<ArrowArray> array;
  do {
    array.reset();
    const int number = stream_.get()->get_next(stream_.get(), array.get());
    if (number != 0) {
      stream_failure_ = failed(read_stream_error(*stream_.get(), number, connection_->secrets()));
      return *stream_failure_;
    }
  } while (!array.empty() && (array.get()->length == 0 || schema_->num_fields() == 0));
  if (interrupted_) return canceled_failure();
  if (array.empty()) {
    drained_ = true;
    ended_ = true;
    return std::optional<rows::Batch>();
  }
  auto batch = arrow::ImportRecordBatch(array.get(), schema_);
  if (!batch.ok()) return internal_failure(batch.status().ToString());
  return std::optional<rows::Batch>(*std::move(batch));
}

void Session::send_cancel() {
  const std::lock_guard lock(busy_mutex_);
  if (!busy_ || handle_.get()->private_data == nullptr) return;
  Error error;
  const auto status = AdbcStatementCancel(handle_.get(), error.out());
  if (status != ADBC_STATUS_NOT_IMPLEMENTED) return;
  Error ignored;
  static_cast<void>(AdbcConnectionCancel(connection_->get(), ignored.out()));
}

void Session::close() {
  if (!connection_) return;
  const bool is_idle = !started_ || ended_;
  if (!is_idle && !broken_) {
    // The end of a connection is not seen by a warehouse that is busy with what nobody reads any more.
    const Busy busy(*this);
    send_cancel();
  }
  stream_.reset();
  handle_.reset();
  if (is_idle && !broken_ && !interrupted_) {
    database_.give_back(std::move(connection_));
  }
  connection_.reset();
}

Failure Session::failed(AdbcStatusCode status, const Error& error, std::string_view text) {
  return failed(read_error(status, error.get(), connection_->secrets(), text));
}

Failure Session::failed(Failure failure) {
  broken_ = broken_ || failure.category == FailureCategory::unavailable;
  // The warehouse itself has ended the statement, and what it did is undone but for an open transaction of ours.
  ended_ = ended_ || (started_ && !failure.sqlstate.empty() && !takes_rows());
  if (interrupted_) return canceled_failure();
  return failure;
}

}  // namespace coatcheck::warehouse::adbc
