#include "scan/calls.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "scan/value.hpp"

namespace coatcheck::scan {

namespace {

// The arguments of a history function, in the order in which they may be given without names.
enum class Argument { session_id, user_name, warehouse_name, range_start, range_end, limit, client_generated };

constexpr std::array<std::pair<std::string_view, Argument>, 7> argument_names = {{
    {"SESSION_ID", Argument::session_id},
    {"USER_NAME", Argument::user_name},
    {"WAREHOUSE_NAME", Argument::warehouse_name},
    {"END_TIME_RANGE_START", Argument::range_start},
    {"END_TIME_RANGE_END", Argument::range_end},
    {"RESULT_LIMIT", Argument::limit},
    {"INCLUDE_CLIENT_GENERATED_STATEMENT", Argument::client_generated},
}};

constexpr std::array common = {Argument::range_start, Argument::range_end, Argument::limit, Argument::client_generated};

struct Function {
  std::string_view name;
  std::optional<Argument> own;  // Before the common ones.
};
constexpr std::array<Function, 4> functions = {{
    {"QUERY_HISTORY", std::nullopt},
    {"QUERY_HISTORY_BY_SESSION", Argument::session_id},
    {"QUERY_HISTORY_BY_USER", Argument::user_name},
    {"QUERY_HISTORY_BY_WAREHOUSE", Argument::warehouse_name},
}};

std::optional<Argument> argument_at(const Function& function, std::size_t place) {
  if (function.own && place == 0) return function.own;
  if (function.own) --place;
  return place < common.size() ? std::optional(common[place]) : std::nullopt;
}

std::optional<Argument> argument_named(const Function& function, const Text& text, std::size_t at) {
  for (const auto& [name, argument] : argument_names) {
    if (!text.is_name(at, name)) continue;
    if (argument == function.own) return argument;
    for (const auto each : common) {
      if (each == argument) return argument;
    }
  }
  return std::nullopt;
}

std::string_view name_of_argument(Argument argument) {
  for (const auto& [name, each] : argument_names) {
    if (each == argument) return name;
  }
  return {};
}

Failure invalid_value(Argument argument, std::string_view must) {
  return {.category = FailureCategory::statement,
          .code = "001044",
          .sqlstate = "42P13",
          .message = fmt::format("SQL compilation error: invalid value of argument {}: it must be {}.",
                                 name_of_argument(argument), must)};
}

// Sets the argument. Returns what is wrong with its value, or nothing.
std::optional<Failure> set_time(std::optional<Timestamp>& time, Argument argument, const Value& value) {
  if (const auto* given = std::get_if<Timestamp>(&value)) {
    time = *given;
  } else if (const auto* words = std::get_if<std::string>(&value)) {
    time = read_timestamp(*words);
  }
  return time ? std::nullopt : std::optional(invalid_value(argument, "a timestamp"));
}

std::optional<Failure> set_limit(HistoryRequest& request, const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || *number < 1 || *number > history_limit_max) {
    return invalid_value(Argument::limit, fmt::format("a number between 1 and {}", history_limit_max));
  }
  request.limit = *number;
  return std::nullopt;
}

std::optional<Failure> set_session(HistoryRequest& request, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value); number != nullptr && *number >= 0) {
    request.session = static_cast<std::uint64_t>(*number);
    return std::nullopt;
  }
  if (const auto* words = std::get_if<std::string>(&value); words != nullptr && !words->empty() && words->size() < 20) {
    std::uint64_t number = 0;
    bool digits = true;
    for (const char c : *words) {
      digits = digits && c >= '0' && c <= '9';
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (digits) {
      request.session = number;
      return std::nullopt;
    }
  }
  return invalid_value(Argument::session_id, "a number");
}

std::optional<Failure> set_text(std::optional<std::string>& to, Argument argument, const Value& value) {
  const auto* words = std::get_if<std::string>(&value);
  if (words == nullptr) return invalid_value(argument, "a text");
  to = *words;
  return std::nullopt;
}

std::optional<Failure> set(HistoryRequest& request, Argument argument, const Value& value) {
  if (std::holds_alternative<Unknown>(value)) return std::nullopt;
  switch (argument) {
    case Argument::session_id: return set_session(request, value);
    case Argument::user_name: return set_text(request.user, argument, value);
    case Argument::warehouse_name: return set_text(request.warehouse, argument, value);
    case Argument::range_start: return set_time(request.end_from, argument, value);
    case Argument::range_end: return set_time(request.end_until, argument, value);
    case Argument::limit: return set_limit(request, value);
    case Argument::client_generated:  // There are none: no statement is made up by a client of ours.
      return std::holds_alternative<bool>(value) ? std::nullopt
                                                 : std::optional(invalid_value(argument, "true or false"));
  }
  return std::nullopt;
}

// What a function means when its own argument is not given.
void set_default(HistoryRequest& request, const Function& function, const Facts& facts) {
  if (function.own == Argument::session_id) request.session = facts.session.value_or(0);
  if (function.own == Argument::user_name) request.user = facts.user;
  if (function.own == Argument::warehouse_name && !facts.warehouse.empty()) request.warehouse = facts.warehouse;
}

