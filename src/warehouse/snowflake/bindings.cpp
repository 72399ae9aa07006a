#include "warehouse/snowflake/bindings.hpp"

#include <arrow/util/base64.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/json_text.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/moment.hpp"
#include "warehouse/snowflake/value.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

// The text of a value in the SQL API's form, or nothing if it is no such value.
using Written = std::optional<std::string>;

Written write_text(const std::string& text) { return text; }

Written write_fixed(const std::string& text) {
  if (!is_decimal(text.starts_with('+') ? std::string_view(text).substr(1) : text)) return std::nullopt;
  return text;
}

Written write_real(const std::string& text) {
  if (!read_real(text)) return std::nullopt;
  return text;
}

Written write_boolean(const std::string& text) {
  const auto value = read_boolean(text);
  if (!value) return std::nullopt;
  return *value ? "true" : "false";
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(c));
  return hex;
}

Written write_base64(const std::string& text) {
  const auto bytes = arrow::util::base64_decode(text);
  if (!bytes.ok()) return std::nullopt;
  return hex_of(*bytes);
}

Written write_hex(const std::string& text) {
  std::string bytes;
  if (!read_hex(text, bytes)) return std::nullopt;
  return hex_of(bytes);
}

Written write_date(const std::string& text) {
  const auto date = read_date(text);
  if (!date) return std::nullopt;
  return fmt::format("{}", date->seconds * 1000);
}

Written write_time(const std::string& text) {
  const auto time = read_time(text);
  if (!time) return std::nullopt;
  return nanoseconds_text(time->seconds, time->nanoseconds);
}

// Of an instant, in UTC.
std::string nanoseconds_of(const Moment& moment) {
  return nanoseconds_text(moment.seconds - moment.offset_minutes.value_or(0) * 60, moment.nanoseconds);
}

// As a clock on a wall shows it: there is no offset to it.
Written write_wall_clock(const std::string& text) {
  const auto moment = read_timestamp(text);
  if (!moment || moment->offset_minutes) return std::nullopt;
  return nanoseconds_text(moment->seconds, moment->nanoseconds);
}

Written write_instant(const std::string& text) {
  const auto moment = read_timestamp(text);
  if (!moment) return std::nullopt;
  return nanoseconds_of(*moment);
}

Written write_zoned(const std::string& text) {
  const auto moment = read_timestamp(text);
  if (!moment) return std::nullopt;
  return fmt::format("{} {}", nanoseconds_of(*moment), moment->offset_minutes.value_or(0) + 1440);
}

struct Type {
  std::string_view name;
  std::string_view binding;
  Written (*write)(const std::string&);
};

constexpr std::array types = {
    Type{"FIXED", "FIXED", write_fixed},
    Type{"NUMBER", "FIXED", write_fixed},
    Type{"DECIMAL", "FIXED", write_fixed},
    Type{"NUMERIC", "FIXED", write_fixed},
    Type{"INT", "FIXED", write_fixed},
    Type{"INTEGER", "FIXED", write_fixed},
    Type{"BIGINT", "FIXED", write_fixed},
    Type{"SMALLINT", "FIXED", write_fixed},
    Type{"TINYINT", "FIXED", write_fixed},
    Type{"BYTEINT", "FIXED", write_fixed},
    Type{"HUGEINT", "FIXED", write_fixed},
    Type{"UBIGINT", "FIXED", write_fixed},
    Type{"REAL", "REAL", write_real},
    Type{"FLOAT", "REAL", write_real},
    Type{"FLOAT4", "REAL", write_real},
    Type{"FLOAT8", "REAL", write_real},
    Type{"DOUBLE", "REAL", write_real},
    Type{"DECFLOAT", "DECFLOAT", write_real},
    Type{"TEXT", "TEXT", write_text},
    Type{"VARCHAR", "TEXT", write_text},
    Type{"CHAR", "TEXT", write_text},
    Type{"STRING", "TEXT", write_text},
    Type{"JSON", "TEXT", write_text},
    Type{"UUID", "TEXT", write_text},
    Type{loose_text, "TEXT", write_text},
    Type{"BOOLEAN", "BOOLEAN", write_boolean},
    Type{"BOOL", "BOOLEAN", write_boolean},
    Type{"BINARY", "BINARY", write_base64},
    Type{"VARBINARY", "BINARY", write_base64},
    Type{"BLOB", "BINARY", write_base64},
    Type{"BYTES", "BINARY", write_base64},
    Type{"HEX", "BINARY", write_hex},
    Type{"DATE", "DATE", write_date},
    Type{"TIME", "TIME", write_time},
    Type{"DATETIME", "TIMESTAMP_NTZ", write_wall_clock},
    Type{"TIMESTAMP", "TIMESTAMP_NTZ", write_wall_clock},
    Type{"TIMESTAMP_NTZ", "TIMESTAMP_NTZ", write_wall_clock},
    Type{"TIMESTAMP_NS", "TIMESTAMP_NTZ", write_wall_clock},
    Type{"TIMESTAMP_LTZ", "TIMESTAMP_LTZ", write_instant},
    Type{"TIMESTAMP_TZ", "TIMESTAMP_TZ", write_zoned},
    Type{"TIMESTAMPTZ", "TIMESTAMP_TZ", write_zoned},
    Type{"TIMESTAMP WITH TIME ZONE", "TIMESTAMP_TZ", write_zoned},
};

