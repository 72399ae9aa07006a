#include "api/snowflake_sql_api/door.hpp"

#include <string_view>
#include <utility>

#include "api/snowflake_sql_api/answers.hpp"
#include "http/field_text.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

constexpr std::size_t statement_body_bytes_max = std::size_t{16} << 20;  // As sent; bindings are long.
constexpr std::size_t small_body_bytes_max = std::size_t{64} << 10;
constexpr std::size_t session_answers_max = 200;
constexpr std::size_t first_answers_bytes_max = std::size_t{4} << 20;

// What is behind "Bearer "; nothing if the field is something else.
std::string_view bearer_token(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == authorization.npos || !http::equal_without_case(authorization.substr(0, space), "bearer")) return {};
  return http::trim(authorization.substr(space));
}

}  // namespace

Door::Door(query::Service& service, snowflake::Login& login, async::Pool& encoding, telemetry::Registry& registry,
           const Clock& clock, Limits limits)
    : service_(service),
      login_(login),
      encoding_(encoding),
      registry_(registry),
      clock_(clock),
      limits_(limits),
      session_answers_(session_answers_max),
      first_answers_(first_answers_bytes_max) {}

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
      {Verb::post, "/api/v2/statements", &Door::submit, statement_body_bytes_max, true},
      {Verb::get, "/api/v2/statements/{handle}", &Door::status},
      {Verb::post, "/api/v2/statements/{handle}/cancel", &Door::cancel, small_body_bytes_max},
  };
  for (const Line& line : lines) {
    router.add({.verb = line.verb,
                .pattern = line.pattern,
                .handle = [this, endpoint = line.endpoint](
                              http::Request request) { return enter(endpoint, std::move(request)); },
                .body_bytes_max = line.body_bytes_max,
                .waits = line.waits});
  }
}

async::Task<http::Response> Door::enter(Endpoint endpoint, http::Request request) {
  auto asker = identify(request);
  if (!asker) co_return refuse(asker.error());
  co_return co_await (this->*endpoint)(*std::move(asker), std::move(request));
}

Result<Door::Asker, snowflake::SnowflakeError> Door::identify(const http::Request& request) {
  const std::string authorization = request.field("Authorization");
  const std::string_view token = bearer_token(authorization);
  // Who sends none has not tried to come in, and is not counted as one who tried in vain.
  if (token.empty() && !login_.lets_everybody_in()) return snowflake::missing_token();
  auto identity = login_.enter_bearer(token, request.field("X-Snowflake-Authorization-Token-Type"), request.peer);
  if (!identity) return std::move(identity).error();
  return std::move(identity->principal);
}

http::Response Door::refuse(const snowflake::SnowflakeError& error, std::optional<QueryId> id) const {
  if (!id && http_status(error) == 422) id = make_query_id(clock_.now());
  return refusal(error, id);
}

}  // namespace coatcheck::api::snowflake_sql_api
