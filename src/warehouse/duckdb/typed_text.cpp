#include "warehouse/duckdb/typed_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "warehouse/duckdb/errors.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

// The types a parameter may name, and the expression by which DuckDB itself reads the text. These texts are
// ours: nothing of the client's becomes SQL.
struct Reader {
  std::string_view name;
  std::string_view expression;  // Of the text {}.
};

constexpr std::array readers = {
    Reader{"BOOLEAN", "{}::BOOLEAN"},
    Reader{"BOOL", "{}::BOOLEAN"},
    Reader{"TINYINT", "{}::TINYINT"},
    Reader{"SMALLINT", "{}::SMALLINT"},
    Reader{"INTEGER", "{}::INTEGER"},
    Reader{"INT", "{}::INTEGER"},
    Reader{"BIGINT", "{}::BIGINT"},
    Reader{"HUGEINT", "{}::HUGEINT"},
    Reader{"UTINYINT", "{}::UTINYINT"},
    Reader{"USMALLINT", "{}::USMALLINT"},
    Reader{"UINTEGER", "{}::UINTEGER"},
    Reader{"UBIGINT", "{}::UBIGINT"},
    Reader{"UHUGEINT", "{}::UHUGEINT"},
    Reader{"FLOAT", "{}::FLOAT"},
    Reader{"REAL", "{}::FLOAT"},
    Reader{"DOUBLE", "{}::DOUBLE"},
    Reader{"VARCHAR", "{}"},
    Reader{"TEXT", "{}"},
    Reader{"STRING", "{}"},
    Reader{"JSON", "{}::JSON"},
    Reader{"BLOB", "from_base64({})"},
    Reader{"HEX", "from_hex({})"},
    Reader{"DATE", "{}::DATE"},
    Reader{"TIME", "{}::TIME"},
    Reader{"TIMESTAMP", "{}::TIMESTAMP"},
    Reader{"DATETIME", "{}::TIMESTAMP"},
    Reader{"TIMESTAMP_S", "{}::TIMESTAMP_S"},
    Reader{"TIMESTAMP_MS", "{}::TIMESTAMP_MS"},
    Reader{"TIMESTAMP_NS", "{}::TIMESTAMP_NS"},
    Reader{"TIMESTAMPTZ", "{}::TIMESTAMPTZ"},
    Reader{"TIMESTAMP WITH TIME ZONE", "{}::TIMESTAMPTZ"},
    Reader{"INTERVAL", "{}::INTERVAL"},
    Reader{"UUID", "{}::UUID"},
};

// Reads "DECIMAL(p,s)", "DECIMAL(p)" or "DECIMAL" (or NUMERIC), already in upper case.
std::optional<std::string> decimal_expression(std::string_view type) {
  if (!type.starts_with("DECIMAL") && !type.starts_with("NUMERIC")) return std::nullopt;
  type.remove_prefix(7);
  if (type.empty()) return "{}::DECIMAL(18,3)";
  unsigned width = 0;
  unsigned scale = 0;
  const auto* end = type.data() + type.size();
  if (type.front() != '(' || type.back() != ')') return std::nullopt;
  auto [at, error] = std::from_chars(type.data() + 1, end, width);
  if (error != std::errc()) return std::nullopt;
  if (*at == ',') {
    ++at;
    while (*at == ' ') ++at;
    const auto [after, scale_error] = std::from_chars(at, end, scale);
    if (scale_error != std::errc()) return std::nullopt;
    at = after;
  }
  if (at != end - 1 || width < 1 || width > 38 || scale > width) return std::nullopt;
  return fmt::format("{{}}::DECIMAL({},{})", width, scale);
}

// The query that reads the text, or texts, which `argument` stands for.
std::optional<std::string> query_for(std::string type, std::string_view argument) {
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto found = std::ranges::find(readers, type, &Reader::name);
  auto expression = found != readers.end() ? std::optional(std::string(found->expression)) : decimal_expression(type);
  if (expression) expression = "SELECT " + expression->replace(expression->find("{}"), 2, argument);
  return expression;
}

