#include "warehouse/trino/temporal.hpp"

#include <arrow/vendored/datetime.h>

#include <charconv>
#include <chrono>
#include <limits>
#include <stdexcept>

namespace coatcheck::warehouse::trino {

namespace {

namespace date = arrow_vendored::date;

constexpr std::int64_t day_seconds = 86'400;

// Takes an unsigned number of `least` to `most` digits from the front.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t least, std::size_t most) {
  std::size_t digits = 0;
  while (digits < text.size() && digits < most && text[digits] >= '0' && text[digits] <= '9') ++digits;
  std::int64_t value = 0;
  if (digits < least) return std::nullopt;
  std::from_chars(text.data(), text.data() + digits, value);
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Days since 1970-01-01 in the Gregorian calendar, also before it began, as Trino counts.
std::optional<std::int64_t> take_date(std::string_view& text) {
  const bool before = take(text, '-');
  if (!before) take(text, '+');
  const auto year = take_number(text, 4, 7);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  // Howard Hinnant's days_from_civil: years begin in March, eras have 400 of them.
  const std::int64_t y = (before ? -*year : *year) - (*month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (*month + (*month > 2 ? -3 : 9)) + 2) / 5 + *day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

// Hours may be more than 23, in intervals.
std::optional<std::int64_t> take_time(std::string_view& text, std::int64_t per_second) {
  const auto hours = take_number(text, 2, 4);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2, 2);
  if (!minutes || !take(text, ':')) return std::nullopt;
  const auto seconds = take_number(text, 2, 2);
  if (!seconds || *minutes > 59 || *seconds > 59) return std::nullopt;
  std::int64_t fraction = 0;
  if (take(text, '.')) {
    std::int64_t worth = per_second;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits) {
      worth /= 10;
      if (worth == 0 && text.front() != '0') return std::nullopt;  // Finer than the unit.
      fraction += worth * (text.front() - '0');
    }
    if (digits == 0) return std::nullopt;
  }
  return ((*hours * 60 + *minutes) * 60 + *seconds) * per_second + fraction;
}

struct Wall {
  std::int64_t seconds;
  std::int64_t fraction;
};

std::optional<Wall> take_wall(std::string_view& text, std::int64_t per_second) {
  const auto days = take_date(text);
  if (!days || !take(text, ' ')) return std::nullopt;
  const auto time = take_time(text, per_second);
  if (!time || *time >= day_seconds * per_second) return std::nullopt;
  return Wall{*days * day_seconds + *time / per_second, *time % per_second};
}

std::optional<std::int64_t> scaled(Wall wall, std::int64_t per_second) {
  std::int64_t value = 0;
  // Below zero the second that has begun is taken back first, or the lowest values would overflow on their way.
  if (wall.seconds < 0 && wall.fraction > 0) {
    ++wall.seconds;
    wall.fraction -= per_second;
  }
  if (__builtin_mul_overflow(wall.seconds, per_second, &value) ||
      __builtin_add_overflow(value, wall.fraction, &value)) {
    return std::nullopt;
  }
  return value;
}

// "+05:30", "-11:00"; seconds east of Greenwich.
std::optional<std::int64_t> read_offset(std::string_view text) {
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return std::nullopt;
  const auto hours = take_number(text, 2, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2, 2);
  if (!minutes || !text.empty() || *minutes > 59) return std::nullopt;
  const auto seconds = (*hours * 60 + *minutes) * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::optional<std::int32_t> read_date(std::string_view text) {
  const auto days = take_date(text);
  if (!days || !text.empty() || *days < std::numeric_limits<std::int32_t>::min() ||
      *days > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> read_time(std::string_view text, std::int64_t per_second) {
  const auto time = take_time(text, per_second);
  if (!time || !text.empty() || *time >= day_seconds * per_second) return std::nullopt;
  return time;
}

std::optional<std::int64_t> read_timestamp(std::string_view text, std::int64_t per_second) {
  const auto wall = take_wall(text, per_second);
  if (!wall || !text.empty()) return std::nullopt;
  return scaled(*wall, per_second);
}

std::optional<std::int32_t> read_year_month(std::string_view text) {
  const bool negative = take(text, '-');
  const auto years = take_number(text, 1, 9);
  if (!years || !take(text, '-')) return std::nullopt;
  const auto months = take_number(text, 1, 2);
  if (!months || !text.empty()) return std::nullopt;
  const auto all = (*years * 12 + *months) * (negative ? -1 : 1);
  if (all < std::numeric_limits<std::int32_t>::min() || all > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return static_cast<std::int32_t>(all);
}

std::optional<DaysAndNanoseconds> read_day_second(std::string_view text) {
  const bool negative = take(text, '-');
  const auto days = take_number(text, 1, 10);
  if (!days || *days > std::numeric_limits<std::int32_t>::max() || !take(text, ' ')) return std::nullopt;
  const auto time = take_time(text, 1'000'000'000);
  if (!time || !text.empty()) return std::nullopt;
  const int sign = negative ? -1 : 1;
  return DaysAndNanoseconds{static_cast<std::int32_t>(*days) * sign, *time * sign};
}

std::optional<std::int64_t> Zones::offset_seconds(std::string_view zone, std::int64_t local_seconds) {
  if (zone == "UTC" || zone == "Z" || zone == "GMT") return 0;
  if (const auto fixed = read_offset(zone)) return fixed;
  auto [known, is_new] = known_.try_emplace(std::string(zone), nullptr);
  if (is_new) {
    try {
      known->second = date::locate_zone(zone);
    } catch (const std::runtime_error&) {  // No such zone, or no database of them on this machine.
    }
  }
  if (known->second == nullptr) return std::nullopt;
  const auto& found = *static_cast<const date::time_zone*>(known->second);
  const auto info = found.get_info(date::local_seconds(std::chrono::seconds(local_seconds)));
  return info.first.offset.count();
}

std::optional<std::int64_t> Zones::read_instant(std::string_view text, std::int64_t per_second) {
  auto wall = take_wall(text, per_second);
  if (!wall || !take(text, ' ')) return std::nullopt;
  const auto offset = offset_seconds(text, wall->seconds);
  if (!offset) return std::nullopt;
  wall->seconds -= *offset;
  return scaled(*wall, per_second);
}

}  // namespace coatcheck::warehouse::trino
