#include "warehouse/duckdb/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "warehouse/duckdb/errors.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

// The types a parameter may name, and the expression by which DuckDB itself reads the text. These texts are
// ours: nothing of the client's becomes SQL.
struct Reader {
  std::string_view name;
  std::string_view expression;
};

constexpr std::array readers = {
    Reader{"BOOLEAN", "$1::BOOLEAN"},
    Reader{"BOOL", "$1::BOOLEAN"},
    Reader{"TINYINT", "$1::TINYINT"},
    Reader{"SMALLINT", "$1::SMALLINT"},
    Reader{"INTEGER", "$1::INTEGER"},
    Reader{"INT", "$1::INTEGER"},
    Reader{"BIGINT", "$1::BIGINT"},
    Reader{"HUGEINT", "$1::HUGEINT"},
    Reader{"UTINYINT", "$1::UTINYINT"},
    Reader{"USMALLINT", "$1::USMALLINT"},
    Reader{"UINTEGER", "$1::UINTEGER"},
    Reader{"UBIGINT", "$1::UBIGINT"},
    Reader{"UHUGEINT", "$1::UHUGEINT"},
    Reader{"FLOAT", "$1::FLOAT"},
    Reader{"REAL", "$1::FLOAT"},
    Reader{"DOUBLE", "$1::DOUBLE"},
    Reader{"VARCHAR", "$1"},
    Reader{"TEXT", "$1"},
    Reader{"STRING", "$1"},
    Reader{"JSON", "$1::JSON"},
    Reader{"BLOB", "from_base64($1)"},
    Reader{"DATE", "$1::DATE"},
    Reader{"TIME", "$1::TIME"},
    Reader{"TIMESTAMP", "$1::TIMESTAMP"},
    Reader{"DATETIME", "$1::TIMESTAMP"},
    Reader{"TIMESTAMP_S", "$1::TIMESTAMP_S"},
    Reader{"TIMESTAMP_MS", "$1::TIMESTAMP_MS"},
    Reader{"TIMESTAMP_NS", "$1::TIMESTAMP_NS"},
    Reader{"TIMESTAMPTZ", "$1::TIMESTAMPTZ"},
    Reader{"TIMESTAMP WITH TIME ZONE", "$1::TIMESTAMPTZ"},
    Reader{"INTERVAL", "$1::INTERVAL"},
    Reader{"UUID", "$1::UUID"},
};

// Reads "DECIMAL(p,s)", "DECIMAL(p)" or "DECIMAL" (or NUMERIC), already in upper case.
std::optional<std::string> decimal_expression(std::string_view type) {
  if (!type.starts_with("DECIMAL") && !type.starts_with("NUMERIC")) return std::nullopt;
  type.remove_prefix(7);
  if (type.empty()) return "$1::DECIMAL(18,3)";
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
  return fmt::format("$1::DECIMAL({},{})", width, scale);
}

