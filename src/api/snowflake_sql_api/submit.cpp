// POST /api/v2/statements: a statement, answered with its first rows or, when it takes long, with its handle.
#include <utility>
#include <variant>

#include "api/snowflake/request_key.hpp"
#include "api/snowflake_sql_api/answers.hpp"
#include "api/snowflake_sql_api/door.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

http::Response unsupported_media_type() {
  return json_answer(415, R"({"code":"390142","message":"The body of the request must be application/json."})");
}

journal::Submission submission_of(StatementAsked& asked) {
  journal::Submission submission;
  submission.statement.text = std::move(asked.text);
  submission.statement.parameters = std::move(asked.bindings.parameters);
  submission.statement.parameter_rows = std::move(asked.bindings.rows);
  submission.query_tag = std::move(asked.query_tag);
  submission.row_limit = asked.row_limit;
  // Zero means the longest there is: seven days, at Snowflake.
  if (asked.timeout) {
    submission.timeout = asked.timeout->count() == 0 ? std::chrono::hours(24 * 7) : *asked.timeout;
  }
  submission.fingerprint = fingerprint_with(submission.statement, asked.form);
  if (!asked.request_id.empty()) submission.idempotency_key = snowflake::request_key(asked.request_id);
  return submission;
}

}  // namespace

async::Task<http::Response> Door::submit(Asker asker, http::Request request) {
  const Deadline deadline = std::chrono::steady_clock::now() + limits_.hold_max;
  if (!is_json(request)) co_return unsupported_media_type();
  Result<StatementAsked, snowflake::SnowflakeError> read;
  if (request.body.size() <= snowflake::body_bytes_on_loop) {
    read = read_statement(request, limits_);
  } else {
    auto work = [this, &request] { return read_statement(request, limits_); };
    read = co_await encoding_.run(std::move(work));
  }
  if (!read) co_return refuse(read.error());
  StatementAsked asked = *std::move(read);
  journal::Form form = asked.is_script ? journal::Form::script : journal::Form::statement;
  if (auto statement = snowflake::read_session_statement(asked.text); statement && !asked.is_script) {
    if (!std::holds_alternative<snowflake::Wait>(*statement))
      co_return co_await in_session(std::move(asker), *std::move(statement), std::move(asked));
    form = journal::Form::session;
  }

  journal::Submission submission = submission_of(asked);
  submission.form = form;
  submission.warehouse = service_.find_warehouse(asked.state.warehouse).value_or("");
  // More than the warehouse allows means as much as it allows: at Snowflake the lower of the two holds.
  const auto longest = service_.timeout_max(submission.warehouse);
  if (longest && submission.timeout && *submission.timeout > *longest) submission.timeout = longest;
  auto submitted = co_await service_.submit(asker, std::move(submission));
  if (!submitted) co_return refuse(snowflake::from_error(submitted.error()));

  // From here on the query is on disk and goes its way, whether or not this client stays.
  query::EntryPtr entry = submitted->snapshot.entry;
  if (!asked.asynchronous) {
    auto waited = co_await service_.wait_until_ended(asker, entry->id, deadline);
    // Too many may be waiting; the query is accepted all the same, and that is what the client must hear.
    if (waited) entry = waited->entry;
  }
  if (asked.asynchronous || !journal::is_final(entry->state)) co_return in_progress(*entry);
  Wanted wanted{.id = entry->id,
                .to_submitter = true,
                .request_id = std::move(asked.request_id),
                .accept_encoding = request.field("Accept-Encoding")};
  co_return co_await answer(std::move(asker), std::move(wanted));
}

}  // namespace coatcheck::api::snowflake_sql_api
