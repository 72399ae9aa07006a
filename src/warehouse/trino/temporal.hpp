#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace coatcheck::warehouse::trino {

// Reads Trino's texts of dates, times and intervals. All return nothing if the text is not of the form, or the value is
// out of the range of the number.

// "2020-01-31", "-0044-03-15", "+12020-01-01" in days since 1970-01-01.
std::optional<std::int32_t> read_date(std::string_view text);

// "23:59:59.123" since midnight, in units of which a second has `per_second` (10^6 or 10^9).
std::optional<std::int64_t> read_time(std::string_view text, std::int64_t per_second);

// "2020-01-31 23:59:59.123" since 1970-01-01 00:00:00, as a clock on a wall shows it.
std::optional<std::int64_t> read_timestamp(std::string_view text, std::int64_t per_second);

// "3-2" and "-3-2" in months.
std::optional<std::int32_t> read_year_month(std::string_view text);

struct DaysAndNanoseconds {
  std::int32_t days = 0;
  std::int64_t nanoseconds = 0;

  bool operator==(const DaysAndNanoseconds&) const = default;
};

// "1 02:03:04.567" and "-1 02:03:04.567"; the sign counts for both parts.
std::optional<DaysAndNanoseconds> read_day_second(std::string_view text);

// Reads timestamps with a zone ("2020-01-31 23:59:59.123 Europe/Berlin", "… +05:30", "… UTC") as instants in UTC, by
// the machine's time zone database. Trino does not say which of the two it was, when a local time came twice as the
// clocks were set back: that is the earlier one, as for Trino's own drivers. Not safe for two threads at once.
class Zones {
 public:
  std::optional<std::int64_t> read_instant(std::string_view text, std::int64_t per_second);

 private:
  std::optional<std::int64_t> offset_seconds(std::string_view zone, std::int64_t local_seconds);

  // By name; `const void*` is the library's zone, null where there is none of that name.
  std::unordered_map<std::string, const void*> known_;
};

}  // namespace coatcheck::warehouse::trino
