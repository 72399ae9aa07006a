#include "api/snowflake/binding_value.hpp"

#include <boost/json/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "api/snowflake/decimal_text.hpp"
#include "principals/base64.hpp"

namespace coatcheck::api::snowflake {

namespace {

using Read = std::optional<Parameter>;

constexpr std::int64_t day_s = 86'400;

Parameter untyped(Parameter::Value value) { return {"", "", std::move(value)}; }
Parameter typed(std::string type, std::string text) { return {"", std::move(type), std::move(text)}; }

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

// The smallest type that holds it: BIGINT, HUGEINT, or DECIMAL with as many digits as there are.
Parameter number_of(const DecimalText& decimal) {
  if (decimal.scale != 0) return typed(fmt::format("DECIMAL({},{})", decimal.precision, decimal.scale), decimal.text);
  std::int64_t number = 0;
  const char* const end = decimal.text.data() + decimal.text.size();
  if (std::from_chars(decimal.text.data(), end, number).ec == std::errc()) return untyped(number);
  return typed("HUGEINT", decimal.text);
}

Read read_fixed(const std::string& text) {
  const auto decimal = read_decimal(text);
  if (!decimal) return std::nullopt;
  return number_of(*decimal);
}

Read read_real(const std::string& text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  if (digits.starts_with('+')) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.find('(') != digits.npos) {
    return std::nullopt;
  }
  if (std::isnan(number)) return typed("DOUBLE", "NaN");
  if (std::isinf(number)) return typed("DOUBLE", number < 0 ? "-Infinity" : "Infinity");
  return untyped(number);
}

// Up to 36 digits with any exponent: a decimal if it fits one, else the nearest double.
Read read_decfloat(const std::string& text) {
  if (const auto decimal = read_decimal(text)) return number_of(*decimal);
  return read_real(text);
}

Read read_boolean(const std::string& text) {
  const std::string word = lower_case(text);
  for (const std::string_view yes : {"true", "1", "t", "yes", "y", "on"}) {
    if (word == yes) return untyped(true);
  }
  for (const std::string_view no : {"false", "0", "f", "no", "n", "off"}) {
    if (word == no) return untyped(false);
  }
  return std::nullopt;
}

Read read_text(const std::string& text) {
  if (text.find('\0') != text.npos) return std::nullopt;  // No engine reads past it.
  return untyped(text);
}

Read read_binary(const std::string& text) {
  const auto value_of = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i != text.size(); i += 2) {
    const int high = value_of(text[i]);
    const int low = value_of(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return typed("BLOB", principals::encode_base64(bytes));
}

// JSON, or a text that is none: Node sends a Date so.
Read read_variant(const std::string& text) {
  boost::json::parse_options options;
  options.max_depth = 100;
  boost::system::error_code problem;
  static_cast<void>(boost::json::parse(text, problem, {}, options));
  if (problem) return read_text(text);
  return typed("JSON", text);
}

// What is counted in parts of a second, however long ago.
struct Instant {
  std::int64_t second = 0;
  std::int64_t nanosecond = 0;  // From 0 to 999,999,999.
};

// Reads a whole number of nanoseconds, which may be more than 64 bits hold.
std::optional<Instant> read_nanoseconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 26 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  constexpr std::size_t decimals = 9;
  const auto number = [](std::string_view digits) {
    std::int64_t value = 0;
    for (const char c : digits) value = value * 10 + (c - '0');
    return value;
  };
  const std::size_t whole = text.size() > decimals ? text.size() - decimals : 0;
  Instant instant{number(text.substr(0, whole)), number(text.substr(whole))};
  if (negative) {
    instant.second = -instant.second;
    instant.nanosecond = -instant.nanosecond;
    if (instant.nanosecond < 0) {
      instant.second -= 1;
      instant.nanosecond += 1'000'000'000;
    }
  }
  return instant;
}

// "2026-11-22", or nothing outside of the years 1 to 9999.
std::optional<std::string> date_of(std::int64_t day) {
  constexpr std::int64_t first = -719'162;
  constexpr std::int64_t last = 2'932'896;
  if (day < first || day > last) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::int64_t floor_divide(std::int64_t number, std::int64_t by) { return number / by - (number % by < 0 ? 1 : 0); }

std::string clock_of(std::int64_t second_of_day, std::int64_t nanosecond, bool to_the_nanosecond) {
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
  if (to_the_nanosecond)
    text += fmt::format(".{:09}", nanosecond);
  else if (nanosecond != 0)
    text += fmt::format(".{:06}", nanosecond / 1000);
  return text;
}

// Drivers send numbers; people who bind a text as a date mean the date that it says. The engine reads it.
Read read_as_written(const char* type, const std::string& text) {
  const bool has_parts = text.find('-', 1) != text.npos || text.find(':') != text.npos;
  if (text.size() < 4 || text.size() > 40 || !has_parts) return std::nullopt;
  if (text.find_first_not_of("0123456789-:. +TZ") != text.npos) return std::nullopt;
  return typed(type, text);
}

Read read_date(const std::string& text) {
  std::int64_t milliseconds = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, milliseconds);
  if (error != std::errc() || at != end) return read_as_written("DATE", text);
  auto date = date_of(floor_divide(milliseconds, day_s * 1000));
  if (!date) return std::nullopt;
  return typed("DATE", *std::move(date));
}

Read read_time(const std::string& text) {
  const auto instant = read_nanoseconds(text);
  if (!instant) return read_as_written("TIME", text);
  if (instant->second < 0 || instant->second >= day_s) return std::nullopt;
  return typed("TIME", clock_of(instant->second, instant->nanosecond, false));
}

// A timestamp without a zone keeps its nanoseconds, if it has any, in the years that the engine can.
Read read_timestamp(const std::string& text) {
  const auto instant = read_nanoseconds(text);
  if (!instant) return read_as_written("TIMESTAMP", text);
  const std::int64_t day = floor_divide(instant->second, day_s);
  const auto date = date_of(day);
  if (!date) return std::nullopt;
  const bool in_years = *date >= "1678-01-01" && *date < "2262-01-01";
  const bool to_the_nanosecond = instant->nanosecond % 1000 != 0 && in_years;
  return typed(to_the_nanosecond ? "TIMESTAMP_NS" : "TIMESTAMP",
               *date + " " + clock_of(instant->second - day * day_s, instant->nanosecond, to_the_nanosecond));
}

Read read_timestamp_with_zone(const std::string& text) {
  // "<nanoseconds> <minutes + 1440>": the instant is what counts, the engine keeps no offset.
  const std::size_t space = text.find(' ');
  const auto instant = read_nanoseconds(std::string_view(text).substr(0, space));
  if (!instant) return read_as_written("TIMESTAMPTZ", text);
  if (space != text.npos) {
    unsigned offset = 0;
    const char* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + space + 1, end, offset);
    if (error != std::errc() || at != end || offset > 2880) return std::nullopt;
  }
  const std::int64_t day = floor_divide(instant->second, day_s);
  const auto date = date_of(day);
  if (!date) return std::nullopt;
  return typed("TIMESTAMPTZ",
               *date + " " + clock_of(instant->second - day * day_s, instant->nanosecond, false) + "+00:00");
}

struct Reader {
  std::string_view type;
  Read (*read)(const std::string& text);
};

constexpr std::array readers = {
    Reader{"FIXED", read_fixed},
    Reader{"REAL", read_real},
    Reader{"DECFLOAT", read_decfloat},
    Reader{"TEXT", read_text},
    Reader{"ANY", read_text},
    Reader{"BINARY", read_binary},
    Reader{"BOOLEAN", read_boolean},
    Reader{"DATE", read_date},
    Reader{"TIME", read_time},
    Reader{"TIMESTAMP", read_timestamp},
    Reader{"TIMESTAMP_NTZ", read_timestamp},
    Reader{"TIMESTAMP_LTZ", read_timestamp_with_zone},
    Reader{"TIMESTAMP_TZ", read_timestamp_with_zone},
    Reader{"VARIANT", read_variant},
    Reader{"OBJECT", read_variant},
    Reader{"ARRAY", read_variant},
    Reader{"MAP", read_variant},
};

}  // namespace

std::optional<Parameter> read_binding_value(std::string_view type, const std::string& text) {
  const auto reader = std::ranges::find(readers, type, &Reader::type);
  if (reader == readers.end()) return std::nullopt;
  return reader->read(text);
}

}  // namespace coatcheck::api::snowflake