std::optional<std::string> expression_for(std::string type) {
  std::ranges::transform(type, type.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  const auto found = std::ranges::find(readers, type, &Reader::name);
  if (found != readers.end()) return std::string(found->expression);
  return decimal_expression(type);
}

template <class T>
T cell(duckdb_vector vector) {
  T value;
  std::memcpy(&value, duckdb_vector_get_data(vector), sizeof value);
  return value;
}

Value decimal_cell(duckdb_logical_type type, duckdb_vector vector) {
  duckdb_decimal decimal{duckdb_decimal_width(type), duckdb_decimal_scale(type), {}};
  const auto set = [&](std::int64_t value) { decimal.value = {static_cast<std::uint64_t>(value), value < 0 ? -1 : 0}; };
  switch (duckdb_decimal_internal_type(type)) {
    case DUCKDB_TYPE_SMALLINT: set(cell<std::int16_t>(vector)); break;
    case DUCKDB_TYPE_INTEGER: set(cell<std::int32_t>(vector)); break;
    case DUCKDB_TYPE_BIGINT: set(cell<std::int64_t>(vector)); break;
    default: decimal.value = cell<duckdb_hugeint>(vector); break;
  }
  return Value(duckdb_create_decimal(decimal));
}

// Takes the first cell of a vector out as a value of its own.
Value value_of(duckdb_vector vector) {
  const LogicalType type(duckdb_vector_get_column_type(vector));
  switch (duckdb_get_type_id(type.get())) {
    case DUCKDB_TYPE_BOOLEAN: return Value(duckdb_create_bool(cell<bool>(vector)));
    case DUCKDB_TYPE_TINYINT: return Value(duckdb_create_int8(cell<std::int8_t>(vector)));
    case DUCKDB_TYPE_SMALLINT: return Value(duckdb_create_int16(cell<std::int16_t>(vector)));
    case DUCKDB_TYPE_INTEGER: return Value(duckdb_create_int32(cell<std::int32_t>(vector)));
    case DUCKDB_TYPE_BIGINT: return Value(duckdb_create_int64(cell<std::int64_t>(vector)));
    case DUCKDB_TYPE_HUGEINT: return Value(duckdb_create_hugeint(cell<duckdb_hugeint>(vector)));
    case DUCKDB_TYPE_UTINYINT: return Value(duckdb_create_uint8(cell<std::uint8_t>(vector)));
    case DUCKDB_TYPE_USMALLINT: return Value(duckdb_create_uint16(cell<std::uint16_t>(vector)));
    case DUCKDB_TYPE_UINTEGER: return Value(duckdb_create_uint32(cell<std::uint32_t>(vector)));
    case DUCKDB_TYPE_UBIGINT: return Value(duckdb_create_uint64(cell<std::uint64_t>(vector)));
    case DUCKDB_TYPE_UHUGEINT: return Value(duckdb_create_uhugeint(cell<duckdb_uhugeint>(vector)));
    case DUCKDB_TYPE_FLOAT: return Value(duckdb_create_float(cell<float>(vector)));
    case DUCKDB_TYPE_DOUBLE: return Value(duckdb_create_double(cell<double>(vector)));
    case DUCKDB_TYPE_DECIMAL: return decimal_cell(type.get(), vector);
    case DUCKDB_TYPE_DATE: return Value(duckdb_create_date(cell<duckdb_date>(vector)));
    case DUCKDB_TYPE_TIME: return Value(duckdb_create_time(cell<duckdb_time>(vector)));
    case DUCKDB_TYPE_TIMESTAMP: return Value(duckdb_create_timestamp(cell<duckdb_timestamp>(vector)));
    case DUCKDB_TYPE_TIMESTAMP_TZ: return Value(duckdb_create_timestamp_tz(cell<duckdb_timestamp>(vector)));
    case DUCKDB_TYPE_TIMESTAMP_S: return Value(duckdb_create_timestamp_s(cell<duckdb_timestamp_s>(vector)));
    case DUCKDB_TYPE_TIMESTAMP_MS: return Value(duckdb_create_timestamp_ms(cell<duckdb_timestamp_ms>(vector)));
    case DUCKDB_TYPE_TIMESTAMP_NS: return Value(duckdb_create_timestamp_ns(cell<duckdb_timestamp_ns>(vector)));
    case DUCKDB_TYPE_INTERVAL: return Value(duckdb_create_interval(cell<duckdb_interval>(vector)));
    case DUCKDB_TYPE_UUID: {
      // Vectors keep the top bit turned, so that UUIDs sort as signed numbers.
      const auto stored = cell<duckdb_hugeint>(vector);
      return Value(duckdb_create_uuid({stored.lower, static_cast<std::uint64_t>(stored.upper) ^ (1ULL << 63U)}));
    }
    default: break;
  }
  auto text = cell<duckdb_string_t>(vector);
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

Value untyped_value(const Parameter::Value& value) {
  struct Make {
    duckdb_value operator()(std::monostate) const { return duckdb_create_null_value(); }
    duckdb_value operator()(bool held) const { return duckdb_create_bool(held); }
    duckdb_value operator()(std::int64_t held) const { return duckdb_create_int64(held); }
    duckdb_value operator()(std::uint64_t held) const { return duckdb_create_uint64(held); }
    duckdb_value operator()(double held) const { return duckdb_create_double(held); }
    duckdb_value operator()(const std::string& held) const {
      return duckdb_create_varchar_length(held.data(), held.size());
    }
  };
  return Value(std::visit(Make{}, value));
}

// Has DuckDB read the text as the type. An error says what is wrong with it.
Result<Value, Failure> typed_value(duckdb_connection connection, const Parameter& parameter) {
  const auto expression = expression_for(parameter.type);
  if (!expression) {
    return statement_failure("42704", fmt::format("the type '{}' is not known", parameter.type.substr(0, 60)));
  }
  const auto text = as_text(parameter.value);
  Prepared prepared;
  const auto sql = "SELECT " + *expression;
  QueryResult result;
  if (duckdb_prepare(connection, sql.c_str(), prepared.out()) != DuckDBSuccess ||
      duckdb_bind_varchar_length(prepared.get(), 1, text.data(), text.size()) != DuckDBSuccess) {
    return statement_failure("22018", "the value is not valid UTF-8");
  }
  if (duckdb_execute_prepared(prepared.get(), result.out()) != DuckDBSuccess) {
    auto failure = read_error(duckdb_result_error(result.out()), "");
    failure.position.reset();
    return failure;
  }
  const Chunk chunk(duckdb_fetch_chunk(*result.out()));
  return value_of(duckdb_data_chunk_get_vector(chunk.get(), 0));
}

std::string label(const Parameter& parameter, std::size_t index) {
  return parameter.name.empty() ? fmt::format("Parameter {}", index + 1)
                                : fmt::format("Parameter '{}'", parameter.name.substr(0, 60));
}

// The name under which the statement knows its index-th parameter: "1" or "name".
std::string expected_name(duckdb_prepared_statement prepared, idx_t index) {
  const char* name = duckdb_parameter_name(prepared, index);
  std::string copy = name != nullptr ? name : "";
  duckdb_free(const_cast<char*>(name));
  return copy;
}

}  // namespace

std::optional<Failure> bind_parameters(duckdb_connection connection, duckdb_prepared_statement prepared,
                                       const std::vector<Parameter>& parameters) {
  const auto expected = duckdb_nparams(prepared);
  if (parameters.size() > expected) {
    return statement_failure("07001", fmt::format("The statement has {} parameters, and {} values were given.",
                                                  expected, parameters.size()));
  }
  std::vector<bool> bound(expected, false);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& parameter = parameters[i];
    const auto name = parameter.name.empty() ? std::to_string(i + 1) : parameter.name;
    idx_t index = 0;
    if (duckdb_bind_parameter_index(prepared, &index, name.c_str()) != DuckDBSuccess) {
      return statement_failure("07001", label(parameter, i) + " is not in the statement.");
    }
    if (bound[index - 1]) return statement_failure("07001", label(parameter, i) + " is given twice.");
    Value value;
    if (parameter.type.empty() || std::holds_alternative<std::monostate>(parameter.value)) {
      value = untyped_value(parameter.value);
    } else {
      auto typed = typed_value(connection, parameter);
      if (!typed) {
        auto failure = std::move(typed).error();
        failure.message = label(parameter, i) + ": " + failure.message;
        return failure;
      }
      value = std::move(*typed);
    }
    if (value.get() == nullptr || duckdb_bind_value(prepared, index, value.get()) != DuckDBSuccess) {
      return statement_failure("22018", label(parameter, i) + " cannot be bound: its text is not valid UTF-8.");
    }
    bound[index - 1] = true;
  }
  for (idx_t i = 0; i < expected; ++i) {
    if (!bound[i]) {
      return statement_failure("07001", fmt::format("Parameter '{}' has no value.", expected_name(prepared, i + 1)));
    }
  }
  return std::nullopt;
}

}  // namespace coatcheck::warehouse::duckdb
