#include "warehouse/trino/temporal.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace coatcheck::warehouse::trino {
namespace {

constexpr std::int64_t micro = 1'000'000;
constexpr std::int64_t nano = 1'000'000'000;

TEST(ReadDate, counts_days_in_every_year) {
  EXPECT_EQ(read_date("1970-01-01"), 0);
  EXPECT_EQ(read_date("1969-12-31"), -1);
  EXPECT_EQ(read_date("2000-02-29"), 11'016);
  EXPECT_EQ(read_date("9999-12-31"), 2'932'896);
  EXPECT_EQ(read_date("0001-01-01"), -719'162);
  EXPECT_EQ(read_date("0000-12-31"), -719'163);
  EXPECT_EQ(read_date("-0044-03-15"), -735'525);
  EXPECT_EQ(read_date("+10000-01-01"), 2'932'897);
}

TEST(ReadDate, refuses_what_is_no_date) {
  for (const auto* text : {"", "1970", "1970-01", "1970-1-1", "1970-13-01", "1970-00-01", "1970-01-32", "1970-01-01 ",
                           "1970-01-01x", "70-01-01", "99999999-01-01", "--1970-01-01", "1970/01/01"}) {
    EXPECT_EQ(read_date(text), std::nullopt) << text;
  }
}

TEST(ReadTime, keeps_every_digit_of_its_unit) {
  EXPECT_EQ(read_time("00:00:00", micro), 0);
  EXPECT_EQ(read_time("23:59:59.999999", micro), 86'399'999'999);
  EXPECT_EQ(read_time("23:59:59.999999999", nano), 86'399'999'999'999);
  EXPECT_EQ(read_time("01:02:03.5", micro), 3'723'500'000);
  EXPECT_EQ(read_time("00:00:00.1234560", micro), 123'456);
}

TEST(ReadTime, refuses_what_is_finer_than_the_unit_or_no_time) {
  for (const auto* text :
       {"00:00:00.1234567", "24:00:00", "23:60:00", "23:59:60", "1:2:3", "00:00", "00:00:00.", "00:00:00x", ""}) {
    EXPECT_EQ(read_time(text, micro), std::nullopt) << text;
  }
}

TEST(ReadTimestamp, reaches_as_far_as_the_number) {
  EXPECT_EQ(read_timestamp("1970-01-01 00:00:00", micro), 0);
  EXPECT_EQ(read_timestamp("1969-12-31 23:59:59.999999", micro), -1);
  EXPECT_EQ(read_timestamp("2020-01-01 00:00:00.123456", micro), 1'577'836'800'123'456);
  EXPECT_EQ(read_timestamp("2262-04-11 23:47:16.854775807", nano), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read_timestamp("2262-04-11 23:47:16.854775808", nano), std::nullopt);
  EXPECT_EQ(read_timestamp("1677-09-21 00:12:43.145224192", nano), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read_timestamp("1677-09-21 00:12:43.145224191", nano), std::nullopt);
  EXPECT_EQ(read_timestamp("+300000-01-01 00:00:00", micro), std::nullopt);
  EXPECT_EQ(read_timestamp("2020-01-01T00:00:00", micro), std::nullopt);
  EXPECT_EQ(read_timestamp("2020-01-01 00:00:00 UTC", micro), std::nullopt);
}

TEST(Zones, make_an_instant_of_local_time_and_zone) {
  Zones zones;
  EXPECT_EQ(zones.read_instant("2020-07-01 00:00:00 UTC", micro), 1'593'561'600 * micro);
  EXPECT_EQ(zones.read_instant("2020-07-01 05:30:00 +05:30", micro), 1'593'561'600 * micro);
  EXPECT_EQ(zones.read_instant("2020-06-30 13:00:00 -11:00", micro), 1'593'561'600 * micro);
  EXPECT_EQ(zones.read_instant("2020-07-01 02:00:00 Europe/Berlin", micro), 1'593'561'600 * micro);
  EXPECT_EQ(zones.read_instant("2020-01-01 01:00:00.25 Europe/Berlin", micro), 1'577'836'800 * micro + 250'000);
}

TEST(Zones, a_local_time_that_came_twice_is_the_earlier_one) {
  Zones zones;
  EXPECT_EQ(zones.read_instant("2020-10-25 02:30:00 Europe/Berlin", micro), 1'603'585'800 * micro);
}

TEST(Zones, zones_that_nobody_knows_are_no_instants) {
  Zones zones;
  for (const auto* text :
       {"2020-01-01 00:00:00 Mars/Olympus", "2020-01-01 00:00:00 ../../etc/passwd", "2020-01-01 00:00:00 ",
        "2020-01-01 00:00:00", "2020-01-01 00:00:00 +5", "2020-01-01 00:00:00 +05:3x"}) {
    EXPECT_EQ(zones.read_instant(text, micro), std::nullopt) << text;
    EXPECT_EQ(zones.read_instant(text, micro), std::nullopt) << text;
  }
}

TEST(Intervals, their_sign_counts_for_all_parts) {
  EXPECT_EQ(read_year_month("3-2"), 38);
  EXPECT_EQ(read_year_month("-3-2"), -38);
  EXPECT_EQ(read_year_month("-0-1"), -1);
  EXPECT_EQ(read_day_second("1 02:03:04.567"), (DaysAndNanoseconds{1, 7'384'567'000'000}));
  EXPECT_EQ(read_day_second("-1 01:01:01.500"), (DaysAndNanoseconds{-1, -3'661'500'000'000}));
  EXPECT_EQ(read_day_second("-0 00:00:00.001"), (DaysAndNanoseconds{0, -1'000'000}));
  for (const auto* text : {"", "3", "3-", "x-2", "999999999-0"}) EXPECT_EQ(read_year_month(text), std::nullopt) << text;
  for (const auto* text : {"", "1", "1 ", "1 2:3:4", "9999999999 00:00:00"}) {
    EXPECT_EQ(read_day_second(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
