#include "warehouse/trino/type.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace coatcheck::warehouse::trino {

namespace {

// Reads {"fieldName": {"name": …}, "typeSignature": …} into a row's parts.
bool read_named(JsonReader& json, Type& row, int depth) {
  std::string field = "field" + std::to_string(row.parts.size());
  std::optional<Type> part;
  if (!json.object()) return false;
  while (const auto member = json.more_members()) {
    if (*member == "fieldName" && json.peek() == JsonReader::Kind::object) {
      json.object();
      while (const auto inner = json.more_members()) {
        if (*inner == "name" && json.peek() == JsonReader::Kind::string) {
          field = *json.string();
        } else {
          json.skip();
        }
      }
    } else if (*member == "typeSignature") {
      part = read_type(json, depth + 1);
    } else {
      json.skip();
    }
  }
  if (json.failed() || !part) return false;
  row.parts.push_back(std::move(*part));
  row.fields.push_back(std::move(field));
  return true;
}

// Reads {"kind": …, "value": …}.
bool read_argument(JsonReader& json, Type& type, int depth) {
  std::string kind;
  std::string_view value;
  if (!json.object()) return false;
  while (const auto member = json.more_members()) {
    if (*member == "kind") {
      kind = json.string().value_or("");
    } else if (*member == "value") {
      value = json.skip().value_or("");
    } else {
      json.skip();
    }
  }
  if (json.failed()) return false;
  JsonReader inner(value);
  if (kind == "LONG") {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) return false;
    type.numbers.push_back(number);
    return true;
  }
  if (kind == "TYPE") {
    auto part = read_type(inner, depth + 1);
    if (!part) return false;
    type.parts.push_back(std::move(*part));
    return true;
  }
  if (kind == "NAMED_TYPE") return read_named(inner, type, depth);
  return true;  // Of a type that we take as text.
}

bool has_parts(const Type& type, std::size_t count) { return type.parts.size() == count; }

std::int64_t precision(const Type& type) { return type.numbers.empty() ? 3 : type.numbers.front(); }

struct Plain {
  std::string_view name;
  std::shared_ptr<arrow::DataType> (*type)();
};

std::shared_ptr<arrow::DataType> text() { return arrow::utf8(); }

const std::array plain = {
    Plain{"boolean", [] { return arrow::boolean(); }},
    Plain{"tinyint", [] { return arrow::int8(); }},
    Plain{"smallint", [] { return arrow::int16(); }},
    Plain{"integer", [] { return arrow::int32(); }},
    Plain{"bigint", [] { return arrow::int64(); }},
    Plain{"real", [] { return arrow::float32(); }},
    Plain{"double", [] { return arrow::float64(); }},
    Plain{"varbinary", [] { return arrow::binary(); }},
    Plain{"date", [] { return arrow::date32(); }},
    Plain{"interval year to month", [] { return arrow::month_day_nano_interval(); }},
    Plain{"interval day to second", [] { return arrow::month_day_nano_interval(); }},
    Plain{"unknown", [] { return arrow::int32(); }},  // Of NULL alone; as the embedded engine has it.
};

std::shared_ptr<arrow::DataType> temporal(const Type& type) {
  const auto digits = precision(type);
  const auto unit = digits <= 6 ? arrow::TimeUnit::MICRO : arrow::TimeUnit::NANO;
  if (digits > 9) return text();
  if (type.name == "time") return arrow::time64(unit);
  if (type.name == "timestamp") return arrow::timestamp(unit);
  return arrow::timestamp(unit, "UTC");
}

}  // namespace

std::optional<Type> read_type(JsonReader& json, int depth) {
  if (depth > type_depth_max) return std::nullopt;
  Type type;
  if (!json.object()) return std::nullopt;
  while (const auto member = json.more_members()) {
    if (*member == "rawType") {
      type.name = json.string().value_or("");
      std::ranges::transform(type.name, type.name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    } else if (*member == "arguments" && json.array()) {
      while (json.more_elements()) {
        if (!read_argument(json, type, depth)) return std::nullopt;
      }
    } else {
      json.skip();
    }
  }
  if (json.failed() || type.name.empty()) return std::nullopt;
  return type;
}

std::shared_ptr<arrow::DataType> arrow_type(const Type& type) {
  if (const auto found = std::ranges::find(plain, type.name, &Plain::name); found != plain.end()) return found->type();
  if (type.name == "time" || type.name == "timestamp" || type.name == "timestamp with time zone") return temporal(type);
  if (type.name == "decimal" && type.numbers.size() == 2) {
    const auto digits = type.numbers[0];
    const auto scale = type.numbers[1];
    if (digits < 1 || digits > 38 || scale < 0 || scale > digits) return text();
    return arrow::decimal128(static_cast<std::int32_t>(digits), static_cast<std::int32_t>(scale));
  }
  if (type.name == "array" && has_parts(type, 1)) return arrow::list(arrow_type(type.parts[0]));
  if (type.name == "map" && has_parts(type, 2)) {
    // A key that is itself nested arrives as some text of the server's.
    const auto& key = type.parts[0];
    return arrow::map(key.parts.empty() ? arrow_type(key) : text(), arrow_type(type.parts[1]));
  }
  if (type.name == "row" && !type.parts.empty() && type.fields.size() == type.parts.size()) {
    arrow::FieldVector fields;
    for (std::size_t i = 0; i < type.parts.size(); ++i) {
      fields.push_back(arrow::field(type.fields[i], arrow_type(type.parts[i])));
    }
    return arrow::struct_(std::move(fields));
  }
  return text();
}

}  // namespace coatcheck::warehouse::trino
