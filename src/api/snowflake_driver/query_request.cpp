// POST /queries/v1/query-request: a statement, synchronous or not.
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <utility>
#include <variant>

#include "api/snowflake/request_key.hpp"
#include "api/snowflake/script_parts.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake/session_statements.hpp"
#include "api/snowflake_driver/door.hpp"
#include "scan/history_rows.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

// The session's settings with the statement's own over them.
snowflake::Settings settings_for(const snowflake::Session& session, const StatementAsked& asked) {
  snowflake::Settings settings = session.state().parameters;
  for (const auto& [name, value] : asked.settings) settings[name] = value;
  return settings;
}

std::string setting_text(const snowflake::Settings& settings, std::string_view name) {
  const auto at = settings.find(name);
  return at == settings.end() ? std::string() : at->second.text;
}

rows::Batch renamed(const arrow::RecordBatch& batch, const std::vector<std::string>& names) {
  arrow::FieldVector fields = batch.schema()->fields();
  for (std::size_t i = 0; i != names.size() && i != fields.size(); ++i) fields[i] = fields[i]->WithName(names[i]);
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), batch.columns());
}

}  // namespace

async::Task<http::Response> Door::query_request(SessionPtr session, http::Request request) {
  Result<StatementAsked, snowflake::SnowflakeError> read;
  if (request.body.size() <= snowflake::body_bytes_on_loop) {
    read = read_statement(request, limits_);
  } else {
    auto work = [this, &request] { return read_statement(request, limits_); };
    read = co_await encoding_.run(std::move(work));
  }
  if (!read) co_return query_failed(read.error(), std::nullopt);
  StatementAsked asked = *std::move(read);
  const snowflake::Settings settings = settings_for(*session, asked);
  const auto count = snowflake::statement_count(asked.text, settings);
  if (!count) co_return query_failed(count.error(), std::nullopt);
  ResultSetAsked wanted = wanted_by(*session, request, settings);
  wanted.type = snowflake::statement_type(asked.text);
  std::string origin = origin_of(request);

  if (*count > 1) {
    if (!asked.bindings.empty())
      co_return query_failed(snowflake::unsupported("bindings to several statements"), std::nullopt);
    asked.form = journal::Form::script;
    wanted.type = snowflake::StatementType::multiple;
    if (asked.describe_only) co_return rows_in_memory(snowflake::script_row(), std::move(wanted));
    co_return co_await submit(std::move(session), std::move(asked), std::move(wanted), std::move(origin));
  }
  // What concerns the session alone is answered here, unless it takes time or is to have an id at once.
  if (auto statement = snowflake::read_session_statement(asked.text)) {
    if (asked.describe_only) co_return describe_in_session(*session, *statement, std::move(wanted));
    if (!asked.asynchronous && !std::holds_alternative<snowflake::Wait>(*statement))
      co_return co_await in_session(std::move(session), *std::move(statement), std::move(wanted));
    asked.form = journal::Form::session;
    co_return co_await submit(std::move(session), std::move(asked), std::move(wanted), std::move(origin));
  }
  auto resolved = co_await snowflake::with_literal_ids(sessions_, session, std::move(asked.text));
  if (!resolved) co_return query_failed(resolved.error(), std::nullopt);
  asked.text = *std::move(resolved);
  if (asked.describe_only) co_return co_await describe(std::move(session), std::move(asked), std::move(wanted));
  if (!asked.asynchronous) {
    // The poll of a query's status in SQL: from memory, like every other poll.
    const scan::Facts facts{.now = clock_.now(),
                            .user = session->principal().name,
                            .session = session->id(),
                            .warehouse = session->state().warehouse};
    if (auto poll = scan::poll(asked.text, asked.bindings.parameters, facts)) {
      co_return co_await poll_history(std::move(session), *std::move(poll), std::move(wanted));
    }
    // A stored result as it is needs no query that copies it.
    if (const auto id_text = scan::whole_result(asked.text)) {
      const auto id = QueryId::parse(*id_text);
      if (!id) co_return query_failed(snowflake::no_such_statement(*id_text), std::nullopt);
      wanted.id = *id;
      wanted.is_scan = true;
      const Deadline deadline = std::chrono::steady_clock::now() + limits_.hold_max;
      co_return co_await held(std::move(session), std::move(wanted), std::move(origin), Pending::synchronous, deadline);
    }
  }
  co_return co_await submit(std::move(session), std::move(asked), std::move(wanted), std::move(origin));
}

