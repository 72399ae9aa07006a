#include "api/snowflake_sql_api/statement_asked.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include "api/snowflake/lenient_json.hpp"
#include "api/snowflake/statement_type.hpp"
#include "http/field_text.hpp"
#include "http/media_type.hpp"
#include "scan/tokenizer.hpp"

namespace coatcheck::api::snowflake_sql_api {

namespace {

using snowflake::Settings;
using snowflake::SnowflakeError;
using Checked = Result<void, SnowflakeError>;

constexpr std::size_t body_bytes_max = std::size_t{16} << 20;  // Inflated: bindings are long.
constexpr std::size_t request_id_bytes_max = 128;
constexpr std::uint64_t timeout_max_s = 604'800;  // Snowflake's own.

SnowflakeError bad_request(std::string_view why) {
  SnowflakeError error = snowflake::invalid_payload();
  error.message.pop_back();
  error.message += fmt::format(": {}.", why);
  return error;
}

bool means_no(std::string_view text) {
  const std::string word = snowflake::upper_case(text);
  return word == "FALSE" || word == "0" || word == "OFF" || word == "NO";
}

std::optional<std::uint64_t> read_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, trouble] = std::from_chars(text.data(), end, number);
  if (trouble != std::errc{} || rest != end) return std::nullopt;
  return number;
}

// What the address says: names without regard to case, as clients write them in their own ways.
Checked read_address(const http::Request& request, StatementAsked& asked) {
  auto parameters = request.parameters();
  if (!parameters) return bad_request("the address cannot be read");
  for (auto& [name, value] : *parameters) {
    if (http::equal_without_case(name, "async")) {
      asked.asynchronous = snowflake::means_yes(value);
    } else if (http::equal_without_case(name, "nullable")) {
      asked.form.nullable = !means_no(value);
    } else if (http::equal_without_case(name, "requestId") || http::equal_without_case(name, "request_id")) {
      const bool is_name = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
      if (value.size() > request_id_bytes_max || !is_name) return bad_request("the requestId cannot be one");
      asked.request_id = std::move(value);
    }
  }
  return Checked::ok();
}

Checked read_text(const boost::json::object& body, const Limits& limits, StatementAsked& asked) {
  const boost::json::value* text = body.if_contains("statement");
  if (!text || !text->is_string()) return bad_request("there is no statement");
  asked.text = std::string(text->get_string());
  if (asked.text.size() > limits.statement_bytes_max) {
    return bad_request(fmt::format("the statement is longer than {} bytes", limits.statement_bytes_max));
  }
  if (asked.text.find('\0') != std::string::npos) return bad_request("the statement holds a NUL character");
  if (asked.text.find_first_not_of(" \t\r\n;") == std::string::npos) {
    return SnowflakeError{
        .code = "000900", .sqlstate = "42601", .message = "SQL compilation error:\nEmpty SQL statement."};
  }
  return Checked::ok();
}

Checked read_bindings(const boost::json::object& body, StatementAsked& asked) {
  const boost::json::value* given = body.if_contains("bindings");
  if (!given || given->is_null()) return Checked::ok();
  auto bindings = snowflake::read_bindings(*given);
  if (!bindings) return std::move(bindings).error();
  asked.bindings = *std::move(bindings);
  return Checked::ok();
}

std::optional<std::string> setting(const Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  return found->second.text;
}

Checked read_limits(const boost::json::object& body, StatementAsked& asked) {
  const Settings& settings = asked.state.parameters;
  auto timeout = snowflake::scalar_text(body, "timeout");
  if (!timeout) timeout = setting(settings, "STATEMENT_TIMEOUT_IN_SECONDS");
  if (timeout) {
    const auto seconds = read_number(*timeout);
    if (!seconds) return bad_request("the timeout must be a whole number of seconds");
    asked.timeout = std::chrono::seconds(std::min(*seconds, timeout_max_s));
  }
  if (const auto rows = setting(settings, "ROWS_PER_RESULTSET")) {
    const auto count = read_number(*rows);
    if (!count) return bad_request("rows_per_resultset must be a whole number");
    if (*count != 0) asked.row_limit = *count;
  }
  return Checked::ok();
}

Checked read_session(const boost::json::object& body, const Limits& limits, StatementAsked& asked) {
  snowflake::SessionState& state = asked.state;
  state.database = snowflake::scalar_text(body, "database").value_or("");
  state.schema = snowflake::scalar_text(body, "schema").value_or("");
  state.warehouse = snowflake::scalar_text(body, "warehouse").value_or("");
  state.role = snowflake::scalar_text(body, "role").value_or("");
  if (const auto* settings = snowflake::object_member(body, "parameters")) {
    state.parameters = snowflake::settings_of(*settings);
  }
  if (auto within = snowflake::check_limits(state); !within) return within;
  asked.query_tag = snowflake::cut_text(state.query_tag(), limits.query_tag_bytes_max);
  return Checked::ok();
}

}  // namespace

bool is_json(const http::Request& request) {
  const std::string type = request.field("Content-Type");
  if (type.empty()) return true;
  const auto media = http::parse_media_type(type);
  return media && media->name == "application/json" && (media->charset.empty() || media->charset == "utf-8");
}

Result<StatementAsked, SnowflakeError> read_statement(http::Request& request, const Limits& limits) {
  auto body = snowflake::read_object(request, body_bytes_max);
  if (!body) return bad_request(body.error().message);
  StatementAsked asked;
  if (auto read = read_address(request, asked); !read) return std::move(read).error();
  if (auto read = read_text(*body, limits, asked); !read) return std::move(read).error();
  if (auto read = read_session(*body, limits, asked); !read) return std::move(read).error();
  if (auto read = read_limits(*body, asked); !read) return std::move(read).error();
  const auto count = snowflake::statement_count(asked.text, asked.state.parameters);
  if (!count) return count.error();
  asked.is_script = *count > 1;
  if (auto read = read_bindings(*body, asked); !read) return std::move(read).error();
  if (asked.is_script && !asked.bindings.empty()) return snowflake::unsupported("bindings to several statements");
  return asked;
}

Result<std::size_t, SnowflakeError> read_partition(const http::Request& request) {
  auto parameters = request.parameters();
  if (!parameters) return bad_request("the address cannot be read");
  for (const auto& [name, value] : *parameters) {
    if (!http::equal_without_case(name, "partition") || value.empty()) continue;
    const auto number = read_number(value);
    if (!number) return bad_request("the partition must be a whole number");
    return static_cast<std::size_t>(*number);
  }
  return std::size_t{0};
}

}  // namespace coatcheck::api::snowflake_sql_api
