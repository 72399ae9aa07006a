#include "warehouse/snowflake/schedule.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::snowflake {
namespace {

using namespace std::chrono_literals;

TEST(Pace, follows_the_age_of_a_statement) {
  const Pace pace{250ms, 10'000ms};
  EXPECT_EQ(pace.interval(0s, false, 0), 250ms);
  EXPECT_EQ(pace.interval(20s, false, 0), 2s);
  EXPECT_EQ(pace.interval(1h, false, 0), 10s);
  EXPECT_EQ(pace.interval(1h, false, 1), 10s);
  EXPECT_EQ(pace.interval(20s, false, 1), 2500ms);
  EXPECT_EQ(pace.interval(1h, true, 1), 250ms);
}

TEST(Slowdown, doubles_until_an_answer_is_good) {
  Slowdown slowdown({250ms, 1'000ms});
  Steady::time_point now{1h};
  EXPECT_LT(slowdown.until(), now);
  for (const auto pause : {250ms, 500ms, 1'000ms, 1'000ms}) {
    slowdown.trouble(now);
    EXPECT_EQ(slowdown.until() - now, pause);
    slowdown.trouble(now + 1ms);  // Was sent with it.
    EXPECT_EQ(slowdown.until() - now, pause);
    now = slowdown.until();
  }
  slowdown.good();
  slowdown.trouble(now);
  EXPECT_EQ(slowdown.until() - now, 250ms);
}

TEST(Slowdown, is_as_long_as_the_server_asks_for) {
  Slowdown slowdown({250ms, 1'000ms});
  const Steady::time_point now{1h};
  slowdown.trouble(now);
  slowdown.trouble(now, 30s);
  EXPECT_EQ(slowdown.until() - now, 30s);
  slowdown.trouble(now, 1s);
  EXPECT_EQ(slowdown.until() - now, 30s);
}

}  // namespace
}  // namespace coatcheck::warehouse::snowflake