journal::Submission Door::submission_of(const snowflake::Session& session, StatementAsked asked) const {
  const snowflake::Settings settings = settings_for(session, asked);
  journal::Submission submission;
  submission.statement.text = std::move(asked.text);
  submission.form = asked.form;
  submission.statement.parameters = std::move(asked.bindings.parameters);
  submission.statement.parameter_rows = std::move(asked.bindings.rows);
  // Code that was written for Snowflake names warehouses that are not here: those mean the default one.
  submission.warehouse = service_.find_warehouse(session.state().warehouse).value_or("");
  submission.timeout = timeout_of(settings);
  // Snowflake's default is two days: what is longer than may be means the longest.
  const auto longest = service_.timeout_max(submission.warehouse);
  if (longest && submission.timeout && *submission.timeout > *longest) submission.timeout = longest;
  submission.query_tag = snowflake::cut_text(setting_text(settings, "QUERY_TAG"), limits_.query_tag_bytes_max);
  submission.session = session.id();
  if (!asked.request_id.empty()) {
    submission.idempotency_key = snowflake::request_key(asked.request_id);
    submission.fingerprint = snowflake::fingerprint_of(submission.statement);
  }
  return submission;
}

async::Task<http::Response> Door::submit(SessionPtr session, StatementAsked asked, ResultSetAsked wanted,
                                         std::string origin) {
  const Deadline deadline = std::chrono::steady_clock::now() + limits_.hold_max;
  const bool asynchronous = asked.asynchronous;
  const bool is_statement = asked.form == journal::Form::statement;
  journal::Submission submission = submission_of(*session, std::move(asked));
  auto submitted = co_await service_.submit(session->principal(), std::move(submission));
  if (!submitted) co_return trouble(snowflake::from_error(submitted.error()));
  // From here on the query is on disk and goes its way, whether or not this driver stays.
  wanted.id = submitted->snapshot.entry->id;
  if (!submitted->replayed && is_statement) session->note(wanted.id);
  if (asynchronous) co_return pending(wanted.id, Pending::asynchronous);
  co_return co_await held(std::move(session), std::move(wanted), std::move(origin), Pending::synchronous, deadline);
}

async::Task<http::Response> Door::describe(SessionPtr session, StatementAsked asked, ResultSetAsked wanted) {
  journal::Submission submission = submission_of(*session, std::move(asked));
  auto described = co_await service_.describe(session->principal(), std::move(submission));
  if (!described) co_return trouble(snowflake::from_error(described.error()));
  if (!*described) co_return query_failed(snowflake::from_failure(described->error()), std::nullopt);
  if (!**described) {
    co_return query_failed(snowflake::unsupported("describing this statement"), std::nullopt);
  }
  auto empty = arrow::RecordBatch::MakeEmpty(***described);
  if (!empty.ok()) co_return query_failed({}, std::nullopt);
  co_return rows_in_memory(*empty, std::move(wanted));
}

async::Task<http::Response> Door::poll_history(SessionPtr session, scan::Poll poll, ResultSetAsked wanted) {
  std::vector<query::EntryPtr> found;
  if (const auto id = QueryId::parse(poll.id)) {
    auto status = co_await service_.status(session->principal(), *id);
    if (!status && status.error().code != Errc::not_found) co_return trouble(snowflake::from_error(status.error()));
    if (status && scan::lets_through(poll.request, *status->entry)) found.push_back(std::move(status->entry));
  }
  std::vector<std::size_t> columns;
  std::vector<std::string> names;
  for (scan::Poll::Column& column : poll.columns) {
    columns.push_back(column.history_column);
    names.push_back(std::move(column.name));
  }
  const scan::HistoryRowsOptions options{
      .error_code = [](const Failure& failure) { return snowflake::from_failure(failure).code; }, .now = clock_.now()};
  const rows::Batch batch = renamed(*scan::history_rows(found, options, columns), names);
  co_return rows_in_memory(batch, std::move(wanted));
}

http::Response Door::rows_in_memory(const rows::Batch& batch, ResultSetAsked wanted) const {
  wanted.id = make_query_id(clock_.now());
  auto data = small_result_set(batch, wanted);
  if (!data) return trouble(snowflake::from_error(data.error()));
  return success(*data);
}

}  // namespace coatcheck::api::snowflake_driver
