#include "warehouse/duckdb/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace coatcheck::warehouse::duckdb {

namespace {

// Named anywhere, these are refused. Logging can be turned on by a SELECT in spite of the lock, writes
// files and shows everybody's SQL; the others show settings, paths and secrets, or run hidden SQL.
constexpr std::array<std::string_view, 16> forbidden_words = {
    "enable_logging",    "disable_logging",
    "duckdb_log",        "json_execute_serialized_sql",
    "duckdb_settings",   "pg_settings",
    "current_setting",   "duckdb_databases",
    "database_list",     "duckdb_temporary_files",
    "duckdb_secrets",    "which_secret",
    "duckdb_extensions", "external_file_cache",
    "force_checkpoint",  "write_log",
};

// These are common words, refused only where they are called.
constexpr std::array<std::string_view, 2> forbidden_calls = {"query", "checkpoint"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_word(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '$'; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

// Whether an opening parenthesis is the first thing after `at` that is not space or comment. A byte that is not
// ASCII may be a space to DuckDB, so it is one here.
bool opens_parenthesis(std::string_view text, std::size_t at) {
  if (at < text.size() && text[at] == '"') ++at;
  while (at < text.size()) {
    const auto rest = text.substr(at);
    if (rest.starts_with("--")) {
      at = std::min(text.find_first_of("\r\n", at), text.size());
    } else if (rest.starts_with("/*")) {
      return true;  // Comments nest; whoever needs one here may write it elsewhere.
    } else if (is_blank(rest[0]) || static_cast<unsigned char>(rest[0]) >= 0x80 || rest[0] == '\0') {
      ++at;
    } else {
      return rest[0] == '(';
    }
  }
  return false;
}

bool calls(std::string_view text, std::string_view name) {
  const auto same = [](char a, char b) { return lower(a) == b; };
  for (auto from = text.begin();;) {
    const auto found = std::search(from, text.end(), name.begin(), name.end(), same);
    if (found == text.end()) return false;
    const auto start = static_cast<std::size_t>(found - text.begin());
    const auto end = start + name.size();
    const bool whole = (start == 0 || !is_word(text[start - 1])) && (end == text.size() || !is_word(text[end]));
    if (whole && opens_parenthesis(text, end)) return true;
    from = found + 1;
  }
}

Failure not_allowed(std::string message) {
  return {.category = FailureCategory::permission,
          .code = "Permission Error",
          .sqlstate = "42501",
          .message = std::move(message)};
}

bool takes_word(std::string_view& text, std::string_view lower_word) {
  if (text.size() < lower_word.size() || !contains_ignoring_case(text.substr(0, lower_word.size()), lower_word)) {
    return false;
  }
  if (text.size() > lower_word.size() && is_word(text[lower_word.size()])) return false;
  text.remove_prefix(lower_word.size());
  return true;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

}  // namespace

bool contains_ignoring_case(std::string_view text, std::string_view lower_word) {
  return std::search(text.begin(), text.end(), lower_word.begin(), lower_word.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end();
}

std::optional<Failure> refuse_text(std::string_view text) {
  for (const auto word : forbidden_words) {
    if (contains_ignoring_case(text, word))
      return not_allowed(fmt::format("This warehouse does not allow '{}'.", word));
  }
  for (const auto name : forbidden_calls) {
    if (calls(text, name)) return not_allowed(fmt::format("This warehouse does not allow calling '{}'.", name));
  }
  // Binding it already makes the directory, so it must not come as far as a statement type.
  if (contains_ignoring_case(text, "export") && contains_ignoring_case(text, "database")) {
    return not_allowed("This warehouse does not allow EXPORT DATABASE.");
  }
  return std::nullopt;
}

std::optional<Failure> refuse_type(duckdb_statement_type type, std::string_view first_column) {
  // Everything that is not named here reaches the machine, other principals, or a connection that is
  // thrown away after the statement.
  switch (static_cast<int>(type)) {
    case DUCKDB_STATEMENT_TYPE_SELECT:
    case DUCKDB_STATEMENT_TYPE_EXPLAIN:
    case DUCKDB_STATEMENT_TYPE_INSERT:
    case DUCKDB_STATEMENT_TYPE_UPDATE:
    case DUCKDB_STATEMENT_TYPE_DELETE:
    case DUCKDB_STATEMENT_TYPE_ALTER:
    case DUCKDB_STATEMENT_TYPE_DROP: return std::nullopt;
    case DUCKDB_STATEMENT_TYPE_CREATE:
      // CREATE SECRET has the type of CREATE TABLE, and another result.
      if (first_column == "Count") return std::nullopt;
      return not_allowed("This warehouse does not allow CREATE SECRET.");
    case DUCKDB_STATEMENT_TYPE_INVALID:
      // MERGE INTO has no type of its own, and neither has UPDATE EXTENSIONS.
      if (first_column == "Count") return std::nullopt;
      return not_allowed("This warehouse does not allow statements of this kind.");
    case DUCKDB_STATEMENT_TYPE_COPY: return not_allowed("This warehouse does not allow COPY.");
    case DUCKDB_STATEMENT_TYPE_ATTACH:
    case DUCKDB_STATEMENT_TYPE_DETACH: return not_allowed("This warehouse does not allow ATTACH and DETACH.");
    case DUCKDB_STATEMENT_TYPE_LOAD: return not_allowed("This warehouse does not allow INSTALL and LOAD.");
    case DUCKDB_STATEMENT_TYPE_SET:
    case DUCKDB_STATEMENT_TYPE_VARIABLE_SET:
    case DUCKDB_STATEMENT_TYPE_TRANSACTION:
    case DUCKDB_STATEMENT_TYPE_PREPARE:
    case DUCKDB_STATEMENT_TYPE_EXECUTE:
      return not_allowed(
          "Every statement runs in a session of its own: settings, transactions and prepared "
          "statements would end with it.");
    default: return not_allowed("This warehouse does not allow statements of this kind.");
  }
}

StatementKind kind_of(duckdb_statement_type type, std::string_view text) {
  if (type != DUCKDB_STATEMENT_TYPE_SELECT) return StatementKind::write;
  return contains_ignoring_case(text, "nextval") ? StatementKind::write : StatementKind::read;
}

std::optional<std::string> explained(std::string_view text) {
  auto rest = text;
  skip_blanks(rest);
  if (!takes_word(rest, "explain")) return std::nullopt;
  skip_blanks(rest);
  if (rest.starts_with('(')) {
    const auto end = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_, \t\r\n", 1);
    if (end == rest.npos || rest[end] != ')') return std::nullopt;
    rest.remove_prefix(end + 1);
  } else {
    takes_word(rest, "analyze") || takes_word(rest, "analyse");
  }
  return std::string(text.size() - rest.size(), ' ') + std::string(rest);
}

}  // namespace coatcheck::warehouse::duckdb