// "number(10, 2)" as "NUMBER": how many digits it may have is for the statement to say.
std::string plain_name(std::string_view type) {
  std::string name(type.substr(0, type.find('(')));
  while (name.ends_with(' ')) name.pop_back();
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return name;
}

struct TextOf {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(std::uint64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    return fmt::format("{}", value);
  }
  std::string operator()(const std::string& value) const { return value; }
};

struct NameOf {
  std::string_view operator()(std::monostate) const { return "TEXT"; }
  std::string_view operator()(bool) const { return "BOOLEAN"; }
  std::string_view operator()(std::int64_t) const { return "FIXED"; }
  std::string_view operator()(std::uint64_t) const { return "FIXED"; }
  std::string_view operator()(double) const { return "REAL"; }
  std::string_view operator()(const std::string&) const { return "TEXT"; }
};

Outcome<std::string> write_binding(const Parameter& parameter, std::size_t position) {
  if (!parameter.name.empty()) {
    return statement_failure(
        "0A000",
        "Snowflake's SQL API takes parameters by their position only: write ? for each and give them "
        "in that order, without names.");
  }
  const auto name =
      parameter.type.empty() ? std::string(std::visit(NameOf(), parameter.value)) : plain_name(parameter.type);
  const auto type = std::ranges::find(types, name, &Type::name);
  if (type == types.end()) {
    return statement_failure("42704",
                             fmt::format("Parameter {} has a type that Snowflake does not bind: {}", position, name));
  }
  std::string json = fmt::format("\"{}\":{{\"type\":\"{}\",\"value\":", position, type->binding);
  if (std::holds_alternative<std::monostate>(parameter.value)) return json + "null}";
  const auto text = type->write(std::visit(TextOf(), parameter.value));
  if (!text) return statement_failure("22018", fmt::format("Parameter {} is no value of type {}.", position, name));
  append_json_string(json, *text);
  return json + "}";
}

}  // namespace

Outcome<std::string> write_bindings(const Statement& statement) {
  if (!statement.parameter_rows.empty()) {
    return statement_failure("0A000",
                             "Snowflake's SQL API does not take rows of parameters: submit a statement for each row, "
                             "or bind all rows as one JSON text and read it with FLATTEN(PARSE_JSON(?)).");
  }
  std::string json;
  for (std::size_t i = 0; i < statement.parameters.size(); ++i) {
    auto binding = write_binding(statement.parameters[i], i + 1);
    if (!binding) return std::move(binding).error();
    (json += json.empty() ? "{" : ",") += *binding;
  }
  return json.empty() ? json : json + "}";
}

}  // namespace coatcheck::warehouse::snowflake
