#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace coatcheck {
namespace {

using std::chrono::milliseconds;

TEST(Rfc3339, is_written_with_six_decimals_in_utc) {
  EXPECT_EQ(to_rfc3339(Timestamp(std::chrono::microseconds(0))), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(Timestamp(std::chrono::microseconds(-1))), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, what_was_written_is_read_back) {
  for (const char* text : {"2026-11-22T16:53:00.123456Z", "0001-01-01T00:00:00.000000Z", "2024-02-29T23:59:59.999999Z",
                           "9999-12-31T23:59:59.999999Z"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(to_rfc3339(*time), text);
  }
}

TEST(Rfc3339, offsets_decimals_and_case_may_vary) {
  const auto expected = *parse_rfc3339("2026-11-22T16:53:00.5Z");
  for (const char* text : {"2026-11-22t16:53:00.500z", "2026-11-22 16:53:00.5000009Z", "2026-11-22T18:23:00.5+01:30",
                           "2026-11-22T08:53:00.5-08:00"}) {
    const auto time = parse_rfc3339(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, expected) << text;
  }
}

TEST(Rfc3339, what_is_not_a_time_is_refused) {
  for (const char* text :
       {"", "2026", "2026-11-22", "2026-11-22T16:53", "2026-11-22T16:53:00", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T16:60:00Z", "2026-11-22T16:53:00.Z",
        "2026-11-22T16:53:00Zx", "2026-11-22T16:53:00+24:00", "2026-11-22T16:53:00+0100", "+026-11-22T16:53:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Duration, is_a_number_and_a_unit) {
  EXPECT_EQ(*parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(*parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(*parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(*parse_duration("5m"), std::chrono::minutes(5));
  EXPECT_EQ(*parse_duration("24h"), std::chrono::hours(24));
  EXPECT_EQ(*parse_duration("7d"), std::chrono::days(7));
  for (const char* text : {"", "5", "s", "-5s", "+5s", " 5s", "5 s", "5S", "1e3s", "inf s", "99999999d", "5sx",
                           "1000000000000000000000000000000000h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, is_written_in_the_largest_whole_unit) {
  EXPECT_EQ(to_string(milliseconds(0)), "0s");
  EXPECT_EQ(to_string(milliseconds(90'000)), "90s");
  EXPECT_EQ(to_string(milliseconds(3'600'000)), "1h");
  EXPECT_EQ(to_string(milliseconds(1'500)), "1500ms");
  EXPECT_EQ(to_string(milliseconds(172'800'000)), "2d");
}

}  // namespace
}  // namespace coatcheck
