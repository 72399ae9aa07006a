#include "api/snowflake_sql_api/answers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "api/snowflake_sql_api/partitions.hpp"
#include "base/json_text.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

// The members that all answers about a query have.
std::string status_body(const snowflake::SnowflakeError& said, std::optional<QueryId> id) {
  std::string body = R"({"code":)";
  append_json_string(body, said.code);
  body += R"(,"message":)";
  append_json_string(body, said.message);
  if (!said.sqlstate.empty()) {
    body += R"(,"sqlState":)";
    append_json_string(body, said.sqlstate);
  }
  if (id) body += fmt::format(R"(,"statementHandle":"{}")", id->to_string());
  return body;
}

std::string created_on(const journal::Entry& entry) {
  const Timestamp since = entry.started_at.value_or(entry.submitted_at);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(since.time_since_epoch());
  return fmt::format(R"(,"createdOn":{})", milliseconds.count());
}

std::string status_url(QueryId id) { return fmt::format(R"(,"statementStatusUrl":"{}")", statement_url(id)); }

}  // namespace

http::Response json_answer(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.fields = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  response.body = std::move(body);
  return response;
}

http::Response first_rows(QueryId id, std::string body, std::size_t partitions) {
  http::Response response = json_answer(200, std::move(body));
  response.fields.push_back({"Link", link_value(id, 0, partitions)});
  return response;
}

http::Response in_progress(const journal::Entry& entry) {
  const snowflake::SnowflakeError said{.code = "333334",
                                       .message =
                                           "Asynchronous execution in progress. Use provided query id to perform query "
                                           "monitoring and management."};
  return json_answer(202, status_body(said, entry.id) + created_on(entry) + status_url(entry.id) + "}");
}

int http_status(const snowflake::SnowflakeError& error) {
  if (error.http_status != 0) return static_cast<int>(error.http_status);
  if (snowflake::is_authentication(error)) return 401;
  if (error.code == "390142") return 400;
  if (error.code == "000603") return 500;
  return 422;
}

http::Response refusal(const snowflake::SnowflakeError& error, std::optional<QueryId> id) {
  const int status = http_status(error);
  http::Response response = json_answer(status, status_body(error, id) + "}");
  if (status == 401) response.fields.push_back({"WWW-Authenticate", "Bearer"});
  if (status == 429 || status == 503) response.fields.push_back({"Retry-After", "1"});
  return response;
}

http::Response query_failed(const journal::Entry& entry, bool to_submitter) {
  const Failure failure = entry.failure.value_or(Failure{});
  const int status = to_submitter && failure.category == FailureCategory::timeout ? 408 : 422;
  const snowflake::SnowflakeError error = snowflake::from_failure(failure);
  return json_answer(status, status_body(error, entry.id) + created_on(entry) + status_url(entry.id) + "}");
}

http::Response canceled(QueryId id) {
  return json_answer(200, status_body(snowflake::canceled(), id) + status_url(id) + "}");
}

}  // namespace coatcheck::api::snowflake_sql_api
