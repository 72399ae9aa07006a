#include "warehouse/trino/literal.hpp"

#include <arrow/util/base64.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "warehouse/trino/errors.hpp"
#include "warehouse/trino/type_name.hpp"
#include "warehouse/trino/utf8.hpp"

namespace coatcheck::warehouse::trino {

namespace {

std::string float_literal(double value) {
  if (std::isnan(value)) return "nan()";
  if (std::isinf(value)) return value > 0 ? "infinity()" : "-infinity()";
  return fmt::format("DOUBLE '{}'", value);  // The shortest text that reads back as this number.
}

// As if the number stood in the statement: INTEGER if it fits, else BIGINT, else DECIMAL.
std::string integer_literal(std::int64_t value) {
  const bool fits =
      value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
  return fmt::format("{} '{}'", fits ? "INTEGER" : "BIGINT", value);
}

std::string unsigned_literal(std::uint64_t value) {
  if (value <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return integer_literal(static_cast<std::int64_t>(value));
  }
  return fmt::format("DECIMAL '{}'", value);
}

// Returns the characters of a value; nothing for NULL.
std::optional<std::string> characters(const Parameter::Value& value) {
  struct Write {
    std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
    std::optional<std::string> operator()(bool held) const { return held ? "true" : "false"; }
    std::optional<std::string> operator()(std::int64_t held) const { return fmt::format("{}", held); }
    std::optional<std::string> operator()(std::uint64_t held) const { return fmt::format("{}", held); }
    std::optional<std::string> operator()(double held) const {
      if (std::isnan(held)) return "NaN";
      if (std::isinf(held)) return held > 0 ? "Infinity" : "-Infinity";
      return fmt::format("{}", held);
    }
    std::optional<std::string> operator()(const std::string& held) const { return held; }
  };
  return std::visit(Write{}, value);
}

std::string untyped_literal(const Parameter::Value& value) {
  struct Write {
    std::string operator()(std::monostate) const { return "NULL"; }
    std::string operator()(bool held) const { return held ? "TRUE" : "FALSE"; }
    std::string operator()(std::int64_t held) const { return integer_literal(held); }
    std::string operator()(std::uint64_t held) const { return unsigned_literal(held); }
    std::string operator()(double held) const { return float_literal(held); }
    std::string operator()(const std::string& held) const { return text_literal(held); }
  };
  return std::visit(Write{}, value);
}

// Trino writes a timestamp with a space and a zone's name; RFC 3339 has a T and a Z.
std::string trino_timestamp(std::string text) {
  if (text.size() > 10 && (text[10] == 'T' || text[10] == 't') && text[4] == '-' && text[7] == '-') {
    text[10] = ' ';
    if (text.back() == 'Z' || text.back() == 'z') text.replace(text.size() - 1, 1, " UTC");
  }
  return text;
}

std::string hexadecimal(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) fmt::format_to(std::back_inserter(out), "{:02X}", static_cast<unsigned char>(c));
  return out;
}

Failure wrong(const char* sqlstate, std::size_t place, std::string_view what) {
  return statement_failure(sqlstate, fmt::format("Parameter {} {}.", place + 1, what));
}

}  // namespace

std::string text_literal(std::string_view text) {
  std::string out = "'";
  out.reserve(text.size() + 2);
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out += '\'';
}

Result<std::string, Failure> literal(const Parameter& parameter, std::size_t place) {
  if (!parameter.name.empty()) return wrong("07001", place, "has a name; Trino knows positional parameters only");
  const auto text = characters(parameter.value);
  if (text && !is_utf8(*text)) return wrong("22021", place, "cannot be bound: its text is not valid UTF-8");
  if (parameter.type.empty() || parameter.type == loose_text) return untyped_literal(parameter.value);
  const auto type = read_type_name(parameter.type);
  if (!type) return wrong("42704", place, "is of a type that is not known here");
  if (!text) return "CAST(NULL AS " + type->sql + ")";
  switch (type->form) {
    case Form::text: return "CAST(" + text_literal(*text) + " AS " + type->sql + ")";
    case Form::timestamp: return "CAST(" + text_literal(trino_timestamp(*text)) + " AS " + type->sql + ")";
    case Form::json: return "json_parse(" + text_literal(*text) + ")";
    case Form::nested: return "CAST(json_parse(" + text_literal(*text) + ") AS " + type->sql + ")";
    case Form::binary: break;
  }
  const auto bytes = arrow::util::base64_decode(*text);
  if (!bytes.ok()) return wrong("22018", place, "is binary, and its text is not base64");
  return "X'" + hexadecimal(*bytes) + "'";
}

Result<Bound, Failure> bind(std::string_view statement, std::span<const Parameter> parameters) {
  if (!is_utf8(statement)) return statement_failure("22021", "The statement is not valid UTF-8.");
  if (parameters.empty()) return Bound{std::string(statement), 0};
  constexpr std::string_view before = "EXECUTE IMMEDIATE '";
  Bound bound{.text = std::string(before.substr(0, before.size() - 1)), .columns_before = before.size()};
  bound.text += text_literal(statement);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto value = literal(parameters[i], i);
    if (!value) return std::move(value).error();
    bound.text += (i == 0 ? " USING " : ", ") + *value;
  }
  return bound;
}

}  // namespace coatcheck::warehouse::trino
