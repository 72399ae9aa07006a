#include "warehouse/duckdb/repeated_values.hpp"

#include <algorithm>
#include <charconv>
#include <duckdb/parser/expression/cast_expression.hpp>
#include <duckdb/parser/expression/parameter_expression.hpp>
#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/statement/insert_statement.hpp>
#include <duckdb/parser/tableref/expressionlistref.hpp>
#include <exception>
#include <utility>

namespace coatcheck::warehouse::duckdb {

namespace {

using ::duckdb::ExpressionClass;
using ::duckdb::ParsedExpression;
using Row = ::duckdb::vector<::duckdb::unique_ptr<ParsedExpression>>;

// The parameter's number, if it has one from 1 to `width`.
std::optional<std::size_t> number_of(const ::duckdb::ParameterExpression& parameter, std::size_t width) {
  const std::string& name = parameter.identifier;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number == 0 || number > width) return std::nullopt;
  return number;
}

// Whether it says the same in any row, before or after others.
bool is_plain(const ParsedExpression& expression, std::size_t width) {
  switch (expression.GetExpressionClass()) {
    case ExpressionClass::CONSTANT:
    case ExpressionClass::DEFAULT: return true;
    case ExpressionClass::PARAMETER:
      return number_of(expression.Cast<::duckdb::ParameterExpression>(), width).has_value();
    case ExpressionClass::CAST: return is_plain(*expression.Cast<::duckdb::CastExpression>().child, width);
    default: return false;
  }
}

void renumber(ParsedExpression& expression, std::size_t width, std::size_t by) {
  if (expression.GetExpressionClass() == ExpressionClass::CAST) {
    renumber(*expression.Cast<::duckdb::CastExpression>().child, width, by);
  } else if (expression.GetExpressionClass() == ExpressionClass::PARAMETER) {
    auto& parameter = expression.Cast<::duckdb::ParameterExpression>();
    parameter.identifier = std::to_string(number_of(parameter, width).value_or(0) + by);
  }
}

Row copy_of(const Row& row, std::size_t width, std::size_t by) {
  Row copy;
  for (const auto& expression : row) {
    copy.push_back(expression->Copy());
    renumber(*copy.back(), width, by);
  }
  return copy;
}

// The one row of an INSERT that is nothing else; null if it is another statement.
Row* row_of(::duckdb::SQLStatement& statement) {
  if (statement.type != ::duckdb::StatementType::INSERT_STATEMENT) return nullptr;
  auto& insert = statement.Cast<::duckdb::InsertStatement>();
  if (insert.on_conflict_info || !insert.returning_list.empty() || !insert.cte_map.map.empty()) return nullptr;
  auto values = insert.GetValuesList();
  return values && values->values.size() == 1 ? &values->values.front() : nullptr;
}

}  // namespace

std::optional<std::string> with_repeated_values(const std::string& text, std::size_t width, std::size_t times) {
  try {
    ::duckdb::Parser parser;
    parser.ParseQuery(text);
    if (parser.statements.size() != 1) return std::nullopt;
    Row* const only = row_of(*parser.statements.front());
    if (only == nullptr) return std::nullopt;
    if (!std::ranges::all_of(*only, [&](const auto& expression) { return is_plain(*expression, width); })) {
      return std::nullopt;
    }
    const Row row = std::move(*only);
    auto& rows = parser.statements.front()->Cast<::duckdb::InsertStatement>().GetValuesList()->values;
    rows.clear();
    for (std::size_t i = 0; i != times; ++i) rows.push_back(copy_of(row, width, width * i));
    return parser.statements.front()->ToString();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace coatcheck::warehouse::duckdb
