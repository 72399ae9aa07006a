#include "warehouse/duckdb/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <duckdb/common/error_data.hpp>
#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/statement/create_statement.hpp>
#include <duckdb/parser/statement/delete_statement.hpp>
#include <duckdb/parser/statement/drop_statement.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>
#include <duckdb/parser/statement/insert_statement.hpp>
#include <duckdb/parser/statement/merge_into_statement.hpp>
#include <duckdb/parser/statement/multi_statement.hpp>
#include <duckdb/parser/statement/pragma_statement.hpp>
#include <duckdb/parser/statement/update_statement.hpp>
#include <string_view>
#include <utility>

#include "warehouse/duckdb/errors.hpp"

namespace coatcheck::warehouse::duckdb {

namespace {

using ::duckdb::SQLStatement;
using ::duckdb::StatementType;
using Verdict = Result<StatementKind, Failure>;

// The PRAGMAs that are queries about tables and types. The others set something, or read files and paths.
constexpr std::array<std::string_view, 6> pragmas = {"table_info", "show_tables", "show_tables_expanded",
                                                     "show",       "version",     "collations"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view text, std::string_view lower_word) {
  return std::ranges::equal(text, lower_word, [](char a, char b) { return lower(a) == b; });
}

Verdict check(const SQLStatement& statement, std::string_view text);

// DuckDB makes several of a PIVOT whose columns come from the data: types first, then the query.
Verdict check_parts(const ::duckdb::MultiStatement& multi, std::string_view text) {
  const auto& parts = multi.statements;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto type = parts[i]->type;
    const bool last = i + 1 == parts.size();
    const bool expected = last ? type == StatementType::SELECT_STATEMENT || type == StatementType::EXPLAIN_STATEMENT
                               : type == StatementType::CREATE_STATEMENT;
    if (!expected) {
      return statement_failure("0A000", "A PIVOT with columns from the data can only be a query of its own.");
    }
  }
  return parts.empty() ? statement_failure("42601", "There is no statement.") : check(*parts.back(), text);
}

Verdict check(const SQLStatement& statement, std::string_view text) {
  // What is not named here reaches the machine or other principals, or would end with the connection, which is
  // thrown away after the statement.
  switch (statement.type) {
    case StatementType::SELECT_STATEMENT:
      return contains_ignoring_case(text, "nextval") ? StatementKind::write : StatementKind::read;
    case StatementType::INSERT_STATEMENT:
    case StatementType::UPDATE_STATEMENT:
    case StatementType::DELETE_STATEMENT:
    case StatementType::MERGE_INTO_STATEMENT:
    case StatementType::ALTER_STATEMENT: return StatementKind::write;
    case StatementType::CREATE_STATEMENT:
      if (statement.Cast<::duckdb::CreateStatement>().info->type == ::duckdb::CatalogType::SECRET_ENTRY) {
        return not_allowed("This warehouse does not allow CREATE SECRET.");
      }
      return StatementKind::write;
    case StatementType::DROP_STATEMENT: {
      const auto type = statement.Cast<::duckdb::DropStatement>().info->type;
      if (type == ::duckdb::CatalogType::SECRET_ENTRY) return not_allowed("This warehouse does not allow DROP SECRET.");
      if (type == ::duckdb::CatalogType::PREPARED_STATEMENT) break;
      return StatementKind::write;
    }
    // EXPLAIN ANALYZE runs what it explains.
    case StatementType::EXPLAIN_STATEMENT: return check(*statement.Cast<::duckdb::ExplainStatement>().stmt, text);
    case StatementType::MULTI_STATEMENT: return check_parts(statement.Cast<::duckdb::MultiStatement>(), text);
    case StatementType::PRAGMA_STATEMENT: {
      const auto& name = statement.Cast<::duckdb::PragmaStatement>().info->name;
      const auto same = [&](std::string_view pragma) { return equal_ignoring_case(name, pragma); };
      if (std::ranges::any_of(pragmas, same)) return StatementKind::read;
      return not_allowed(fmt::format("This warehouse does not allow the PRAGMA or statement '{}'.", name));
    }
    case StatementType::SET_STATEMENT:
    case StatementType::VARIABLE_SET_STATEMENT:
    case StatementType::TRANSACTION_STATEMENT:
    case StatementType::PREPARE_STATEMENT:
    case StatementType::EXECUTE_STATEMENT:
      return not_allowed(
          "Every statement runs in a session of its own: settings, transactions and prepared "
          "statements would end with it.");
    default: break;
  }
  return not_allowed(
      fmt::format("This warehouse does not allow {} statements.", ::duckdb::StatementTypeToString(statement.type)));
}

bool is_count(const SQLStatement& statement) {
  switch (statement.type) {
    case StatementType::INSERT_STATEMENT: return statement.Cast<::duckdb::InsertStatement>().returning_list.empty();
    case StatementType::UPDATE_STATEMENT: return statement.Cast<::duckdb::UpdateStatement>().returning_list.empty();
    case StatementType::DELETE_STATEMENT: return statement.Cast<::duckdb::DeleteStatement>().returning_list.empty();
    case StatementType::MERGE_INTO_STATEMENT:
      return statement.Cast<::duckdb::MergeIntoStatement>().returning_list.empty();
    default: return false;
  }
}

Failure unreadable(const std::exception& thrown, const std::string& text) {
  ::duckdb::ErrorData error(thrown);
  error.AddErrorLocation(text);
  return read_error(error.Message(), text);
}

}  // namespace

bool contains_ignoring_case(std::string_view text, std::string_view lower_word) {
  return std::search(text.begin(), text.end(), lower_word.begin(), lower_word.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

Result<Allowed, Failure> check_statement(const std::string& text) {
  if (text.find('\0') != text.npos) return statement_failure("42601", "The statement contains a NUL character.");
  ::duckdb::Parser parser;
  try {
    parser.ParseQuery(text);
  } catch (const std::exception& thrown) {
    return unreadable(thrown, text);
  }
  if (parser.statements.empty()) return statement_failure("42601", "There is no statement.");
  if (parser.statements.size() > 1) return statement_failure("42601", "Only one statement can be run at a time.");
  const SQLStatement& statement = *parser.statements.front();
  auto kind = check(statement, text);
  if (!kind) return std::move(kind).error();
  return Allowed{.kind = *kind, .is_count = is_count(statement)};
}

}  // namespace coatcheck::warehouse::duckdb
