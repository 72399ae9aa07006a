#include "api/snowflake_driver/door.hpp"

#include <utility>

namespace coatcheck::api::snowflake_driver {

namespace {

constexpr std::size_t statement_body_bytes_max = std::size_t{16} << 20;  // As sent; array bindings are long.
constexpr std::size_t small_body_bytes_max = std::size_t{64} << 10;
constexpr std::size_t telemetry_body_bytes_max = std::size_t{4} << 20;

}  // namespace

Door::Door(query::Service& service, snowflake::Sessions& sessions, snowflake::Login& login, async::Pool& encoding,
           telemetry::Registry& registry, const Clock& clock, Limits limits)
    : service_(service),
      sessions_(sessions),
      login_(login),
      encoding_(encoding),
      registry_(registry),
      clock_(clock),
      limits_(limits) {}

void Door::add_routes(http::Router& router) {
  using http::Verb;
  struct Line {
    Verb verb;
    const char* pattern;
    Endpoint endpoint;
    std::size_t body_bytes_max = 0;
    bool waits = false;
  };
  const Line lines[] = {
      {Verb::post, "/session/heartbeat", &Door::heartbeat, small_body_bytes_max},
      {Verb::post, "/session", &Door::session_end, small_body_bytes_max},
      {Verb::post, "/queries/v1/query-request", &Door::query_request, statement_body_bytes_max, true},
      {Verb::post, "/queries/v1/abort-request", &Door::abort_by_request, statement_body_bytes_max},
      {Verb::post, "/queries/{id}/abort-request", &Door::abort_by_id, small_body_bytes_max},
      {Verb::get, "/queries/{id}/result", &Door::result, 0, true},
      {Verb::get, "/monitoring/queries/{id}", &Door::monitoring, 0, true},
      {Verb::get, "/monitoring/queries//{id}", &Door::monitoring, 0,
       true},  // As the drivers on the common core spell it.
  };
  for (const Line& line : lines) {
    router.add({.verb = line.verb,
                .pattern = line.pattern,
                .handle = [this, endpoint = line.endpoint](
                              http::Request request) { return enter(endpoint, std::move(request)); },
                .body_bytes_max = line.body_bytes_max,
                .waits = line.waits});
  }

  struct OpenLine {
    Verb verb;
    const char* pattern;
    async::Task<http::Response> (Door::*endpoint)(http::Request);
    std::size_t body_bytes_max = 0;
  };
  const OpenLine open_lines[] = {
      {Verb::post, "/session/v1/login-request", &Door::login_request, small_body_bytes_max},
      {Verb::post, "/session/token-request", &Door::token_request, small_body_bytes_max},
      {Verb::post, "/telemetry/send", &Door::telemetry_send, telemetry_body_bytes_max},
      {Verb::get, "/queries/{id}/chunks/{rows}", &Door::chunk},
  };
  for (const OpenLine& line : open_lines) {
    router.add({.verb = line.verb,
                .pattern = line.pattern,
                .handle = [this, endpoint = line.endpoint](
                              http::Request request) { return (this->*endpoint)(std::move(request)); },
                .body_bytes_max = line.body_bytes_max});
  }
}

async::Task<http::Response> Door::enter(Endpoint endpoint, http::Request request) {
  std::string authorization = request.field("Authorization");
  auto session = co_await sessions_.enter(std::move(authorization));
  if (!session) co_return trouble(session.error());
  co_return co_await (this->*endpoint)(*std::move(session), std::move(request));
}

ResultSetAsked Door::wanted_by(const snowflake::Session& session, const http::Request& request,
                               const snowflake::Settings& settings) const {
  const snowflake::SessionState& state = session.state();
  return {
      .format = format_for(request, settings),
      .names = {.database = state.database, .schema = state.schema, .warehouse = state.warehouse, .role = state.role},
      .session_settings = settings};
}

http::Response trouble(const snowflake::SnowflakeError& error) {
  if (error.http_status != 0) return come_again(static_cast<int>(error.http_status), error.message);
  return refused(error);
}

}  // namespace coatcheck::api::snowflake_driver
