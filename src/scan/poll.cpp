#include <utility>

#include "scan/history_rows.hpp"
#include "scan/recognizer.hpp"
#include "scan/shape.hpp"
#include "scan/text.hpp"

namespace coatcheck::scan {

namespace {

std::vector<Poll::Column> all_columns() {
  std::vector<Poll::Column> columns;
  for (const auto name : history_columns()) {
    columns.push_back({.history_column = columns.size(), .name = std::string(name)});
  }
  return columns;
}

// [alias.]column at token `at`: which one, and the token after it.
std::optional<std::pair<std::size_t, std::size_t>> read_column(const Text& text, std::size_t at,
                                                               const TableCall& call) {
  if (call.has_alias && text.is(at + 1, ".") && text.name(at) == text.name(call.alias_at)) at += 2;
  const auto name = text.name(at);
  const auto column = name ? history_column(*name) : std::nullopt;
  return column ? std::optional(std::pair(*column, at + 1)) : std::nullopt;
}

// The list from token `at` up to token `end`.
std::optional<std::vector<Poll::Column>> read_columns(const Text& text, std::size_t at, std::size_t end,
                                                      const TableCall& call) {
  if (text.is(at, "*")) return at + 1 == end ? std::optional(all_columns()) : std::nullopt;
  std::vector<Poll::Column> columns;
  for (;; ++at) {
    const auto column = read_column(text, at, call);
    if (!column) return std::nullopt;
    std::string name(history_columns()[column->first]);
    at = column->second;
    if (text.is_word(at, "AS")) ++at;
    if (at < end && !text.is(at, ",")) {
      auto alias = text.name(at++);
      if (!alias) return std::nullopt;
      name = std::move(*alias);
    }
    columns.push_back({.history_column = column->first, .name = std::move(name)});
    if (at == end) return columns;
    if (!text.is(at, ",")) return std::nullopt;
  }
}

// Whether the rest of the statement leaves one row as it is.
bool rest_is_harmless(const Text& text, std::size_t at, const TableCall& call) {
  if (text.is_word(at, "ORDER") && text.is_word(at + 1, "BY")) {
    const auto column = read_column(text, at + 2, call);
    if (!column) return false;
    at = column->second;
    if (text.is_word(at, "ASC") || text.is_word(at, "DESC")) ++at;
  }
  if (text.is_word(at, "LIMIT")) {
    const auto limit = text.whole_number(at + 1);
    if (!limit || *limit < 1) return false;
    at += 2;
  }
  if (text.is(at, ";")) ++at;
  return at == text.size();
}

}  // namespace

std::optional<Poll> poll(std::string_view sql, const std::vector<Parameter>& parameters, const Facts& facts) {
  // Whatever the dialects read differently is for the slower way.
  constexpr std::size_t longest = 10'000;
  if (sql.size() > longest || sql.find_first_of("\\/$") != sql.npos) return std::nullopt;
  const Text text(sql, Dialect::duckdb, &parameters, facts);
  if (!text.is_word(0, "SELECT")) return std::nullopt;
  auto shape = read_shape(text);
  if (!shape || shape->selects.size() != 1 || shape->calls.size() != 1) return std::nullopt;
  auto& call = shape->calls.front();
  const auto& select = shape->selects.front();
  auto* history = std::get_if<HistoryCall>(&call.call);
  if (history == nullptr || history->failure || call.select != 0 || select.select_at != 0) return std::nullopt;
  auto columns = read_columns(text, 1, select.from_at, call);
  auto id = only_id(text, select, call);
  if (!columns || !id || !rest_is_harmless(text, select.end, call)) return std::nullopt;
  return Poll{.id = std::move(*id), .columns = std::move(*columns), .request = std::move(history->request)};
}

}  // namespace coatcheck::scan
