#include "api/snowflake/state.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace coatcheck::api::snowflake {

namespace {

namespace json = boost::json;

struct Name {
  std::string_view member;
  std::string SessionState::* field;
};
constexpr std::array names = {
    Name{"database", &SessionState::database},
    Name{"schema", &SessionState::schema},
    Name{"warehouse", &SessionState::warehouse},
    Name{"role", &SessionState::role},
};

Error corrupt() { return {Errc::corrupt, "not the state of a session"}; }

// A text is written as a text, a boolean as a boolean, and a number as an array that holds its digits as a text, so
// that none is lost to a double.
json::value write_value(const ParameterValue& value) {
  switch (value.type) {
    case ParameterValue::Type::text: return json::value(value.text);
    case ParameterValue::Type::number: return json::array{value.text};
    case ParameterValue::Type::boolean: return json::value(value.text == "true");
  }
  return json::value(value.text);
}

std::string text_of(const json::string& text) { return {text.data(), text.size()}; }

Result<ParameterValue> read_value(const json::value& value) {
  using Type = ParameterValue::Type;
  if (const auto* text = value.if_string()) return ParameterValue{Type::text, text_of(*text)};
  if (const bool* yes = value.if_bool()) return ParameterValue{Type::boolean, *yes ? "true" : "false"};
  const auto* digits = value.if_array();
  if (digits == nullptr || digits->size() != 1 || !digits->front().is_string()) return corrupt();
  return ParameterValue{Type::number, text_of(digits->front().get_string())};
}

Result<void, SnowflakeError> too_much(std::string what) { return SnowflakeError{"990002", "53000", std::move(what)}; }

}  // namespace

std::string SessionState::query_tag() const {
  const auto found = parameters.find("QUERY_TAG");
  return found == parameters.end() ? "" : found->second.text;
}

std::string write_state(const SessionState& state) {
  json::object object;
  for (const Name& name : names) {
    const std::string& text = state.*name.field;
    if (!text.empty()) object[name.member] = text;
  }
  if (!state.parameters.empty()) {
    json::object parameters;
    for (const auto& [name, value] : state.parameters) parameters[name] = write_value(value);
    object["parameters"] = std::move(parameters);
  }
  return json::serialize(object);
}

Result<SessionState> read_state(std::string_view text) {
  SessionState state;
  boost::system::error_code problem;
  const json::value document = json::parse(text, problem);
  if (problem || !document.is_object()) return corrupt();
  for (const auto& member : document.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    const auto name = std::ranges::find(names, key, &Name::member);
    if (name != names.end() && member.value().is_string()) {
      state.*name->field = text_of(member.value().get_string());
      continue;
    }
    if (key != "parameters" || !member.value().is_object()) return corrupt();
    for (const auto& parameter : member.value().get_object()) {
      auto value = read_value(parameter.value());
      if (!value) return std::move(value).error();
      state.parameters.emplace(std::string(parameter.key().data(), parameter.key().size()), *std::move(value));
    }
  }
  return state;
}

Result<void, SnowflakeError> check_limits(const SessionState& state) {
  if (state.parameters.size() > state_parameters_max) {
    return too_much(fmt::format("A session has at most {} parameters.", state_parameters_max));
  }
  std::size_t bytes = 0;
  for (const Name& name : names) bytes += (state.*name.field).size();
  for (const auto& [name, value] : state.parameters) bytes += name.size() + value.text.size();
  // What is written down is longer, by quotes and escapes; the limit holds for that.
  if (bytes > state_bytes_max || write_state(state).size() > state_bytes_max) {
    return too_much(fmt::format("What a session has set is at most {} bytes.", state_bytes_max));
  }
  return Result<void, SnowflakeError>::ok();
}

std::string cut_text(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max != 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0U) == 0x80) --bytes_max;
  text.resize(bytes_max);
  return text;
}

std::string parameter_name(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
  return upper;
}

}  // namespace coatcheck::api::snowflake
