#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace coatcheck::rows::text {

// The most characters that one of the functions below puts down.
inline constexpr std::size_t date_bytes = 24;
inline constexpr std::size_t time_bytes = 28;
inline constexpr std::size_t interval_bytes = 80;

// Writes a day counted from 1970-01-01 in the proleptic Gregorian calendar: "2026-11-22". Years outside
// 0000 to 9999 have a sign: "-0044-03-15", "+12345-01-01" (ISO 8601's expanded form).
char* write_date(char* at, std::int64_t days);

// Writes the last day it was asked for again without counting: rows of a table lie close together in time.
class DateText {
 public:
  char* write(char* at, std::int64_t days);

 private:
  std::int64_t days_ = std::numeric_limits<std::int64_t>::min();
  std::size_t size_ = 0;
  char text_[date_bytes] = {};
};

// Writes "13:45:00", with 3, 6 or 9 decimals if they are needed. `parts` of a second per second:
// 1, 10^3, 10^6 or 10^9. What is not a time of day has as many hours as it takes, and a sign.
template <std::int64_t parts>
char* write_time(char* at, std::int64_t value);

// Writes an ISO 8601 duration whose every component has its own sign, as PostgreSQL does:
// "P1Y2M3DT4H5M6.789S", "P-1M", "PT0S". Days do not become months, nor hours days.
template <std::int64_t parts>
char* write_interval(char* at, std::int64_t months, std::int64_t days, std::int64_t value);

}  // namespace coatcheck::rows::text
