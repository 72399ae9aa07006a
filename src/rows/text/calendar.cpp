#include "rows/text/calendar.hpp"

#include <cstring>

#include "rows/text/digits.hpp"

namespace coatcheck::rows::text {
namespace {

struct Civil {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

// Counts in eras of 400 years that begin on the first of March, so that the leap day is a year's last.
Civil civil_from_days(std::int64_t days) {
  constexpr std::int64_t days_per_era = 146097;
  constexpr std::int64_t march_0000_to_1970 = 719468;
  days += march_0000_to_1970;
  const std::int64_t era = (days >= 0 ? days : days - (days_per_era - 1)) / days_per_era;
  const auto day_of_era = static_cast<unsigned>(days - era * days_per_era);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_from_march = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

std::uint64_t magnitude_of(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

template <std::int64_t parts>
char* write_fraction(char* at, std::uint64_t fraction) {
  if (parts == 1 || fraction == 0) return at;
  *at++ = '.';
  unsigned digits = parts == 1'000 ? 3 : parts == 1'000'000 ? 6 : 9;
  while (digits > 3 && fraction % 1000 == 0) {
    fraction /= 1000;
    digits -= 3;
  }
  return write_padded(at, fraction, digits);
}

char* write_component(char* at, std::int64_t value, char unit) {
  if (value == 0) return at;
  at = write_signed(at, value);
  *at = unit;
  return at + 1;
}

}  // namespace

char* write_date(char* at, std::int64_t days) {
  const Civil date = civil_from_days(days);
  const std::uint64_t year = magnitude_of(date.year);
  if (date.year < 0 || date.year > 9999) *at++ = date.year < 0 ? '-' : '+';
  at = year <= 9999 ? write_padded(at, year, 4) : write_unsigned(at, year);
  *at++ = '-';
  at = write_pair(at, date.month);
  *at++ = '-';
  return write_pair(at, date.day);
}

char* DateText::write(char* at, std::int64_t days) {
  if (days != days_) {
    size_ = static_cast<std::size_t>(write_date(text_, days) - text_);
    days_ = days;
  }
  std::memcpy(at, text_, sizeof(text_));
  return at + size_;
}

template <std::int64_t parts>
char* write_time(char* at, std::int64_t value) {
  if (value < 0) *at++ = '-';
  const std::uint64_t magnitude = magnitude_of(value);
  const std::uint64_t seconds = magnitude / static_cast<std::uint64_t>(parts);
  const std::uint64_t hours = seconds / 3600;
  const auto in_hour = static_cast<unsigned>(seconds % 3600);
  at = hours < 100 ? write_pair(at, hours) : write_unsigned(at, hours);
  *at++ = ':';
  at = write_pair(at, in_hour / 60);
  *at++ = ':';
  at = write_pair(at, in_hour % 60);
  return write_fraction<parts>(at, magnitude % static_cast<std::uint64_t>(parts));
}

template <std::int64_t parts>
char* write_interval(char* at, std::int64_t months, std::int64_t days, std::int64_t value) {
  *at++ = 'P';
  at = write_component(at, months / 12, 'Y');
  at = write_component(at, months % 12, 'M');
  at = write_component(at, days, 'D');
  if (value == 0) {
    if (months != 0 || days != 0) return at;
    std::memcpy(at, "T0S", 3);
    return at + 3;
  }
  *at++ = 'T';
  const std::int64_t seconds = value / parts;
  at = write_component(at, seconds / 3600, 'H');
  at = write_component(at, seconds / 60 % 60, 'M');
  const std::int64_t rest = value % (60 * parts);
  if (rest == 0) return at;
  if (rest < 0) *at++ = '-';
  const std::uint64_t magnitude = magnitude_of(rest);
  at = write_unsigned(at, magnitude / static_cast<std::uint64_t>(parts));
  at = write_fraction<parts>(at, magnitude % static_cast<std::uint64_t>(parts));
  *at = 'S';
  return at + 1;
}

template char* write_time<1>(char*, std::int64_t);
template char* write_time<1'000>(char*, std::int64_t);
template char* write_time<1'000'000>(char*, std::int64_t);
template char* write_time<1'000'000'000>(char*, std::int64_t);
template char* write_interval<1>(char*, std::int64_t, std::int64_t, std::int64_t);
template char* write_interval<1'000>(char*, std::int64_t, std::int64_t, std::int64_t);
template char* write_interval<1'000'000>(char*, std::int64_t, std::int64_t, std::int64_t);
template char* write_interval<1'000'000'000>(char*, std::int64_t, std::int64_t, std::int64_t);

}  // namespace coatcheck::rows::text
