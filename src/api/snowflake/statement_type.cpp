#include "api/snowflake/statement_type.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

#include "api/snowflake/lenient_json.hpp"
#include "scan/tokenizer.hpp"

namespace coatcheck::api::snowflake {

namespace {

StatementType type_of(const std::string& word) {
  constexpr std::array<std::pair<std::string_view, StatementType>, 31> words = {{
      {"SELECT", StatementType::select},
      {"VALUES", StatementType::select},
      {"FROM", StatementType::select},
      {"TABLE", StatementType::select},
      {"PIVOT", StatementType::select},
      {"UNPIVOT", StatementType::select},
      {"CALL", StatementType::select},
      {"INSERT", StatementType::insert},
      {"UPDATE", StatementType::update},
      {"DELETE", StatementType::remove},
      {"MERGE", StatementType::merge},
      {"COPY", StatementType::copy},
      {"USE", StatementType::use},
      {"SHOW", StatementType::show},
      {"DESCRIBE", StatementType::describe},
      {"DESC", StatementType::describe},
      {"EXPLAIN", StatementType::describe},
      {"SUMMARIZE", StatementType::describe},
      {"BEGIN", StatementType::transaction},
      {"START", StatementType::transaction},
      {"COMMIT", StatementType::transaction},
      {"ROLLBACK", StatementType::transaction},
      {"CREATE", StatementType::ddl},
      {"DROP", StatementType::ddl},
      {"ALTER", StatementType::ddl},
      {"TRUNCATE", StatementType::ddl},
      {"GRANT", StatementType::ddl},
      {"REVOKE", StatementType::ddl},
      {"COMMENT", StatementType::ddl},
      {"UNDROP", StatementType::ddl},
      {"SET", StatementType::alter_session},
  }};
  for (const auto& [known, type] : words) {
    if (known == word) return type;
  }
  return StatementType::unknown;
}

}  // namespace

StatementType statement_type(std::string_view sql) {
  int depth = 0;
  bool after_with = false;
  bool after_alter = false;
  for (const scan::Token& token : scan::tokenize(sql)) {
    const std::string_view text = sql.substr(token.begin, token.end - token.begin);
    if (text == "(") ++depth;
    if (text == ")") --depth;
    if (token.kind != scan::TokenKind::word) continue;
    const std::string word = upper_case(text);
    if (after_alter) return word == "SESSION" ? StatementType::alter_session : StatementType::ddl;
    if (!after_with) {
      after_alter = word == "ALTER";
      after_with = word == "WITH";
      if (!after_alter && !after_with) return type_of(word);
    } else if (depth == 0) {
      const StatementType type = type_of(word);
      if (type == StatementType::select || is_dml(type)) return type;
    }
  }
  return StatementType::unknown;
}

bool is_dml(StatementType type) {
  return type == StatementType::insert || type == StatementType::update || type == StatementType::remove ||
         type == StatementType::merge;
}

Result<std::size_t, SnowflakeError> statement_count(std::string_view sql, const Settings& settings) {
  std::uint64_t wanted = 1;
  if (const auto given = settings.find("MULTI_STATEMENT_COUNT"); given != settings.end()) {
    const std::string& text = given->second.text;
    const auto [rest, trouble] = std::from_chars(text.data(), text.data() + text.size(), wanted);
    if (trouble != std::errc{} || rest != text.data() + text.size()) return invalid_payload();
  }
  const auto statements = scan::split_statements(sql, scan::Dialect::duckdb);
  const bool is_sure = !statements.empty() && scan::split_statements(sql, scan::Dialect::snowflake) == statements;
  if (is_sure && wanted != 0 && statements.size() != wanted) {
    return SnowflakeError{"000008", "0A000",
                          fmt::format("Actual statement count {} did not match the desired statement count {}.",
                                      statements.size(), wanted)};
  }
  if (is_sure && statements.size() > statements_max) {
    return SnowflakeError{"990002", "53000", fmt::format("At most {} statements in one request.", statements_max)};
  }
  if (is_sure) return statements.size();
  if (wanted == 1) return std::size_t{1};
  return unsupported("several statements that Snowflake and the warehouse part differently");
}

}  // namespace coatcheck::api::snowflake
