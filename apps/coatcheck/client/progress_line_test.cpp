#include "client/progress_line.hpp"

#include <gtest/gtest.h>

#include "client/human.hpp"
#include "client/width.hpp"

namespace coatcheck::client {
namespace {

using std::chrono::milliseconds;

TEST(ProgressLine, shows_phase_time_and_how_much_is_done) {
  EXPECT_EQ(
      format_progress({.phase = "running", .elapsed = milliseconds(12'340), .done = 0.5, .remark = ""}, 0, 100, {}),
      "⠋ running 12.3 s  ━━━━━━━━━━━━──────────── 50 %");
}

TEST(ProgressLine, shows_the_place_in_the_queue) {
  QueryView query;
  query.status = "QUEUED";
  query.queue = {.position = 3, .reason = "8 of 8 places are taken"};
  EXPECT_EQ(format_progress(progress_of(query, milliseconds(900)), 1, 100, {}),
            "⠙ queued 0.9 s  3 queries before it, 8 of 8 places are taken");
}

TEST(ProgressLine, is_full_only_at_the_end) {
  const std::string line =
      format_progress({.phase = "running", .elapsed = milliseconds(0), .done = 0.999, .remark = ""}, 0, 100, {});
  EXPECT_NE(line.find("─ 99 %"), std::string::npos);
}

TEST(ProgressLine, fits_into_any_width) {
  const Progress progress{
      .phase = "running", .elapsed = milliseconds(3'725'000), .done = 0.42, .remark = "attempt 2 of 東京"};
  for (std::size_t width = 0; width < 120; ++width) {
    EXPECT_LE(display_width(format_progress(progress, 3, width, {})), width) << width;
  }
}

TEST(ProgressLine, a_remark_cannot_move_the_cursor) {
  const std::string line =
      format_progress({.phase = "queued", .elapsed = milliseconds(0), .done = {}, .remark = "\x1b[2J\n"}, 0, 100, {});
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Human, durations_read_as_people_say_them) {
  EXPECT_EQ(human_duration(milliseconds(340)), "340 ms");
  EXPECT_EQ(human_duration(milliseconds(12'340)), "12.3 s");
  EXPECT_EQ(human_duration(milliseconds(125'000)), "2 min 05 s");
  EXPECT_EQ(human_duration(milliseconds(3'725'000)), "1 h 02 min");
}

TEST(Human, numbers_are_grouped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(2'999'900), "2,999,900");
}

TEST(Human, a_statement_becomes_one_line) { EXPECT_EQ(one_line("  SELECT\n\t 1  \r\n"), "SELECT 1"); }

}  // namespace
}  // namespace coatcheck::client
