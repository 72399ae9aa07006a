// GET /monitoring/queries/{id}: how far a query has come, as every driver's status call reads it.
#include <fmt/format.h>

#include "api/snowflake_driver/door.hpp"
#include "api/snowflake_driver/envelope.hpp"
#include "base/json_text.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

// Only states that all drivers read alike: of BLOCKED, ABORTING and RESTARTED each thinks something else.
std::string_view state_text(journal::State state) {
  switch (state) {
    case journal::State::queued: return "QUEUED";
    case journal::State::running:
    case journal::State::canceling: return "RUNNING";
    case journal::State::succeeded: return "SUCCESS";
    case journal::State::failed:
    case journal::State::canceled: return "FAILED_WITH_ERROR";
  }
  return "RUNNING";
}

std::int64_t milliseconds(Timestamp time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

void append_monitored(std::string& out, const journal::Entry& entry, Timestamp now) {
  const Timestamp end = entry.ended_at.value_or(now);
  fmt::format_to(
      std::back_inserter(out),
      R"({{"id":"{}","status":"{}","state":"{}","startTime":{},"endTime":{},"totalDuration":{},"sessionId":{},)"
      R"("warehouseId":1,"warehouseName":)",
      entry.id.to_string(), state_text(entry.state), journal::is_final(entry.state) ? "SUCCEEDED" : "RUNNING",
      milliseconds(entry.submitted_at), entry.ended_at ? milliseconds(*entry.ended_at) : 0,
      milliseconds(end) - milliseconds(entry.submitted_at), entry.submission.session);
  append_json_string(out, entry.submission.warehouse);
  out += R"(,"warehouseExternalSize":null,"warehouseServerType":null,"sqlText":)";
  append_json_string(out, entry.submission.statement.text);
  // gosnowflake takes any error code that is not empty for a failure, and a number for a broken answer.
  if (entry.failure) {
    const snowflake::SnowflakeError error = snowflake::from_failure(*entry.failure);
    out += R"(,"errorCode":)";
    append_json_string(out, error.code);
    out += R"(,"errorMessage":)";
    append_json_string(out, error.message);
  } else {
    out += R"(,"errorCode":null,"errorMessage":null)";
  }
  fmt::format_to(std::back_inserter(out), R"(,"stats":{{"producedRows":{}}}}})", entry.result ? entry.result->rows : 0);
}

// A driver that hears of a query that has not ended sleeps for half a second; most that are young end before that.
constexpr auto young = std::chrono::seconds(1);
constexpr auto short_hold = std::chrono::milliseconds(100);

}  // namespace

async::Task<http::Response> Door::monitoring(SessionPtr session, http::Request request) {
  const auto id = QueryId::parse(request.captures[0]);
  if (!id) {
    http::Response response;
    response.status = 400;
    response.fields = {{"Content-Type", "text/plain; charset=utf-8"}};
    response.body = std::string("the query id is not a UUID.");
    co_return response;
  }
  auto found = co_await service_.status(session->principal(), *id);
  if (found && !journal::is_final(found->entry->state) && clock_.now() - found->entry->submitted_at < young) {
    auto later =
        co_await service_.wait_until_ended(session->principal(), *id, std::chrono::steady_clock::now() + short_hold);
    // Too many may be waiting already: then what is known is told.
    if (later) found = std::move(later);
  }
  if (!found && found.error().code != Errc::not_found) co_return trouble(snowflake::from_error(found.error()));
  std::string data = R"({"queries":[)";
  if (found) append_monitored(data, *found->entry, clock_.now());
  data += "]}";
  co_return success(data);
}

}  // namespace coatcheck::api::snowflake_driver
