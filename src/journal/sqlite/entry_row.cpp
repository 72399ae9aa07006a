#include "journal/sqlite/entry_row.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <limits>

#include "journal/sqlite/blobs.hpp"

namespace coatcheck::journal::sqlite {

namespace {

// These numbers are on disk, so enumerators must keep their places.
static_assert(number_of(State::queued) == 0 && number_of(State::running) == 1 && number_of(State::canceling) == 2 &&
              number_of(State::succeeded) == 3 && number_of(State::failed) == 4 && number_of(State::canceled) == 5);
static_assert(static_cast<int>(StatementKind::unknown) == 0 && static_cast<int>(StatementKind::read) == 1 &&
              static_cast<int>(StatementKind::write) == 2);
static_assert(static_cast<int>(Form::statement) == 0 && static_cast<int>(Form::session) == 1 &&
              static_cast<int>(Form::script) == 2);
static_assert(static_cast<int>(ResultGone::no) == 0 && static_cast<int>(ResultGone::expired) == 1 &&
              static_cast<int>(ResultGone::deleted) == 2);

// In the order of their parameters, 1 to 24 and 1 to 10; the checksum of a row is over its values in this order.
constexpr std::string_view query_columns =
    "version, state, attempt, kind, started_at, cancel_requested_at, ended_at, failure, result_rows, result_bytes,"
    " result_chunks, result_truncated, expires_at, result_gone, crashes, handle, result_kept, id, principal, warehouse,"
    " query_tag, idempotency_key, submitted_at, session";
constexpr std::string_view query_values =
    "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24";
constexpr std::string_view submission_columns =
    "seq, statement, parameters, timeout, row_limit, result_ttl, traceparent, fingerprint, form, priority";
constexpr std::string_view submission_values = "?1,?2,?3,?4,?5,?6,?7,?8,?9,?10";

// SQLite's integers are signed; the same 64 bits come back.
std::int64_t as_signed(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }
std::uint64_t as_unsigned(std::int64_t value) { return std::bit_cast<std::uint64_t>(value); }

std::optional<std::int64_t> optional_number(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return number_of(*time);
}

Timestamp time_from(std::int64_t number) { return Timestamp(std::chrono::microseconds(number)); }

std::optional<Timestamp> time_from(std::optional<std::int64_t> number) {
  if (!number) return std::nullopt;
  return time_from(*number);
}

// Parameters 1 to 17: what changes while a query lives.
void bind_progress(Statement& statement, const Entry& entry, const EntryBlobs& blobs) {
  const auto of_result = [&entry](auto value) -> std::optional<std::int64_t> {
    if (!entry.result) return std::nullopt;
    return value(*entry.result);
  };
  statement.bind(1, as_signed(entry.version));
  statement.bind(2, number_of(entry.state));
  statement.bind(3, static_cast<std::int64_t>(entry.attempt));
  statement.bind(4, static_cast<std::int64_t>(entry.kind));
  statement.bind(5, optional_number(entry.started_at));
  statement.bind(6, optional_number(entry.cancel_requested_at));
  statement.bind(7, optional_number(entry.ended_at));
  statement.bind_blob_or_null(8, blobs.failure);
  statement.bind(9, of_result([](const ResultSummary& result) { return as_signed(result.rows); }));
  statement.bind(10, of_result([](const ResultSummary& result) { return as_signed(result.bytes); }));
  statement.bind(11, of_result([](const ResultSummary& result) { return as_signed(result.chunks); }));
  statement.bind(12, of_result([](const ResultSummary& result) { return std::int64_t{result.truncated}; }));
  statement.bind(13, of_result([](const ResultSummary& result) { return number_of(result.expires_at); }));
  statement.bind(14, static_cast<std::int64_t>(entry.result_gone));
  statement.bind(15, static_cast<std::int64_t>(entry.crashes));
  statement.bind_text_or_null(16, entry.handle);
  const bool is_kept = entry.result && entry.result->kept_by_warehouse;
  statement.bind(17, is_kept ? std::optional<std::int64_t>(1) : std::nullopt);
}

// Parameters 18 to 24: what the row has of what never changes.
void bind_identity(Statement& statement, const Entry& entry) {
  statement.bind_blob(18, bytes_of(entry.id));
  statement.bind_text(19, entry.submission.principal);
  statement.bind_text(20, entry.submission.warehouse);
  statement.bind_text_or_null(21, entry.submission.query_tag);
  statement.bind_text_or_null(22, entry.submission.idempotency_key);
  statement.bind(23, number_of(entry.submitted_at));
  const std::uint64_t session = entry.submission.session;
  statement.bind(24, session == 0 ? std::nullopt : std::optional(as_signed(session)));
}

Error unreadable(const QueryId& id) {
  return {Errc::corrupt, "the journal's entry " + id.to_string() + " cannot be read"};
}

// All columns of a result are there, or none.
bool read_result(Columns& columns, std::optional<ResultSummary>& result) {
  const auto rows = columns.optional_integer();
  const auto bytes = columns.optional_integer();
  const auto chunks = columns.optional_integer();
  const auto truncated = columns.optional_integer();
  const auto expires_at = columns.optional_integer();
  const int there =
      rows.has_value() + bytes.has_value() + chunks.has_value() + truncated.has_value() + expires_at.has_value();
  if (there == 0) return true;
  if (there != 5 || (*truncated != 0 && *truncated != 1)) return false;
  result = ResultSummary{.rows = as_unsigned(*rows),
                         .bytes = as_unsigned(*bytes),
                         .chunks = as_unsigned(*chunks),
                         .truncated = *truncated == 1,
                         .expires_at = time_from(*expires_at)};
  return true;
}

}  // namespace

std::string insert_query_sql() {
  return fmt::format("INSERT INTO query ({}, checksum) VALUES ({}, row_checksum({}))", query_columns, query_values,
                     query_values);
}

std::string insert_submission_sql() {
  return fmt::format("INSERT INTO submission ({}, checksum) VALUES ({}, row_checksum({}))", submission_columns,
                     submission_values, submission_values);
}

// What never changes is bound too: taken from the row, a flipped bit of it would get a checksum of its own.
std::string update_query_sql() {
  return fmt::format(
      "UPDATE query SET version=?1, state=?2, attempt=?3, kind=?4, started_at=?5, cancel_requested_at=?6, ended_at=?7,"
      " failure=?8, result_rows=?9, result_bytes=?10, result_chunks=?11, result_truncated=?12, expires_at=?13,"
      " result_gone=?14, crashes=?15, handle=?16, result_kept=?17, checksum=row_checksum({})"
      " WHERE id=?18 AND version=?25",
      query_values);
}

// The left join tells a query whose submission is missing (corrupt) from one that is not there.
std::string select_entry_sql() {
  return fmt::format(
      "SELECT id, query.checksum IS row_checksum({}), submission.checksum IS row_checksum({}),"
      " version, state, attempt, kind, submitted_at, started_at, cancel_requested_at, ended_at, failure,"
      " result_rows, result_bytes, result_chunks, result_truncated, expires_at, result_gone, crashes, handle,"
      " result_kept, principal, warehouse, query_tag, idempotency_key, statement, parameters, timeout, row_limit,"
      " result_ttl, traceparent, fingerprint, session, form, priority"
      " FROM query LEFT JOIN submission USING (seq) WHERE id=?1",
      query_columns, submission_columns);
}

std::string add_checksums_sql() {
  return fmt::format(
      "ALTER TABLE query ADD COLUMN checksum INTEGER;"
      "ALTER TABLE submission ADD COLUMN checksum INTEGER;"
      "UPDATE query SET checksum=row_checksum({});"
      "UPDATE submission SET checksum=row_checksum({});",
      query_columns, submission_columns);
}

EntryBlobs::EntryBlobs(const Entry& entry) : EntryBlobs(of_change(entry)) {
  const coatcheck::Statement& statement = entry.submission.statement;
  if (!statement.parameters.empty() || !statement.parameter_rows.empty()) parameters = encode_parameters(statement);
}

EntryBlobs EntryBlobs::of_change(const Entry& entry) {
  EntryBlobs blobs;
  if (entry.failure) blobs.failure = encode_failure(*entry.failure);
  return blobs;
}

void bind_insert_query(Statement& statement, const Entry& entry, const EntryBlobs& blobs) {
  bind_progress(statement, entry, blobs);
  bind_identity(statement, entry);
}

void bind_insert_submission(Statement& statement, std::int64_t seq, const Entry& entry, const EntryBlobs& blobs) {
  const Submission& submission = entry.submission;
  const auto timeout = submission.timeout ? std::optional<std::int64_t>(submission.timeout->count()) : std::nullopt;
  const auto row_limit =
      submission.row_limit ? std::optional<std::int64_t>(as_signed(*submission.row_limit)) : std::nullopt;
  statement.bind(1, seq);
  statement.bind_text(2, submission.statement.text);
  statement.bind_blob_or_null(3, blobs.parameters);
  statement.bind(4, timeout);
  statement.bind(5, row_limit);
  statement.bind(6, std::int64_t{submission.result_ttl.count()});
  statement.bind_text_or_null(7, submission.traceparent);
  statement.bind_text_or_null(8, submission.fingerprint);
  const auto form = static_cast<std::int64_t>(submission.form);
  statement.bind(9, form == 0 ? std::nullopt : std::optional(form));
  const auto priority = static_cast<std::int64_t>(submission.priority);
  statement.bind(10, priority == 0 ? std::nullopt : std::optional(priority));
}

void bind_update_query(Statement& statement, const Entry& entry, const EntryBlobs& blobs) {
  bind_progress(statement, entry, blobs);
  bind_identity(statement, entry);
  statement.bind(25, as_signed(entry.version - 1));
}

Result<Entry> read_entry(const Statement& statement) {
  Columns columns(statement);
  Entry entry;
  const auto id = id_from(columns.blob());
  if (!id) return Error{Errc::corrupt, "the journal has an entry whose id is none"};
  entry.id = *id;
  const bool is_whole = columns.integer() == 1;
  const bool submission_is_whole = columns.integer() == 1;
  if (!is_whole || !submission_is_whole) return unreadable(*id);
  entry.version = as_unsigned(columns.integer());
  const auto state = state_from(columns.integer());
  const std::int64_t attempt = columns.integer();
  const std::int64_t kind = columns.integer();
  entry.submitted_at = time_from(columns.integer());
  entry.started_at = time_from(columns.optional_integer());
  entry.cancel_requested_at = time_from(columns.optional_integer());
  entry.ended_at = time_from(columns.optional_integer());
  if (const auto failure = columns.optional_blob()) {
    auto decoded = decode_failure(*failure);
    if (!decoded) return unreadable(*id);
    entry.failure = *std::move(decoded);
  }
  const bool result_fits = read_result(columns, entry.result);
  const std::int64_t gone = columns.integer();
  const std::int64_t crashes = columns.integer();
  entry.handle = columns.optional_text();
  const auto kept = columns.optional_integer();
  if (kept && (*kept != 1 || !entry.result)) return unreadable(*id);
  if (kept) entry.result->kept_by_warehouse = true;
  if (columns.bad() || !state || !result_fits || attempt < 0 || attempt > std::numeric_limits<int>::max() ||
      crashes < 0 || crashes > std::numeric_limits<int>::max() || kind < 0 || kind > 2 || gone < 0 || gone > 2) {
    return unreadable(*id);
  }
  entry.state = *state;
  entry.attempt = static_cast<int>(attempt);
  entry.crashes = static_cast<int>(crashes);
  entry.kind = static_cast<StatementKind>(kind);
  entry.result_gone = static_cast<ResultGone>(gone);

  Submission& submission = entry.submission;
  submission.principal = columns.text();
  submission.warehouse = columns.text();
  submission.query_tag = columns.optional_text();
  submission.idempotency_key = columns.optional_text();
  submission.statement.text = columns.text();
  if (const auto parameters = columns.optional_blob()) {
    const bool is_wanted = !is_final(entry.state) || !holds_rows(*parameters);
    if (is_wanted && !decode_parameters(*parameters, submission.statement)) return unreadable(*id);
  }
  if (const auto timeout = columns.optional_integer()) submission.timeout = std::chrono::milliseconds(*timeout);
  if (const auto row_limit = columns.optional_integer()) submission.row_limit = as_unsigned(*row_limit);
  submission.result_ttl = std::chrono::milliseconds(columns.integer());
  submission.traceparent = columns.optional_text();
  submission.fingerprint = columns.optional_text();
  if (const auto session = columns.optional_integer()) submission.session = as_unsigned(*session);
  if (const auto form = columns.optional_integer()) {
    if (*form < 0 || *form > 2) return unreadable(*id);
    submission.form = static_cast<Form>(*form);
  }
  if (const auto priority = columns.optional_integer()) {
    if (*priority < priority_min || *priority > priority_max) return unreadable(*id);
    submission.priority = static_cast<int>(*priority);
  }
  if (columns.bad()) return unreadable(*id);
  return entry;
}

std::string_view bytes_of(const QueryId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

std::optional<QueryId> id_from(std::string_view bytes) {
  QueryId id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
  return id;
}

std::optional<State> state_from(std::int64_t number) {
  if (number < number_of(State::queued) || number > number_of(State::canceled)) return std::nullopt;
  return static_cast<State>(number);
}

}  // namespace coatcheck::journal::sqlite
