#include "warehouse/duckdb/parameters.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/errors.hpp"
#include "warehouse/duckdb/loose_text.hpp"
#include "warehouse/duckdb/typed_text.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

std::string label(const Parameter& parameter, std::size_t place) {
  return parameter.name.empty() ? fmt::format("Parameter {}", place + 1)
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

bool is_typed(const Parameter& parameter) {
  return !parameter.type.empty() && !std::holds_alternative<std::monostate>(parameter.value);
}

Value untyped_value(const Parameter& parameter) {
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
  return Value(std::visit(Make{}, parameter.value));
}

Result<Value, Failure> bound_value(duckdb_connection connection, const Parameter& parameter, std::size_t place) {
  if (!is_typed(parameter)) return untyped_value(parameter);
  auto typed = read_typed(connection, parameter);
  if (typed) return typed;
  auto failure = std::move(typed).error();
  failure.message = label(parameter, place) + ": " + failure.message;
  return failure;
}

Failure cannot_be_bound(const Parameter& parameter, std::size_t place) {
  return statement_failure("22018", label(parameter, place) + " cannot be bound: its text is not valid UTF-8.");
}

std::optional<Failure> bind_parameters(duckdb_connection connection, duckdb_prepared_statement prepared,
                                       std::span<const Parameter> parameters) {
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
    const auto what_it_is = settled(parameter, duckdb_param_type(prepared, index));
    auto value = bound_value(connection, what_it_is ? *what_it_is : parameter, i);
    if (!value) return std::move(value).error();
    if (value->get() == nullptr || duckdb_bind_value(prepared, index, value->get()) != DuckDBSuccess) {
      return cannot_be_bound(parameter, i);
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
