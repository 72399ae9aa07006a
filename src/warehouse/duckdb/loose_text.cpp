#include "warehouse/duckdb/loose_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace coatcheck::warehouse::duckdb {

namespace {

__extension__ typedef __int128 Nanoseconds;  // 64 bits end in 2262.

constexpr std::int64_t day_s = 86'400;
constexpr Nanoseconds second_ns = 1'000'000'000;

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Nanoseconds since_1970(std::int64_t number) {
  constexpr std::int64_t year_s = 31'536'000;
  const auto is_past = [&](std::int64_t limit) { return number >= limit || number <= -limit; };
  if (is_past(year_s * 1'000'000'000)) return number;
  if (is_past(year_s * 1'000'000)) return Nanoseconds{number} * 1'000;
  if (is_past(year_s * 1'000)) return Nanoseconds{number} * 1'000'000;
  return number * second_ns;
}

std::int64_t floor_divide(Nanoseconds number, Nanoseconds by) {
  return static_cast<std::int64_t>(number / by - (number % by < 0 ? 1 : 0));
}

// Nothing outside of the years 1 to 9999.
std::optional<std::string> date_text(std::int64_t day) {
  if (day < -719'162 || day > 2'932'896) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string clock_text(Nanoseconds of_day) {
  const auto second = static_cast<std::int64_t>(of_day / second_ns);
  return fmt::format("{:02}:{:02}:{:02}.{:09}", second / 3600, second / 60 % 60, second % 60,
                     static_cast<std::int64_t>(of_day % second_ns));
}

std::optional<std::string> as_date(std::int64_t number) {
  constexpr std::int64_t day_ms = day_s * 1'000;
  constexpr std::int64_t milliseconds_max = 1'000'000'000'000'000;  // Of the year 33658.
  if (number % day_ms == 0 && number > -milliseconds_max && number < milliseconds_max) {
    return date_text(number / day_ms);
  }
  return date_text(floor_divide(since_1970(number), day_s * second_ns));
}

std::optional<std::string> as_timestamp(std::int64_t number) {
  const Nanoseconds instant = since_1970(number);
  const std::int64_t day = floor_divide(instant, day_s * second_ns);
  auto text = date_text(day);
  if (text) *text += ' ' + clock_text(instant - day * day_s * second_ns);
  return text;
}

std::optional<std::string> as_time(std::int64_t number) {
  if (number < 0) return std::nullopt;
  const Nanoseconds of_day = number < day_s ? number * second_ns : Nanoseconds{number};
  if (of_day >= day_s * second_ns) return std::nullopt;
  return clock_text(of_day);
}

std::optional<std::string> as_bytes(std::string_view text) {
  const auto is_digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  if (text.size() % 2 != 0 || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  return std::string(text);
}

// The type by which its text is read, and the text: nothing if it is not what is expected, and stays a text.
std::optional<Parameter> read_as(duckdb_type expected, std::string_view text) {
  const auto typed = [](const char* type, std::optional<std::string> read) -> std::optional<Parameter> {
    if (!read) return std::nullopt;
    return Parameter{.name = {}, .type = type, .value = *std::move(read)};
  };
  if (expected == DUCKDB_TYPE_BLOB) return typed("HEX", as_bytes(text));
  const auto number = whole_number(text);
  if (!number) return std::nullopt;
  switch (expected) {
    case DUCKDB_TYPE_DATE: return typed("DATE", as_date(*number));
    case DUCKDB_TYPE_TIME: return typed("TIME", as_time(*number));
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS: return typed("TIMESTAMP", as_timestamp(*number));
    case DUCKDB_TYPE_TIMESTAMP_NS: return typed("TIMESTAMP_NS", as_timestamp(*number));
    case DUCKDB_TYPE_TIMESTAMP_TZ: {
      auto instant = as_timestamp(*number);
      if (instant) *instant += "+00:00";
      return typed("TIMESTAMPTZ", std::move(instant));
    }
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Parameter> settled(const Parameter& parameter, duckdb_type expected) {
  const auto* text = std::get_if<std::string>(&parameter.value);
  if (parameter.type != loose_text || text == nullptr) return std::nullopt;
  auto settled = read_as(expected, *text).value_or(Parameter{.name = {}, .type = {}, .value = *text});
  settled.name = parameter.name;
  return settled;
}

}  // namespace coatcheck::warehouse::duckdb
