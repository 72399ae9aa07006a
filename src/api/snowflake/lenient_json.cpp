#include "api/snowflake/lenient_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <utility>

#include "http/request_coding.hpp"

namespace coatcheck::api::snowflake {

namespace {

namespace json = boost::json;

constexpr std::size_t depth_max = 32;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == text.npos; }

}  // namespace

Result<json::object> read_object(http::Request& request, std::size_t bytes_max) {
  if (auto decoded = http::decode_body(request, bytes_max); !decoded) return std::move(decoded).error();
  if (is_blank(request.body)) return json::object();
  json::parse_options options;
  options.max_depth = depth_max;
  boost::system::error_code error;
  json::value value = json::parse(request.body, error, {}, options);
  if (error) return Error{Errc::invalid_argument, "the body is not JSON: " + error.message()};
  if (value.is_null()) return json::object();
  if (!value.is_object()) return Error{Errc::invalid_argument, "the body must be a JSON object"};
  return std::move(value.get_object());
}

std::optional<std::string> scalar_text(const json::value& value) {
  switch (value.kind()) {
    case json::kind::string: return std::string(value.get_string());
    case json::kind::bool_: return value.get_bool() ? "true" : "false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: return json::serialize(value);
    case json::kind::null:
    case json::kind::array:
    case json::kind::object: break;
  }
  return std::nullopt;
}

std::optional<std::string> scalar_text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value ? scalar_text(*value) : std::nullopt;
}

bool means_yes(std::string_view text) {
  const std::string word = upper_case(text);
  return word == "TRUE" || word == "1" || word == "ON" || word == "YES";
}

const json::object* object_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value ? value->if_object() : nullptr;
}

Settings settings_of(const json::object& object) {
  Settings settings;
  for (const auto& member : object) {
    auto text = scalar_text(member.value());
    if (!text) continue;
    const auto type = member.value().is_bool()     ? ParameterValue::Type::boolean
                      : member.value().is_number() ? ParameterValue::Type::number
                                                   : ParameterValue::Type::text;
    settings[parameter_name(member.key())] = {.type = type, .text = *std::move(text)};
  }
  return settings;
}

std::string upper_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
  return out;
}

}  // namespace coatcheck::api::snowflake
