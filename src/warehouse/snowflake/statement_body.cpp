#include "warehouse/snowflake/statement_body.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/json_text.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr std::size_t tag_bytes_max = 2'000;  // Snowflake takes no longer ones.
constexpr std::int64_t timeout_max_s = 604'800;
constexpr int own_timeout_s = 40;  // Below the 45 s after which Snowflake would not wait for it.

void add(std::string& body, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  append_json_string(body += ',', name);
  append_json_string(body += ':', text);
}

void add_context(std::string& body, const SnowflakeOptions& options) {
  add(body, "database", options.database);
  add(body, "schema", options.schema);
  add(body, "warehouse", options.warehouse);
  add(body, "role", options.role);
}

std::string tag_of(std::string_view query, std::string_view tag, std::string_view traceparent) {
  std::string text = "{\"coatcheck\":";
  append_json_string(text, query);
  add(text, "tag", tag);
  add(text, "traceparent", traceparent);
  return text += '}';
}

}  // namespace

std::string query_tag(const Request& request) {
  const auto query = request.query.to_string();
  auto text = tag_of(query, request.query_tag, request.traceparent);
  if (text.size() > tag_bytes_max) text = tag_of(query, "", request.traceparent);
  if (text.size() > tag_bytes_max) text = tag_of(query, "", "");
  return text;
}

std::string statement_body(const SnowflakeOptions& options, const Request& request, std::string_view bindings) {
  std::string body = "{\"statement\":";
  append_json_string(body, request.statement.text);
  if (request.timeout) {
    // Rounded up: we cancel it ourselves at the moment itself.
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*request.timeout).count();
    body += fmt::format(",\"timeout\":{}", std::clamp<std::int64_t>(seconds, 1, timeout_max_s));
  }
  add_context(body, options);
  if (!bindings.empty()) (body += ",\"bindings\":") += bindings;
  body += ",\"parameters\":{\"timezone\":\"UTC\"";
  add(body, "query_tag", query_tag(request));
  return body += "}}";
}

std::string own_statement_body(const SnowflakeOptions& options, std::string_view statement) {
  std::string body = "{\"statement\":";
  append_json_string(body, statement);
  body += fmt::format(",\"timeout\":{}", own_timeout_s);
  add_context(body, options);
  return body += R"(,"parameters":{"timezone":"UTC","query_tag":"{\"coatcheck\":\"status\"}"}})";
}

}  // namespace coatcheck::warehouse::snowflake
