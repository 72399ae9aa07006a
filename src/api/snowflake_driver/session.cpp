// The life of a driver's session: login, renewal of its tokens, heartbeat, end; and telemetry, which is dropped.
#include <fmt/format.h>
#include <boost/json/object.hpp>

#include "api/snowflake/lenient_json.hpp"
#include "api/snowflake_driver/door.hpp"
#include "api/snowflake_driver/envelope.hpp"
#include "base/json_text.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

namespace json = boost::json;

constexpr std::size_t login_bytes_max = std::size_t{256} << 10;
constexpr std::string_view version_text = "9.0.0";  // Of Snowflake's server: drivers compare it with what they need.

std::string text_or_none(const json::object& object, std::string_view name) {
  return snowflake::scalar_text(object, name).value_or("");
}

// What of the session the login asks for: in the address, and among the settings.
snowflake::SessionState state_asked(const http::Request& request, const json::object& data) {
  snowflake::SessionState state;
  if (const auto parameters = request.parameters()) {
    for (const auto& [name, value] : *parameters) {
      if (name == "databaseName") state.database = value;
      if (name == "schemaName") state.schema = value;
      if (name == "warehouse") state.warehouse = value;
      if (name == "roleName") state.role = value;
    }
  }
  if (const json::object* settings = snowflake::object_member(data, "SESSION_PARAMETERS")) {
    state.parameters = snowflake::settings_of(*settings);
  }
  return state;
}

void append_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

}  // namespace

async::Task<http::Response> Door::login_request(http::Request request) {
  auto body = snowflake::read_object(request, login_bytes_max);
  if (!body) co_return refused(snowflake::invalid_payload());
  static const json::object nothing;
  const json::object* member = snowflake::object_member(*body, "data");
  const json::object& data = member ? *member : nothing;

  const snowflake::Credentials credentials{.authenticator = text_or_none(data, "AUTHENTICATOR"),
                                           .login_name = text_or_none(data, "LOGIN_NAME"),
                                           .password = text_or_none(data, "PASSWORD"),
                                           .token = text_or_none(data, "TOKEN")};
  auto identity = login_.enter(credentials, request.peer);
  if (!identity) co_return trouble(identity.error());
  const std::string name = identity->principal.name;

  snowflake::SessionState state = state_asked(request, data);
  const snowflake::SessionState shown = state;
  auto tokens = co_await sessions_.login(*std::move(identity), std::move(state));
  if (!tokens) co_return trouble(tokens.error());

  std::string out = fmt::format(
      R"({{"masterToken":"{}","token":"{}","validityInSeconds":{},"masterValidityInSeconds":{},"sessionId":{},)"
      R"("displayUserName":)",
      tokens->master_token, tokens->session_token, tokens->session_token_life.count(),
      tokens->master_token_life.count(), tokens->session_id);
  append_json_string(out, snowflake::upper_case(name));
  out += fmt::format(R"(,"serverVersion":"{}","firstLogin":false,"remMeToken":null,"remMeValidityInSeconds":0,)"
                     R"("healthCheckInterval":45,"newClientForUpgrade":null,"parameters":)",
                     version_text);
  out += parameters_json(shown.parameters);
  out += R"(,"sessionInfo":{"databaseName":)";
  append_or_null(out, shown.database);
  out += R"(,"schemaName":)";
  append_or_null(out, shown.schema);
  out += R"(,"warehouseName":)";
  append_or_null(out, shown.warehouse);
  out += R"(,"roleName":)";
  append_json_string(out, shown.role.empty() ? "PUBLIC" : std::string_view(shown.role));
  out += R"(},"idToken":null,"idTokenValidityInSeconds":0,"responseData":null,"mfaToken":null,)"
         R"("mfaTokenValidityInSeconds":0})";
  co_return success(out);
}

async::Task<http::Response> Door::token_request(http::Request request) {
  auto body = snowflake::read_object(request, login_bytes_max);
  if (!body) co_return refused(snowflake::invalid_payload());
  std::string authorization = request.field("Authorization");
  std::string old_token = text_or_none(*body, "oldSessionToken");
  auto tokens = co_await sessions_.renew(std::move(authorization), std::move(old_token));
  if (!tokens) co_return trouble(tokens.error());
  co_return success(fmt::format(R"({{"sessionToken":"{}","validityInSecondsST":{},"masterToken":"{}",)"
                                R"("validityInSecondsMT":{},"sessionId":{}}})",
                                tokens->session_token, tokens->session_token_life.count(), tokens->master_token,
                                tokens->master_token_life.count(), tokens->session_id));
}

async::Task<http::Response> Door::heartbeat(SessionPtr, http::Request) { co_return success("null"); }

// Ends the session, not its queries: what was accepted goes on, whoever leaves. Snowflake cancels it instead.
async::Task<http::Response> Door::session_end(SessionPtr session, http::Request request) {
  bool is_delete = false;
  if (const auto parameters = request.parameters()) {
    for (const auto& [name, value] : *parameters)
      is_delete = is_delete || (name == "delete" && snowflake::means_yes(value));
  }
  if (is_delete) {
    auto closed = co_await sessions_.close(std::move(session));
    if (!closed) co_return trouble(closed.error());
  }
  co_return success("null");
}

// Taken, so that drivers do not try again, and dropped.
async::Task<http::Response> Door::telemetry_send(http::Request) { co_return success("null"); }

}  // namespace coatcheck::api::snowflake_driver
