// POST /queries/v1/query-request: a statement, synchronous or not.
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <map>
#include <utility>

#include "api/snowflake/request_key.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake_driver/door.hpp"
#include "scan/history_rows.hpp"
#include "telemetry/log.hpp"

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
  auto read = read_statement(request, limits_);
  if (!read) co_return query_failed(read.error(), std::nullopt);
  StatementAsked asked = *std::move(read);
  const snowflake::Settings settings = settings_for(*session, asked);
  if (auto one = snowflake::check_one_statement(asked.text, settings); !one)
    co_return query_failed(one.error(), std::nullopt);
  ResultSetAsked wanted = wanted_by(*session, request, settings);
  wanted.type = snowflake::statement_type(asked.text);
  std::string origin = origin_of(request);

  // What concerns the session alone is answered here.
  if (auto statement = snowflake::read_session_statement(asked.text)) {
    co_return co_await in_session(std::move(session), *std::move(statement), std::move(wanted));
  }
  auto resolved = co_await with_literal_ids(session, std::move(asked.text));
  if (!resolved) co_return query_failed(resolved.error(), std::nullopt);
  asked.text = *std::move(resolved);
  if (asked.describe_only) co_return co_await describe(std::move(session), std::move(asked), std::move(wanted));
  if (!asked.asynchronous) {
    // The poll of a query's status in SQL: from memory, like every other poll.
    const std::vector<Parameter> none;
    const std::vector<Parameter>& parameters = asked.bindings.rows.empty() ? none : asked.bindings.rows.front();
    const scan::Facts facts{.now = clock_.now(),
                            .user = session->principal().name,
                            .session = session->id(),
                            .warehouse = session->state().warehouse};
    if (auto poll = scan::poll(asked.text, parameters, facts)) {
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
  if (!asked.bindings.rows.empty()) submission.statement.parameters = std::move(asked.bindings.rows.front());
  // Code that was written for Snowflake names warehouses that are not here: those mean the default one.
  submission.warehouse = service_.find_warehouse(session.state().warehouse).value_or("");
  submission.timeout = timeout_of(settings);
  // Snowflake's default is two days: what is longer than may be means the longest.
  const auto longest = service_.timeout_max(submission.warehouse);
  if (longest && submission.timeout && *submission.timeout > *longest) submission.timeout = longest;
  submission.query_tag = setting_text(settings, "QUERY_TAG").substr(0, limits_.query_tag_bytes_max);
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
  journal::Submission submission = submission_of(*session, std::move(asked));
  auto submitted = co_await service_.submit(session->principal(), std::move(submission));
  if (!submitted) co_return trouble(snowflake::from_error(submitted.error()));
  // From here on the query is on disk and goes its way, whether or not this driver stays.
  wanted.id = submitted->snapshot.entry->id;
  if (!submitted->replayed) session->note(wanted.id);
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
  wanted.id = make_query_id(clock_.now());
  auto data = small_result_set(*empty, wanted);
  if (!data) co_return trouble(snowflake::from_error(data.error()));
  co_return success(*data);
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
  wanted.id = make_query_id(clock_.now());
  auto data = small_result_set(batch, wanted);
  if (!data) co_return trouble(snowflake::from_error(data.error()));
  co_return success(*data);
}

async::Task<Result<std::string, snowflake::SnowflakeError>> Door::with_literal_ids(SessionPtr session,
                                                                                   std::string text) {
  if (!scan::reads_stored(text)) co_return text;
  // Which places it names is known by trying: each round looks up the one that was missing.
  std::map<std::int64_t, std::optional<QueryId>> known;
  for (;;) {
    std::optional<std::int64_t> missing;
    auto named = scan::name_session_queries(text, [&](std::int64_t place) -> std::optional<QueryId> {
      if (const auto at = known.find(place); at != known.end()) return at->second;
      missing = place;
      return std::nullopt;
    });
    if (named) co_return *std::move(named);
    if (!missing) co_return snowflake::from_failure(named.error());
    auto id = co_await sessions_.last_query(session, *missing);
    if (!id) co_return std::move(id).error();
    known[*missing] = *id;
  }
}

}  // namespace coatcheck::api::snowflake_driver