template <class T>
T cell(duckdb_vector vector, idx_t row) {
  T value;
  std::memcpy(&value, static_cast<const char*>(duckdb_vector_get_data(vector)) + row * sizeof value, sizeof value);
  return value;
}

Value decimal_cell(duckdb_logical_type type, duckdb_vector vector, idx_t row) {
  duckdb_decimal decimal{duckdb_decimal_width(type), duckdb_decimal_scale(type), {}};
  const auto set = [&](std::int64_t value) { decimal.value = {static_cast<std::uint64_t>(value), value < 0 ? -1 : 0}; };
  switch (duckdb_decimal_internal_type(type)) {
    case DUCKDB_TYPE_SMALLINT: set(cell<std::int16_t>(vector, row)); break;
    case DUCKDB_TYPE_INTEGER: set(cell<std::int32_t>(vector, row)); break;
    case DUCKDB_TYPE_BIGINT: set(cell<std::int64_t>(vector, row)); break;
    default: decimal.value = cell<duckdb_hugeint>(vector, row); break;
  }
  return Value(duckdb_create_decimal(decimal));
}

// Takes a cell of a vector out as a value of its own.
Value value_of(duckdb_vector vector, idx_t row) {
  const LogicalType type(duckdb_vector_get_column_type(vector));
  switch (duckdb_get_type_id(type.get())) {
    case DUCKDB_TYPE_BOOLEAN: return Value(duckdb_create_bool(cell<bool>(vector, row)));
    case DUCKDB_TYPE_TINYINT: return Value(duckdb_create_int8(cell<std::int8_t>(vector, row)));
    case DUCKDB_TYPE_SMALLINT: return Value(duckdb_create_int16(cell<std::int16_t>(vector, row)));
    case DUCKDB_TYPE_INTEGER: return Value(duckdb_create_int32(cell<std::int32_t>(vector, row)));
    case DUCKDB_TYPE_BIGINT: return Value(duckdb_create_int64(cell<std::int64_t>(vector, row)));
    case DUCKDB_TYPE_HUGEINT: return Value(duckdb_create_hugeint(cell<duckdb_hugeint>(vector, row)));
    case DUCKDB_TYPE_UTINYINT: return Value(duckdb_create_uint8(cell<std::uint8_t>(vector, row)));
    case DUCKDB_TYPE_USMALLINT: return Value(duckdb_create_uint16(cell<std::uint16_t>(vector, row)));
    case DUCKDB_TYPE_UINTEGER: return Value(duckdb_create_uint32(cell<std::uint32_t>(vector, row)));
    case DUCKDB_TYPE_UBIGINT: return Value(duckdb_create_uint64(cell<std::uint64_t>(vector, row)));
    case DUCKDB_TYPE_UHUGEINT: return Value(duckdb_create_uhugeint(cell<duckdb_uhugeint>(vector, row)));
    case DUCKDB_TYPE_FLOAT: return Value(duckdb_create_float(cell<float>(vector, row)));
    case DUCKDB_TYPE_DOUBLE: return Value(duckdb_create_double(cell<double>(vector, row)));
    case DUCKDB_TYPE_DECIMAL: return decimal_cell(type.get(), vector, row);
    case DUCKDB_TYPE_DATE: return Value(duckdb_create_date(cell<duckdb_date>(vector, row)));
    case DUCKDB_TYPE_TIME: return Value(duckdb_create_time(cell<duckdb_time>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP: return Value(duckdb_create_timestamp(cell<duckdb_timestamp>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_TZ: return Value(duckdb_create_timestamp_tz(cell<duckdb_timestamp>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_S: return Value(duckdb_create_timestamp_s(cell<duckdb_timestamp_s>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_MS: return Value(duckdb_create_timestamp_ms(cell<duckdb_timestamp_ms>(vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_NS: return Value(duckdb_create_timestamp_ns(cell<duckdb_timestamp_ns>(vector, row)));
    case DUCKDB_TYPE_INTERVAL: return Value(duckdb_create_interval(cell<duckdb_interval>(vector, row)));
    case DUCKDB_TYPE_UUID: {
      // Vectors keep the top bit turned, so that UUIDs sort as signed numbers.
      const auto stored = cell<duckdb_hugeint>(vector, row);
      return Value(duckdb_create_uuid({stored.lower, static_cast<std::uint64_t>(stored.upper) ^ (1ULL << 63U)}));
    }
    default: break;
  }
  auto text = cell<duckdb_string_t>(vector, row);
  const auto* data = duckdb_string_t_data(&text);
  const auto length = duckdb_string_t_length(text);
  if (duckdb_get_type_id(type.get()) == DUCKDB_TYPE_BLOB) {
    return Value(duckdb_create_blob(reinterpret_cast<const std::uint8_t*>(data), length));
  }
  return Value(duckdb_create_varchar_length(data, length));
}

std::string as_text(const Parameter::Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>)
          return {};
        else
          return fmt::format("{}", held);
      },
      value);
}

}  // namespace

Result<Value, Failure> read_typed(duckdb_connection connection, const Parameter& parameter) {
  const auto query = query_for(parameter.type, "$1");
  if (!query) {
    return statement_failure("42704", fmt::format("the type '{}' is not known", parameter.type.substr(0, 60)));
  }
  const auto text = as_text(parameter.value);
  Prepared prepared;
  QueryResult result;
  if (duckdb_prepare(connection, query->c_str(), prepared.out()) != DuckDBSuccess ||
      duckdb_bind_varchar_length(prepared.get(), 1, text.data(), text.size()) != DuckDBSuccess) {
    return statement_failure("22018", "the value is not valid UTF-8");
  }
  if (duckdb_execute_prepared(prepared.get(), result.out()) != DuckDBSuccess) {
    auto failure = read_error(duckdb_result_error(result.out()), "");
    failure.position.reset();
    return failure;
  }
  const Chunk chunk(duckdb_fetch_chunk(*result.out()));
  return value_of(duckdb_data_chunk_get_vector(chunk.get(), 0), 0);
}

std::optional<std::vector<Value>> read_typed(duckdb_connection connection,
                                             std::span<const Parameter* const> parameters) {
  const auto query = query_for(parameters.front()->type, "unnest($1::VARCHAR[])");
  if (!query) return std::nullopt;
  std::vector<Value> texts;
  for (const Parameter* parameter : parameters) {
    const auto text = as_text(parameter->value);
    texts.emplace_back(duckdb_create_varchar_length(text.data(), text.size()));
    if (texts.back().get() == nullptr) return std::nullopt;
  }
  std::vector<duckdb_value> handles;
  std::ranges::transform(texts, std::back_inserter(handles), &Value::get);
  const LogicalType varchar(duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR));
  const Value list(duckdb_create_list_value(varchar.get(), handles.data(), handles.size()));
  Prepared prepared;
  QueryResult result;
  if (duckdb_prepare(connection, query->c_str(), prepared.out()) != DuckDBSuccess ||
      duckdb_bind_value(prepared.get(), 1, list.get()) != DuckDBSuccess ||
      duckdb_execute_prepared(prepared.get(), result.out()) != DuckDBSuccess) {
    return std::nullopt;
  }
  std::vector<Value> values;
  values.reserve(parameters.size());
  for (;;) {
    const Chunk chunk(duckdb_fetch_chunk(*result.out()));
    if (chunk.get() == nullptr) break;
    auto* const vector = duckdb_data_chunk_get_vector(chunk.get(), 0);
    for (idx_t row = 0; row != duckdb_data_chunk_get_size(chunk.get()); ++row) {
      values.push_back(value_of(vector, row));
    }
  }
  if (values.size() != parameters.size()) return std::nullopt;
  return values;
}

}  // namespace coatcheck::warehouse::duckdb
