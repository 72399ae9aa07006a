#include "scan/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

namespace coatcheck::scan {

namespace {

using std::chrono::microseconds;

// dateadd in dateadd in …: deeper than anybody writes by hand.
constexpr int depth_max = 8;
constexpr std::int64_t amount_max = 1'000'000;

std::optional<Evaluated> expression(const Text& text, std::size_t at, int depth);

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<std::int64_t> read_whole(std::string_view digits) {
  std::int64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc() && stopped == end ? std::optional(value) : std::nullopt;
}

// How long a part of dateadd is; nothing for those that the calendar decides.
std::optional<microseconds> length_of(std::string_view part) {
  using namespace std::chrono;
  if (is_one_of(part, {"MICROSECOND", "MICROSECONDS", "US", "USEC"})) return microseconds(1);
  if (is_one_of(part, {"MILLISECOND", "MILLISECONDS", "MS", "MSEC"})) return milliseconds(1);
  if (is_one_of(part, {"SECOND", "SECONDS", "SEC", "S"})) return seconds(1);
  if (is_one_of(part, {"MINUTE", "MINUTES", "MI", "MIN", "M"})) return minutes(1);
  if (is_one_of(part, {"HOUR", "HOURS", "HH", "HR", "HRS", "H"})) return hours(1);
  if (is_one_of(part, {"DAY", "DAYS", "DD", "D"})) return hours(24);
  if (is_one_of(part, {"WEEK", "WEEKS", "WK", "W"})) return hours(24 * 7);
  return std::nullopt;
}

std::optional<int> months_in(std::string_view part) {
  if (is_one_of(part, {"MONTH", "MONTHS", "MM", "MON"})) return 1;
  if (is_one_of(part, {"QUARTER", "QUARTERS", "QTR", "Q"})) return 3;
  if (is_one_of(part, {"YEAR", "YEARS", "YYYY", "YY", "Y"})) return 12;
  return std::nullopt;
}

Timestamp add_months(Timestamp time, std::int64_t months) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  auto date = std::chrono::year_month_day(day) + std::chrono::months(months);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return std::chrono::sys_days(date) + (time - day);
}

// Far from where the calendar or the count of microseconds ends.
bool is_usual(Timestamp time) {
  using namespace std::chrono;
  return time >= sys_days(year(1) / 1 / 1) && time < sys_days(year(10'000) / 1 / 1);
}

std::optional<Timestamp> add(std::string_view part, std::int64_t amount, Timestamp time) {
  if (amount > amount_max || amount < -amount_max || !is_usual(time)) return std::nullopt;
  if (const auto length = length_of(part)) return time + amount * *length;
  const auto months = months_in(part);
  if (!months || amount > 12'000 || amount < -12'000) return std::nullopt;
  return add_months(time, amount * *months);
}

std::optional<Value> as_timestamp(const Value& value) {
  if (std::holds_alternative<Unknown>(value) || std::holds_alternative<Timestamp>(value)) return value;
  const auto* words = std::get_if<std::string>(&value);
  const auto time = words != nullptr ? read_timestamp(*words) : std::nullopt;
  return time ? std::optional<Value>(*time) : std::nullopt;
}

bool is_timestamp_type(std::string_view name) {
  return is_one_of(name, {"TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TIMESTAMP_TZ", "TIMESTAMPLTZ", "TIMESTAMPNTZ",
                          "TIMESTAMPTZ", "DATETIME"});
}

// The parentheses of a call without arguments, which some functions can do without.
std::optional<std::size_t> after_empty_call(const Text& text, std::size_t at, bool optional) {
  if (text.is(at, "(") && text.is(at + 1, ")")) return at + 2;
  return optional && !text.is(at, "(") ? std::optional(at) : std::nullopt;
}

// dateadd(part, amount, time), from behind its name.
std::optional<Evaluated> date_add(const Text& text, std::size_t at, int depth) {
  if (!text.is(at, "(") || !text.is(at + 2, ",")) return std::nullopt;
  auto part = text.name(at + 1);
  if (!part) part = text.string(at + 1);
  if (!part) return std::nullopt;
  std::ranges::transform(*part, part->begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const auto amount = expression(text, at + 3, depth);
  if (!amount || !text.is(amount->next, ",")) return std::nullopt;
  const auto time = expression(text, amount->next + 1, depth);
  if (!time || !text.is(time->next, ")")) return std::nullopt;
  const auto begin = as_timestamp(time->value);
  if (!begin) return std::nullopt;
  const bool known_part = length_of(*part) || months_in(*part);
  if (std::holds_alternative<Unknown>(*begin) || std::holds_alternative<Unknown>(amount->value)) {
    return known_part ? std::optional(Evaluated{Unknown{}, time->next + 1}) : std::nullopt;
  }
  const auto* number = std::get_if<std::int64_t>(&amount->value);
  const auto sum = number != nullptr ? add(*part, *number, std::get<Timestamp>(*begin)) : std::nullopt;
  return sum ? std::optional(Evaluated{*sum, time->next + 1}) : std::nullopt;
}

// A number is seconds since 1970.
std::optional<Value> at_seconds(const Value& value) {
  constexpr std::int64_t end_of_9999 = 253'402'300'799;
  const auto* seconds = std::get_if<std::int64_t>(&value);
  if (seconds == nullptr || *seconds < 0 || *seconds > end_of_9999) return std::nullopt;
  return Timestamp(std::chrono::seconds(*seconds));
}

// to_timestamp…(text or number), from behind its name.
std::optional<Evaluated> to_timestamp(const Text& text, std::size_t at, int depth) {
  if (!text.is(at, "(")) return std::nullopt;
  const auto inner = expression(text, at + 1, depth);
  if (!inner || !text.is(inner->next, ")")) return std::nullopt;
  auto time = as_timestamp(inner->value);
  if (!time) time = at_seconds(inner->value);
  return time ? std::optional(Evaluated{std::move(*time), inner->next + 1}) : std::nullopt;
}

std::optional<Evaluated> fact(const Text& text, std::size_t at, bool bare, Value value) {
  const auto next = after_empty_call(text, at, bare);
  return next ? std::optional(Evaluated{std::move(value), *next}) : std::nullopt;
}

std::optional<Evaluated> call(const Text& text, std::size_t at, int depth) {
  const auto name = text.name(at);
  const Facts& facts = text.facts();
  if (*name == "TRUE" || *name == "FALSE") return Evaluated{*name == "TRUE", at + 1};
  if (*name == "NULL") return Evaluated{Null{}, at + 1};
  if (is_one_of(*name, {"CURRENT_TIMESTAMP", "LOCALTIMESTAMP"})) return fact(text, at + 1, true, facts.now);
  if (is_one_of(*name, {"SYSDATE", "GETDATE", "SYSTIMESTAMP", "NOW"})) return fact(text, at + 1, false, facts.now);
  if (*name == "CURRENT_USER") return fact(text, at + 1, true, facts.user);
  if (*name == "CURRENT_SESSION") {
    Value session = Unknown{};
    if (facts.session) session = static_cast<std::int64_t>(*facts.session);
    return fact(text, at + 1, false, std::move(session));
  }
  if (*name == "CURRENT_WAREHOUSE") {
    Value warehouse = Unknown{};
    if (!facts.warehouse.empty()) warehouse = facts.warehouse;
    return fact(text, at + 1, false, std::move(warehouse));
  }
  if (is_one_of(*name, {"DATEADD", "TIMEADD", "TIMESTAMPADD"})) return date_add(text, at + 1, depth);
  if (is_one_of(*name, {"TO_TIMESTAMP", "TO_TIMESTAMP_LTZ", "TO_TIMESTAMP_NTZ", "TO_TIMESTAMP_TZ"})) {
    return to_timestamp(text, at + 1, depth);
  }
  return std::nullopt;
}

std::optional<Evaluated> primary(const Text& text, std::size_t at, int depth) {
  if (at >= text.size()) return std::nullopt;
  if (auto words = text.string(at)) return Evaluated{std::move(*words), at + 1};
  if (text.is_placeholder(at)) {
    auto value = bound_value(text, at);
    return value ? std::optional(Evaluated{std::move(*value), at + 1}) : std::nullopt;
  }
  if (text[at].kind == TokenKind::word) return call(text, at, depth);
  return signed_number(text, at);
}

std::optional<Evaluated> expression(const Text& text, std::size_t at, int depth) {
  if (depth == depth_max) return std::nullopt;
  auto value = primary(text, at, depth + 1);
  while (value && text.is(value->next, "::")) {
    const auto type = text.name(value->next + 1);
    auto time = type && is_timestamp_type(*type) ? as_timestamp(value->value) : std::nullopt;
    if (!time) return std::nullopt;
    value = Evaluated{std::move(*time), value->next + 2};
  }
  return value;
}

bool is_number_type(std::string_view type) {
  constexpr std::array<std::string_view, 8> beginnings = {"INT",     "BIGINT", "SMALLINT", "TINYINT",
                                                          "HUGEINT", "U",      "DECIMAL",  "NUM"};
  return type != "UUID" && std::ranges::any_of(beginnings, [&](auto beginning) { return type.starts_with(beginning); });
}

}  // namespace

std::optional<Evaluated> signed_number(const Text& text, std::size_t at) {
  const bool minus = text.is(at, "-");
  if (minus || text.is(at, "+")) ++at;
  const auto number = text.whole_number(at);
  return number ? std::optional(Evaluated{minus ? -*number : *number, at + 1}) : std::nullopt;
}

std::optional<Value> bound_value(const Text& text, std::size_t at) {
  if (!text.knows_parameters()) return Unknown{};
  const Parameter* parameter = text.parameter(at);
  if (parameter == nullptr) return std::nullopt;
  struct Reading {
    const Parameter& parameter;
    std::optional<Value> operator()(std::monostate) const { return Null{}; }
    std::optional<Value> operator()(bool value) const { return value; }
    std::optional<Value> operator()(std::int64_t value) const { return value; }
    std::optional<Value> operator()(std::uint64_t value) const {
      if (!std::in_range<std::int64_t>(value)) return std::to_string(value);
      return static_cast<std::int64_t>(value);
    }
    std::optional<Value> operator()(double) const { return std::nullopt; }
    std::optional<Value> operator()(const std::string& value) const {
      if (is_number_type(parameter.type)) {
        if (const auto number = read_whole(value)) return *number;
      }
      return value;
    }
  };
  return std::visit(Reading{*parameter}, parameter->value);
}

std::optional<Evaluated> evaluate(const Text& text, std::size_t at) { return expression(text, at, 0); }

std::optional<Timestamp> read_timestamp(std::string_view text) {
  constexpr std::size_t date_size = 10;
  if (text.size() < date_size || text.size() > 64) return std::nullopt;
  std::string whole(text.substr(0, date_size));
  auto rest = text.substr(date_size);
  if (rest.empty()) {
    whole += "T00:00:00Z";
  } else {
    if (rest.front() != ' ' && rest.front() != 'T') return std::nullopt;
    rest.remove_prefix(1);
    const auto time = rest.substr(0, rest.find_first_of("+-Zz "));
    auto zone = rest.substr(time.size());
    if (zone.starts_with(' ')) zone.remove_prefix(1);
    whole += 'T';
    whole += time;
    if (std::ranges::count(time, ':') == 1) whole += ":00";
    if (zone.empty()) zone = "Z";
    whole += zone.substr(0, 3);
    if (zone.size() == 3) whole += ":00";  // "+01"
    if (zone.size() == 5) whole += ':';    // "+0100"
    if (zone.size() > 3) whole += zone.substr(3);
  }
  auto time = parse_rfc3339(whole);
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace coatcheck::scan
