// POST /queries/v1/abort-request and /queries/{id}/abort-request: cancel, by the driver's name for its request or by
// id.
#include <boost/json/object.hpp>

#include "api/snowflake/lenient_json.hpp"
#include "api/snowflake/request_key.hpp"
#include "api/snowflake_driver/door.hpp"
#include "api/snowflake_driver/envelope.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

constexpr std::size_t body_bytes_max = std::size_t{16} << 20;  // It repeats the statement.

}  // namespace

async::Task<http::Response> Door::abort(SessionPtr session, QueryId id) {
  auto found = co_await service_.status(session->principal(), id);
  const bool is_running = found && !journal::is_final(found->entry->state);
  if (!is_running) {
    if (!found && found.error().code != Errc::not_found) co_return trouble(snowflake::from_error(found.error()));
    co_return query_failed(snowflake::not_executing(), std::nullopt);
  }
  auto canceled = co_await service_.cancel(session->principal(), id);
  if (!canceled) co_return trouble(snowflake::from_error(canceled.error()));
  co_return success("null");
}

async::Task<http::Response> Door::abort_by_request(SessionPtr session, http::Request request) {
  auto body = snowflake::read_object(request, body_bytes_max);
  if (!body) co_return refused(snowflake::invalid_payload());
  const std::string request_id = snowflake::scalar_text(*body, "requestId").value_or("");
  if (request_id.empty()) co_return refused(snowflake::invalid_payload());
  std::string key = snowflake::request_key(request_id);
  auto found = co_await service_.find_by_key(session->principal(), std::move(key));
  if (!found) {
    if (found.error().code != Errc::not_found) co_return trouble(snowflake::from_error(found.error()));
    co_return query_failed(snowflake::not_executing(), std::nullopt);
  }
  co_return co_await abort(std::move(session), found->entry->id);
}

async::Task<http::Response> Door::abort_by_id(SessionPtr session, http::Request request) {
  const auto id = QueryId::parse(request.captures[0]);
  if (!id) co_return query_failed(snowflake::not_executing(), std::nullopt);
  co_return co_await abort(std::move(session), *id);
}

}  // namespace coatcheck::api::snowflake_driver
