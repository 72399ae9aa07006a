#include "warehouse/snowflake/moment.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr std::int64_t day_seconds = 86'400;

// Takes a number of exactly so many digits from the front.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Seconds since 1970.
std::optional<std::int64_t> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * day_seconds;
}

std::optional<std::int64_t> take_decimals(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int64_t value = 0;
  std::int64_t worth = 1'000'000'000;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    worth /= 10;
    if (worth == 0) return std::nullopt;
    value += worth * (text.front() - '0');
    text.remove_prefix(1);
  }
  if (worth == 1'000'000'000) return std::nullopt;
  return value;
}

// "hh:mm", "hh:mm:ss" or "hh:mm:ss.f"
std::optional<Moment> take_clock(std::string_view& text) {
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  Moment moment{.seconds = (*hours * 60 + *minutes) * 60};
  if (!take(text, ':')) return moment;
  const auto seconds = take_number(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  const auto decimals = take_decimals(text);
  if (!decimals) return std::nullopt;
  moment.seconds += *seconds;
  moment.nanoseconds = *decimals;
  return moment;
}

// "Z", "+01:00", "-0800", "+01"
std::optional<std::int64_t> read_offset(std::string_view text) {
  if (text == "Z" || text == "z" || text == "UTC") return 0;
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours) return std::nullopt;
  take(text, ':');
  const auto minutes = text.empty() ? std::optional<std::int64_t>(0) : take_number(text, 2);
  if (!minutes || !text.empty() || *minutes > 59) return std::nullopt;
  const auto offset = *hours * 60 + *minutes;
  if (offset > 14 * 60) return std::nullopt;
  return west ? -offset : offset;
}

}  // namespace

std::optional<Moment> read_date(std::string_view text) {
  const auto seconds = take_date(text);
  if (!seconds || !text.empty()) return std::nullopt;
  return Moment{.seconds = *seconds};
}

std::optional<Moment> read_time(std::string_view text) {
  auto moment = take_clock(text);
  if (!moment || !text.empty()) return std::nullopt;
  return moment;
}

std::optional<Moment> read_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  if (text.empty()) return Moment{.seconds = *date};
  if (!take(text, ' ') && !take(text, 'T') && !take(text, 't')) return std::nullopt;
  auto moment = take_clock(text);
  if (!moment) return std::nullopt;
  moment->seconds += *date;
  take(text, ' ');
  if (text.empty()) return moment;
  moment->offset_minutes = read_offset(text);
  if (!moment->offset_minutes) return std::nullopt;
  return moment;
}

std::string nanoseconds_text(std::int64_t seconds, std::int64_t nanoseconds) {
  // Below zero the seconds count down and the nanoseconds up: they meet at the next second.
  const bool negative = seconds < 0;
  if (negative && nanoseconds > 0) {
    seconds += 1;
    nanoseconds = 1'000'000'000 - nanoseconds;
  }
  const auto magnitude = negative ? -seconds : seconds;
  if (magnitude == 0) return fmt::format("{}{}", negative && nanoseconds > 0 ? "-" : "", nanoseconds);
  return fmt::format("{}{}{:09}", negative ? "-" : "", magnitude, nanoseconds);
}

}  // namespace coatcheck::warehouse::snowflake
