#include "api/native/submit_body.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <utility>

#include "api/native/json_body.hpp"
#include "http/prefer.hpp"

namespace coatcheck::api::native {

namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 255;
// A whole number past this is not exact as a double, which is what a JSON number becomes then.
constexpr double exact_double_max = 9007199254740992.0;

// Version, trace id, parent id and flags in hexadecimal (W3C Trace Context, section 3.2). Anything else is to be
// ignored.
bool is_traceparent(std::string_view text) {
  constexpr std::string_view shape = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i != shape.size(); ++i) {
    const bool is_hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (shape[i] == 'x' ? !is_hex : text[i] != '-') return false;
  }
  return true;
}

Result<Parameter::Value> parameter_value(const json::value& value, const std::string& path) {
  switch (value.kind()) {
    case json::kind::null: return Parameter::Value();
    case json::kind::bool_: return Parameter::Value(value.get_bool());
    case json::kind::int64: return Parameter::Value(value.get_int64());
    case json::kind::uint64: return Parameter::Value(value.get_uint64());
    case json::kind::double_: {
      const double number = value.get_double();
      // The parser makes NaN and infinity of exponents that are out of range.
      if (!std::isfinite(number)) return Error{Errc::invalid_argument, "is out of the range of a JSON number", path};
      if (std::abs(number) > exact_double_max && std::trunc(number) == number) {
        return Error{Errc::invalid_argument,
                     "is too large to be exact as a JSON number: send it as a string, with its type", path};
      }
      return Parameter::Value(number);
    }
    case json::kind::string: return Parameter::Value(std::string(value.get_string().data(), value.get_string().size()));
    case json::kind::array:
    case json::kind::object: break;
  }
  return Error{Errc::invalid_argument, "must be a string, a number, a boolean or null", path};
}

Result<Parameter> parameter_object(const json::object& object, const std::string& path) {
  auto known = only_known(object, {"name", "type", "value"}, path);
  if (!known) return std::move(known).error();
  auto name = text_member(object, "name", path, name_bytes_max);
  if (!name) return std::move(name).error();
  auto type = text_member(object, "type", path, name_bytes_max);
  if (!type) return std::move(type).error();
  const json::value* given = object.if_contains("value");
  if (!given) return Error{Errc::invalid_argument, "is missing", member_path(path, "value")};
  auto value = parameter_value(*given, member_path(path, "value"));
  if (!value) return std::move(value).error();
  if (*name && (*name)->empty()) return Error{Errc::invalid_argument, "must not be empty", member_path(path, "name")};
  return Parameter{.name = name->value_or(""), .type = type->value_or(""), .value = *std::move(value)};
}

Result<std::vector<Parameter>> parameters_member(const json::object& body, const Limits& limits) {
  std::vector<Parameter> parameters;
  std::set<std::string> names;
  const json::value* given = body.if_contains("parameters");
  if (!given || given->is_null()) return parameters;
  if (!given->is_array()) return Error{Errc::invalid_argument, "must be an array", "parameters"};
  const json::array& array = given->get_array();
  if (array.size() > limits.parameters_max) {
    return Error{Errc::invalid_argument, "may have at most " + std::to_string(limits.parameters_max) + " entries",
                 "parameters"};
  }
  for (std::size_t i = 0; i != array.size(); ++i) {
    const std::string path = "parameters[" + std::to_string(i) + "]";
    if (const json::object* object = array[i].if_object()) {
      auto parameter = parameter_object(*object, path);
      if (!parameter) return std::move(parameter).error();
      parameters.push_back(*std::move(parameter));
    } else {
      auto value = parameter_value(array[i], path);
      if (!value) return std::move(value).error();
      parameters.push_back({.value = *std::move(value)});
    }
    if (parameters.back().name.empty() != parameters.front().name.empty()) {
      return Error{Errc::invalid_argument, "parameters are all positional or all named", path};
    }
    if (!parameters.back().name.empty() && !names.insert(parameters.back().name).second) {
      return Error{Errc::invalid_argument, "this name is given more than once", member_path(path, "name")};
    }
  }
  return parameters;
}

Result<std::optional<std::chrono::milliseconds>> duration_member(const json::object& body, std::string_view name) {
  auto text = text_member(body, name, {}, 64);
  if (!text) return std::move(text).error();
  if (!*text) return std::optional<std::chrono::milliseconds>();
  auto duration = parse_duration(**text);
  if (!duration) return Error{Errc::invalid_argument, duration.error().message, std::string(name)};
  return std::optional(*duration);
}

// A fingerprint of all that was asked for: the body as it was sent.
std::string fingerprint_of(const std::string& body) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<std::string> idempotency_key(const http::Request& request, const Limits& limits) {
  const std::string key = request.field("Idempotency-Key");
  if (!request.has("Idempotency-Key")) return std::string();
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (key.empty() || key.size() > limits.idempotency_key_bytes_max || !printable) {
    return Error{Errc::invalid_argument,
                 "must be 1 to " + std::to_string(limits.idempotency_key_bytes_max) + " printable ASCII characters",
                 "Idempotency-Key"};
  }
  return key;
}

