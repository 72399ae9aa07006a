#include "api/snowflake_driver/statement_asked.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/snowflake/bindings.hpp"
#include "api/snowflake/lenient_json.hpp"

namespace coatcheck::api::snowflake_driver {

namespace {

using snowflake::Settings;
using snowflake::SnowflakeError;

constexpr std::size_t body_bytes_max = std::size_t{16} << 20;  // Inflated: array bindings are long.
constexpr std::size_t request_id_bytes_max = 128;

SnowflakeError bad_request(std::string message) {
  SnowflakeError error = snowflake::invalid_payload();
  error.message = std::move(message);
  return error;
}

// The driver's name for its request, under either spelling.
Result<std::string, SnowflakeError> request_id_of(const http::Request& request) {
  auto parameters = request.parameters();
  if (!parameters) return bad_request("The address of the request cannot be read.");
  for (auto& [name, value] : *parameters) {
    if (name != "requestId" && name != "request_id") continue;
    const bool is_name = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (value.size() > request_id_bytes_max || !is_name) return bad_request("The requestId cannot be one.");
    return std::move(value);
  }
  return std::string();
}

}  // namespace

Result<StatementAsked, SnowflakeError> read_statement(http::Request& request, const Limits& limits) {
  auto body = snowflake::read_object(request, body_bytes_max);
  if (!body) return bad_request(body.error().message);
  StatementAsked asked;
  auto request_id = request_id_of(request);
  if (!request_id) return std::move(request_id).error();
  asked.request_id = *std::move(request_id);

  const boost::json::value* text = body->if_contains("sqlText");
  if (!text || !text->is_string()) return bad_request("The request holds no sqlText.");
  asked.text = std::string(text->get_string());
  if (asked.text.size() > limits.statement_bytes_max) {
    return bad_request("The statement is longer than the " + std::to_string(limits.statement_bytes_max) +
                       " bytes allowed.");
  }
  if (asked.text.find('\0') != std::string::npos) return bad_request("The statement holds a NUL character.");
  if (asked.text.find_first_not_of(" \t\r\n;") == std::string::npos)
    return SnowflakeError{
        .code = "000900", .sqlstate = "42601", .message = "SQL compilation error:\nEmpty SQL statement."};

  asked.asynchronous = snowflake::means_yes(snowflake::scalar_text(*body, "asyncExec").value_or(""));
  asked.describe_only = snowflake::means_yes(snowflake::scalar_text(*body, "describeOnly").value_or(""));
  if (const auto* settings = snowflake::object_member(*body, "parameters")) {
    asked.settings = snowflake::settings_of(*settings);
  }
  if (const boost::json::value* given = body->if_contains("bindings"); given && !given->is_null()) {
    auto bindings = snowflake::read_bindings(*given);
    if (!bindings) return std::move(bindings).error();
    asked.bindings = *std::move(bindings);
  }
  return asked;
}

RowFormat format_for(const http::Request& request, const Settings& settings) {
  for (const auto& [name, value] : settings) {
    if (!name.ends_with("_QUERY_RESULT_FORMAT")) continue;
    return snowflake::upper_case(value.text).starts_with("ARROW") ? RowFormat::arrow : RowFormat::json;
  }
  // JDBC would take Arrow too, but on a JVM that was not started with --add-opens it fails at the first row.
  const std::string agent = request.field("User-Agent");
  return agent.starts_with("PythonConnector") || agent.starts_with("Go/") ? RowFormat::arrow : RowFormat::json;
}

std::optional<std::chrono::milliseconds> timeout_of(const Settings& settings) {
  const auto at = settings.find("STATEMENT_TIMEOUT_IN_SECONDS");
  if (at == settings.end()) return std::nullopt;
  const std::string& text = at->second.text;
  std::uint32_t seconds = 0;
  const auto [rest, trouble] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (trouble != std::errc{} || seconds == 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace coatcheck::api::snowflake_driver
