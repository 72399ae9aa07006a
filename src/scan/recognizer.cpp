#include "scan/recognizer.hpp"

#include <algorithm>
#include <utility>

#include "scan/shape.hpp"
#include "scan/text.hpp"

namespace coatcheck::scan {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Whether the text has one of our names anywhere: what follows is slower.
bool names_any(std::string_view sql) {
  const auto same = [](std::string_view part, std::string_view lower_word) {
    return std::ranges::equal(part, lower_word, [](char a, char b) { return lower(a) == b; });
  };
  for (auto at = sql.find('_'); at != sql.npos; at = sql.find('_', at + 1)) {
    const auto before = sql.substr(0, at);
    const auto after = sql.substr(at + 1);
    if (before.size() >= 6 && same(before.substr(at - 6), "result") && same(after.substr(0, 4), "scan")) return true;
    if (before.size() >= 5 && same(before.substr(at - 5), "query") && same(after.substr(0, 7), "history")) return true;
  }
  return false;
}

// Whether the dialects may read the text differently: a backslash, //, a block comment or a dollar.
bool may_differ(std::string_view sql) { return sql.find_first_of("\\/$") != sql.npos; }

std::optional<Shape> shape_of_text(const Text& text) {
  auto shape = read_shape(text);
  return shape && !shape->calls.empty() ? std::move(shape) : std::nullopt;
}

std::vector<Bytes> places(const Text& text, const Shape& shape) {
  std::vector<Bytes> bytes;
  for (const auto& call : shape.calls) bytes.push_back(text.bytes(call.first, call.next));
  return bytes;
}

// Whether the other dialect finds the same tables in the text.
bool agrees(const Text& text, const Shape& shape, const std::vector<Parameter>* parameters) {
  if (!may_differ(text.sql())) return true;
  const Text other(text.sql(), Dialect::snowflake, parameters, text.facts());
  const auto seen = shape_of_text(other);
  return seen && places(other, *seen) == places(text, shape);
}

// Whether a string can stand beside the character without becoming another token with it, as it would with a quote.
bool stands_apart(char c) { return std::string_view(" \t\n\r(),;").find(c) != std::string_view::npos; }

void list_rest(const Text& text, const Shape& shape, Recognized& recognized) {
  auto call = shape.calls.begin();
  for (std::size_t at = 0; at < text.size();) {
    const bool inside = call != shape.calls.end() && at >= call->first;
    if (inside && at >= call->next) {
      ++call;
      continue;
    }
    const auto place = inside ? std::nullopt : read_last_query_id(text, at);
    if (place) recognized.last_queries.push_back({.bytes = text.bytes(at, place->next), .query = place->place});
    const auto kind = text[at].kind;
    const bool engine_knows = kind == TokenKind::question_mark || kind == TokenKind::dollar_parameter;
    if (text.is_placeholder(at) && (inside || engine_knows)) {
      if (const auto parameter = text.parameter_of(at)) {
        recognized.placeholders.push_back(
            {.bytes = text.bytes(at, at + 1), .parameter = *parameter, .numbered = kind != TokenKind::question_mark});
      }
    }
    at = place ? place->next : at + 1;
  }
}

}  // namespace

std::optional<Recognized> recognize(std::string_view sql, const std::vector<Parameter>* parameters,
                                    const Facts& facts) {
  if (!names_any(sql)) return std::nullopt;
  const Text text(sql, Dialect::duckdb, parameters, facts);
  auto shape = shape_of_text(text);
  if (!shape || !agrees(text, *shape, parameters)) return std::nullopt;
  push_ids_down(text, *shape);
  Recognized recognized;
  list_rest(text, *shape, recognized);
  for (auto& call : shape->calls) {
    recognized.references.push_back(
        {.bytes = text.bytes(call.first, call.next), .call = std::move(call.call), .has_alias = call.has_alias});
  }
  return recognized;
}

bool reads_stored(std::string_view sql) { return recognize(sql, nullptr, {}).has_value(); }

Failure not_found(std::string_view query) {
  constexpr std::size_t shown_max = 200;
  std::string shown(query.substr(0, shown_max));
  return {.category = FailureCategory::statement,
          .code = "000709",
          .sqlstate = "02000",
          .message = "Statement " + shown + " not found"};
}

Result<std::string, Failure> name_session_queries(std::string_view sql,
                                                  const std::function<std::optional<QueryId>(std::int64_t)>& query_at) {
  std::string named(sql);
  const auto recognized = recognize(sql, nullptr, {});
  if (!recognized) return named;
  std::vector<std::pair<Bytes, SessionPlace>> places;
  for (const auto& reference : recognized->references) {
    const auto* result = std::get_if<ResultCall>(&reference.call);
    const auto* place = result != nullptr ? std::get_if<SessionPlace>(&result->query) : nullptr;
    if (place != nullptr) places.emplace_back(result->argument, *place);
  }
  for (const auto& last : recognized->last_queries) places.emplace_back(last.bytes, last.query);
  std::ranges::sort(places, std::less(), [](const auto& each) { return each.first.begin; });
  named.clear();
  std::size_t copied = 0;
  for (const auto& [bytes, query] : places) {
    const auto id = query_at(query.place);
    if (!id) return not_found(std::to_string(query.place));
    named += sql.substr(copied, bytes.begin - copied);
    if (!named.empty() && !stands_apart(named.back())) named += ' ';
    named += "'" + id->to_string() + "'";
    copied = bytes.end;
    if (copied < sql.size() && !stands_apart(sql[copied])) named += ' ';
  }
  named += sql.substr(copied);
  return named;
}

std::optional<std::string> whole_result(std::string_view sql) {
  if (!names_any(sql) || may_differ(sql)) return std::nullopt;
  const Facts facts;
  const Text text(sql, Dialect::duckdb, nullptr, facts);
  if (!text.is_word(0, "SELECT") || !text.is(1, "*") || !text.is_word(2, "FROM") || !text.is_word(3, "TABLE")) {
    return std::nullopt;
  }
  const auto found = read_table_call(text, 3);
  if (!found) return std::nullopt;
  const auto* result = std::get_if<ResultCall>(&found->call);
  if (result == nullptr) return std::nullopt;
  if (!text.string(7)) return std::nullopt;
  const bool ends = found->next == text.size() || (text.is(found->next, ";") && found->next + 1 == text.size());
  return ends ? std::optional(std::get<std::string>(result->query)) : std::nullopt;
}

}  // namespace coatcheck::scan
