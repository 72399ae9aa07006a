#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::warehouse::snowflake {

// A date, a time or both, as people and RFC 3339 write them.
struct Moment {
  std::int64_t seconds = 0;                         // Since 1970-01-01 00:00:00 as the text says it, or since midnight.
  std::int64_t nanoseconds = 0;                     // From 0 to 999,999,999.
  std::optional<std::int64_t> offset_minutes = {};  // East of Greenwich, if the text says one.
};

// Each takes all of the text or returns nothing. Years have four digits, decimals are nine at most.
std::optional<Moment> read_date(std::string_view text);       // "2026-11-22"
std::optional<Moment> read_time(std::string_view text);       // "16:53:00.5"
std::optional<Moment> read_timestamp(std::string_view text);  // "2026-11-22 16:53:00.5+01:00", "2026-11-22T16:53Z"

// Nanoseconds as a number in decimal digits, of which 64 bits would not hold all.
std::string nanoseconds_text(std::int64_t seconds, std::int64_t nanoseconds);

}  // namespace coatcheck::warehouse::snowflake