Result<std::chrono::milliseconds> wait_asked(const http::Request& request, const json::object& body,
                                             const Limits& limits) {
  auto wait = duration_member(body, "wait");
  if (!wait) return std::move(wait).error();
  if (*wait && **wait > limits.wait_max)
    return Error{Errc::invalid_argument, "may be at most " + to_string(limits.wait_max), "wait"};
  if (*wait) return **wait;
  // A preference is a wish: what goes too far is cut, not refused.
  const http::Preferences preferred = http::parse_prefer(request.field("Prefer"));
  if (!preferred.wait) return std::chrono::milliseconds(0);
  return std::min<std::chrono::milliseconds>(*preferred.wait, limits.wait_max);
}

Result<int> priority(const json::object& body) {
  const json::value* given = body.if_contains("priority");
  if (!given || given->is_null()) return 0;
  const std::int64_t* number = given->if_int64();
  if (!number || *number < journal::priority_min || *number > journal::priority_max) {
    return Error{Errc::invalid_argument,
                 "must be a whole number from " + std::to_string(journal::priority_min) + " to " +
                     std::to_string(journal::priority_max),
                 "priority"};
  }
  return static_cast<int>(*number);
}

Result<bool> cancel_on_wait_timeout(const json::object& body) {
  auto choice = text_member(body, "on_wait_timeout", {}, 64);
  if (!choice) return std::move(choice).error();
  if (!*choice || **choice == "continue") return false;
  if (**choice == "cancel") return true;
  return Error{Errc::invalid_argument, "must be \"continue\" or \"cancel\"", "on_wait_timeout"};
}

}  // namespace

Result<SubmitBody> read_submit_body(const http::Request& request, const Limits& limits) {
  auto body = read_json_body(request);
  if (!body) return std::move(body).error();
  auto known = only_known(*body,
                          {"statement", "warehouse", "parameters", "wait", "on_wait_timeout", "timeout", "row_limit",
                           "query_tag", "result_ttl", "priority"},
                          {});
  if (!known) return std::move(known).error();

  SubmitBody asked;
  journal::Submission& submission = asked.submission;

  auto statement = text_member(*body, "statement", {}, limits.statement_bytes_max);
  if (!statement) return std::move(statement).error();
  if (!*statement) return Error{Errc::invalid_argument, "is missing", "statement"};
  if ((*statement)->find_first_not_of(" \t\r\n;") == std::string::npos)
    return Error{Errc::invalid_argument, "must not be empty", "statement"};
  submission.statement.text = **std::move(statement);

  auto parameters = parameters_member(*body, limits);
  if (!parameters) return std::move(parameters).error();
  submission.statement.parameters = *std::move(parameters);

  auto warehouse = text_member(*body, "warehouse", {}, name_bytes_max);
  if (!warehouse) return std::move(warehouse).error();
  submission.warehouse = warehouse->value_or("");

  auto timeout = duration_member(*body, "timeout");
  if (!timeout) return std::move(timeout).error();
  if (*timeout && (*timeout)->count() == 0)
    return Error{Errc::invalid_argument, "must be longer than nothing", "timeout"};
  submission.timeout = *timeout;

  auto row_limit = whole_member(*body, "row_limit", {}, 1, INT64_MAX);
  if (!row_limit) return std::move(row_limit).error();
  submission.row_limit = *row_limit;

  auto query_tag = text_member(*body, "query_tag", {}, limits.query_tag_bytes_max);
  if (!query_tag) return std::move(query_tag).error();
  submission.query_tag = query_tag->value_or("");

  auto result_ttl = duration_member(*body, "result_ttl");
  if (!result_ttl) return std::move(result_ttl).error();
  if (*result_ttl && (*result_ttl)->count() == 0)
    return Error{Errc::invalid_argument, "must be longer than nothing", "result_ttl"};
  submission.result_ttl = result_ttl->value_or(std::chrono::milliseconds(0));

  auto urgency = priority(*body);
  if (!urgency) return std::move(urgency).error();
  submission.priority = *urgency;

  auto wait = wait_asked(request, *body, limits);
  if (!wait) return std::move(wait).error();
  asked.wait = *wait;
  auto cancels = cancel_on_wait_timeout(*body);
  if (!cancels) return std::move(cancels).error();
  asked.cancel_on_wait_timeout = *cancels;

  auto key = idempotency_key(request, limits);
  if (!key) return std::move(key).error();
  submission.idempotency_key = *std::move(key);
  submission.fingerprint = fingerprint_of(request.body);
  if (const auto parent = request.field("traceparent"); is_traceparent(parent)) submission.traceparent = parent;
  return asked;
}

}  // namespace coatcheck::api::native
