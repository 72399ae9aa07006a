#include "api/snowflake/bindings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "api/snowflake/binding_value.hpp"
#include "api/snowflake/state.hpp"

namespace coatcheck::api::snowflake {

namespace {

namespace json = boost::json;

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t type_bytes_max = 40;
constexpr std::size_t shown_bytes_max = 200;

SnowflakeError malformed(std::string_view why) {
  return {"390142", "", fmt::format("Incoming request does not contain a valid payload: {}.", why)};
}

std::string_view cut(std::string_view text) {
  if (text.size() <= shown_bytes_max) return text;
  std::size_t end = shown_bytes_max;
  while (end != 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  return text.substr(0, end);
}

SnowflakeError not_recognized(std::string_view type, std::string_view value) {
  return {"100037", "22018", fmt::format("{} value '{}' is not recognized", cut(type), cut(value))};
}

std::string text_of(const json::string& text) { return {text.data(), text.size()}; }

// One entry: the values of one parameter, for each row.
struct Column {
  std::string name;
  std::size_t position = 0;  // From 1; 0 if it has another name.
  std::string type;
  const json::value* value = nullptr;

  std::size_t rows() const { return value->is_array() ? value->get_array().size() : 1; }
  const json::value& at(std::size_t row) const { return value->is_array() ? value->get_array()[row] : *value; }
};

std::size_t position_of(std::string_view name) {
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), position);
  return error == std::errc() && end == name.data() + name.size() ? position : 0;
}

Result<Column, SnowflakeError> read_column(const json::key_value_pair& entry) {
  static const json::value null;
  const std::string_view name(entry.key().data(), entry.key().size());
  const json::object* object = entry.value().if_object();
  if (object == nullptr) return malformed("a binding is no object");
  if (name.empty() || name.size() > name_bytes_max) return malformed("a binding has no usable name");
  const json::value* type = object->if_contains("type");
  const json::value* value = object->if_contains("value");
  Column column{std::string(name), position_of(name), "TEXT", value == nullptr ? &null : value};
  if (type != nullptr && !type->is_null()) {
    if (!type->is_string() || type->get_string().size() > type_bytes_max)
      return malformed("a binding's type is no text");
    column.type = parameter_name(text_of(type->get_string()));
  }
  return column;
}

// Positions from 1 without gaps, in their order; or names of another kind, as they came.
Result<std::vector<Column>, SnowflakeError> read_columns(const json::object& object) {
  std::vector<Column> columns;
  columns.reserve(object.size());
  std::size_t positions = 0;
  for (const auto& entry : object) {
    auto column = read_column(entry);
    if (!column) return std::move(column).error();
    if (column->position != 0) ++positions;
    columns.push_back(*std::move(column));
  }
  if (positions == 0) return columns;
  if (positions != columns.size()) return malformed("bindings are positions and names at once");
  std::ranges::sort(columns, {}, &Column::position);
  for (std::size_t i = 0; i != columns.size(); ++i) {
    if (columns[i].position != i + 1) return malformed("the positions of bindings must be 1, 2, 3, …");
  }
  return columns;
}

Result<Parameter, SnowflakeError> read_cell(const Column& column, const json::value& value) {
  Parameter parameter;
  if (!value.is_null()) {
    const std::string text = value.is_string() ? text_of(value.get_string()) : json::serialize(value);
    auto read = read_binding_value(column.type, text);
    if (!read) return not_recognized(column.type, text);
    parameter = *std::move(read);
    // Of lists with a NULL, Python's driver says that they are TEXT, whatever they hold.
    if (column.rows() > 1 && column.type == "TEXT") parameter.type = loose_text;
  }
  if (column.position == 0) parameter.name = column.name;
  return parameter;
}

}  // namespace

Result<Bindings, SnowflakeError> read_bindings(const json::value& bindings) {
  if (bindings.is_null()) return Bindings{};
  const json::object* object = bindings.if_object();
  if (object == nullptr) return malformed("bindings must be an object");
  if (object->empty()) return Bindings{};
  if (object->size() > binding_columns_max) {
    return malformed(fmt::format("more than {} bindings", binding_columns_max));
  }
  auto columns = read_columns(*object);
  if (!columns) return std::move(columns).error();

  const bool is_array = columns->front().value->is_array();
  const std::size_t rows = columns->front().rows();
  for (const Column& column : *columns) {
    if (column.value->is_array() != is_array || column.rows() != rows) {
      return malformed("all bindings must have the same number of values");
    }
  }
  if (rows == 0) return malformed("an array of bindings has no values");
  if (rows * columns->size() > parameter_cells_max) {
    return malformed(fmt::format("more than {} values are bound", parameter_cells_max));
  }

  std::vector<Parameter> cells;
  cells.reserve(rows * columns->size());
  for (std::size_t row = 0; row != rows; ++row) {
    for (const Column& column : *columns) {
      auto cell = read_cell(column, column.at(row));
      if (!cell) return std::move(cell).error();
      cells.push_back(*std::move(cell));
    }
  }
  if (rows == 1) return Bindings{.parameters = std::move(cells), .rows = {}};
  return Bindings{.parameters = {}, .rows = {columns->size(), std::move(cells)}};
}

}  // namespace coatcheck::api::snowflake