// Reads the arguments of `function` from behind the opening parenthesis to behind the closing one.
std::optional<FoundCall> read_arguments(const Text& text, const Function& function, std::size_t at) {
  HistoryCall call;
  set_default(call.request, function, text.facts());
  std::vector<Argument> given;
  bool names = false;
  while (!text.is(at, ")")) {
    if (!given.empty()) {
      if (!text.is(at, ",")) return std::nullopt;
      ++at;
    }
    const bool named = text.is(at + 1, "=>");
    if (names && !named) return std::nullopt;
    names = named;
    const auto argument = named ? argument_named(function, text, at) : argument_at(function, given.size());
    if (!argument) return std::nullopt;
    for (const auto earlier : given) {
      if (earlier == *argument) return std::nullopt;
    }
    const auto value = evaluate(text, named ? at + 2 : at);
    if (!value) return std::nullopt;
    if (auto failure = set(call.request, *argument, value->value); failure && !call.failure) {
      call.failure = std::move(failure);
    }
    given.push_back(*argument);
    at = value->next;
  }
  return FoundCall{.call = std::move(call), .next = at + 1};
}

// [database .] information_schema . query_history… : the function, and the token after its name.
std::optional<std::pair<const Function*, std::size_t>> read_history_name(const Text& text, std::size_t at) {
  if (text.is(at + 1, ".") && text.is_name(at + 2, "INFORMATION_SCHEMA") && text.name(at)) at += 2;
  if (!text.is_name(at, "INFORMATION_SCHEMA") || !text.is(at + 1, ".")) return std::nullopt;
  for (const auto& function : functions) {
    if (text.is_name(at + 2, function.name)) return std::pair(&function, at + 3);
  }
  return std::nullopt;
}

std::optional<FoundCall> read_history(const Text& text, std::size_t at) {
  const auto name = read_history_name(text, at);
  if (!name || !text.is(name->second, "(")) return std::nullopt;
  return read_arguments(text, *name->first, name->second + 1);
}

std::optional<FoundCall> result_call(const Text& text, std::variant<std::string, SessionPlace> query, std::size_t first,
                                     std::size_t next) {
  if (!text.is(next, ")")) return std::nullopt;
  return FoundCall{.call = ResultCall{.query = std::move(query), .argument = text.bytes(first, next)},
                   .next = next + 1};
}

// The argument of result_scan that is bound: an id, or a place.
std::optional<FoundCall> bound_result(const Text& text, std::size_t at) {
  const auto value = bound_value(text, at);
  if (!value) return std::nullopt;
  if (const auto* id = std::get_if<std::string>(&*value)) return result_call(text, *id, at, at + 1);
  if (const auto* place = std::get_if<std::int64_t>(&*value))
    return result_call(text, SessionPlace{*place}, at, at + 1);
  if (std::holds_alternative<Unknown>(*value)) return result_call(text, std::string(), at, at + 1);
  return std::nullopt;
}

std::optional<FoundCall> read_result(const Text& text, std::size_t at) {
  if (!text.is_name(at, "RESULT_SCAN") || !text.is(at + 1, "(")) return std::nullopt;
  at += 2;
  if (auto id = text.string(at)) return result_call(text, std::move(*id), at, at + 1);
  if (const auto place = read_last_query_id(text, at)) return result_call(text, place->place, at, place->next);
  if (text.is_placeholder(at)) return bound_result(text, at);
  const auto number = signed_number(text, at);
  if (!number) return std::nullopt;
  return result_call(text, SessionPlace{std::get<std::int64_t>(number->value)}, at, number->next);
}

}  // namespace

std::optional<FoundCall> read_table_call(const Text& text, std::size_t at) {
  if (!text.is_word(at, "TABLE")) return read_result(text, at);
  if (!text.is(at + 1, "(")) return std::nullopt;
  auto found = read_result(text, at + 2);
  if (!found) found = read_history(text, at + 2);
  if (!found || !text.is(found->next, ")")) return std::nullopt;
  ++found->next;
  return found;
}

std::optional<FoundPlace> read_last_query_id(const Text& text, std::size_t at) {
  if (!text.is_name(at, "LAST_QUERY_ID") || !text.is(at + 1, "(")) return std::nullopt;
  if (text.is(at + 2, ")")) return FoundPlace{.place = {}, .next = at + 3};
  const auto number = signed_number(text, at + 2);
  if (!number || !text.is(number->next, ")")) return std::nullopt;
  return FoundPlace{.place = {std::get<std::int64_t>(number->value)}, .next = number->next + 1};
}

bool names_our_function(const Text& text, std::size_t at) {
  if (text.is_name(at, "RESULT_SCAN")) return text.is(at + 1, "(");
  const auto name = read_history_name(text, at);
  return name && text.is(name->second, "(");
}

}  // namespace coatcheck::scan
