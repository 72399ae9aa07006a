#include "warehouse/adbc/parameters.hpp"

#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "warehouse/adbc/errors.hpp"
#include "warehouse/adbc/parameter_text.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

using Type = std::shared_ptr<arrow::DataType>;

// The parameters at one place, row after row.
struct Column {
  std::span<const Parameter> cells;
  std::size_t place;
  std::size_t width;

  std::size_t size() const { return cells.size() / width; }
  const Parameter& at(std::size_t row) const { return cells[row * width + place]; }
};

bool is_null(const Parameter& parameter) { return std::holds_alternative<std::monostate>(parameter.value); }
bool is_text(const Parameter& parameter) { return std::holds_alternative<std::string>(parameter.value); }
bool is_typed(const Parameter& parameter) {
  return is_text(parameter) && !parameter.type.empty() && parameter.type != loose_text;
}

Failure wrong(const Column& column, std::size_t row, std::string_view what) {
  const auto where = column.size() == 1 ? std::string() : fmt::format(" (row {} of {})", row + 1, column.size());
  return statement_failure("22018", fmt::format("Parameter {}{}: {}", column.place + 1, where, what));
}

// What a text is read as where this is expected; null if a text it stays.
Type type_of_expected_text(const Type& expected) {
  if (expected == nullptr) return nullptr;
  switch (expected->id()) {
    case arrow::Type::NA:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::BINARY: return nullptr;
    case arrow::Type::EXTENSION: {
      // PostgreSQL's numbers of any size.
      const auto& extension = static_cast<const arrow::ExtensionType&>(*expected);
      const bool is_numeric =
          extension.extension_name() == "arrow.opaque" && extension.storage_type()->id() == arrow::Type::STRING;
      return is_numeric ? named_type("DECIMAL") : nullptr;
    }
    default: return can_be_read(*expected) ? expected : nullptr;
  }
}

// The type of a column that holds nothing but NULL.
Type type_of_nothing(const Type& expected) {
  if (auto type = type_of_expected_text(expected)) return type;
  return expected != nullptr && expected->id() == arrow::Type::EXTENSION ? arrow::null() : arrow::utf8();
}

// What the values without a name of their type are, together.
Type own_type(const Column& column) {
  bool has_bool = false, has_signed = false, has_large = false, has_double = false, has_text = false;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const auto& value = column.at(row).value;
    has_bool = has_bool || std::holds_alternative<bool>(value);
    has_double = has_double || std::holds_alternative<double>(value);
    has_text = has_text || std::holds_alternative<std::string>(value);
    const auto* number = std::get_if<std::uint64_t>(&value);
    const bool is_large = number != nullptr && *number > static_cast<std::uint64_t>(INT64_MAX);
    has_large = has_large || is_large;
    has_signed = has_signed || std::holds_alternative<std::int64_t>(value) || (number != nullptr && !is_large);
  }
  const bool has_number = has_signed || has_large || has_double;
  if (has_text || (has_bool && has_number)) return arrow::utf8();
  if (has_bool) return arrow::boolean();
  if (has_double) return arrow::float64();
  if (has_large) return arrow::decimal128(20, 0);
  return has_signed ? arrow::int64() : nullptr;
}

Result<Type, Failure> type_of(const Column& column, const Type& expected) {
  std::optional<std::string> name;
  bool all_texts = true;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const Parameter& cell = column.at(row);
    if (is_null(cell)) continue;
    all_texts = all_texts && is_text(cell);
    if (!is_typed(cell)) continue;
    if (name && *name != cell.type) return wrong(column, row, "it has another type than in the rows before");
    name = cell.type;
  }
  if (name) {
    auto type = named_type(*name);
    if (type == nullptr) return wrong(column, 0, fmt::format("there is no type '{}' here", name->substr(0, 60)));
    return type;
  }
  auto own = own_type(column);
  if (own == nullptr) return type_of_nothing(expected);
  if (own->id() == arrow::Type::STRING && all_texts) {
    if (auto type = type_of_expected_text(expected)) return type;
  }
  return own;
}

// What the value is as text, for a column of more than one kind.
std::string text_of(const Parameter& parameter) {
  struct Write {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool held) const { return held ? "true" : "false"; }
    std::string operator()(std::int64_t held) const { return std::to_string(held); }
    std::string operator()(std::uint64_t held) const { return std::to_string(held); }
    std::string operator()(double held) const { return fmt::format("{}", held); }
    std::string operator()(const std::string& held) const { return held; }
  };
  return std::visit(Write{}, parameter.value);
}

// A decimal without digits in its name has as many after the point as the longest text of the column.
Type with_scale(const Type& type, const Column& column) {
  if (type->id() != arrow::Type::DECIMAL256) return type;
  std::int32_t scale = 0;
  for (std::size_t row = 0; row < column.size(); ++row) scale = std::max(scale, scale_of(text_of(column.at(row))));
  return arrow::decimal128(38, std::min(scale, 38));
}

Result<std::shared_ptr<arrow::Array>, Failure> to_array(const Column& column, const Type& type) {
  auto made = arrow::MakeBuilder(type);
  if (!made.ok()) return internal_failure(made.status().ToString());
  arrow::ArrayBuilder& builder = **made;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const Parameter& cell = column.at(row);
    arrow::Status status;
    if (is_null(cell)) {
      status = builder.AppendNull();
    } else if (type->id() == arrow::Type::DOUBLE && std::holds_alternative<double>(cell.value)) {
      status = static_cast<arrow::DoubleBuilder&>(builder).Append(std::get<double>(cell.value));
    } else {
      auto scalar = read_text(text_of(cell), type);
      if (!scalar) return wrong(column, row, scalar.error());
      status = builder.AppendScalar(**scalar);
    }
    if (!status.ok()) return internal_failure(status.ToString());
  }
  auto array = builder.Finish();
  if (!array.ok()) return internal_failure(array.status().ToString());
  return *array;
}

}  // namespace

Result<rows::Batch, Failure> to_batch(std::span<const Parameter> cells, std::size_t width,
                                      const ExpectedTypes& expected) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (std::size_t place = 0; place < width; ++place) {
    const Column column{.cells = cells, .place = place, .width = width};
    if (!column.at(0).name.empty()) {
      return statement_failure("0A000", "Parameters of this warehouse are positional: it takes no names.");
    }
    auto type = type_of(column, place < expected.size() ? expected[place] : nullptr);
    if (!type) return std::move(type).error();
    const Type exact = with_scale(*type, column);
    auto array = to_array(column, exact);
    if (!array) return std::move(array).error();
    fields.push_back(arrow::field(std::to_string(place + 1), exact));
    arrays.push_back(*std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<std::int64_t>(cells.size() / width),
                                  std::move(arrays));
}

}  // namespace coatcheck::warehouse::adbc
