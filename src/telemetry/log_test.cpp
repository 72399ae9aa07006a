#include "telemetry/log.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/log_line.hpp"
#include "telemetry/rate_limit.hpp"

namespace coatcheck::telemetry {
namespace {

std::string json(std::initializer_list<Field> fields) {
  const std::string line = detail::json_line(Timestamp{}, Level::warn, "something_happened", fields);
  const std::string head = R"({"time":"1970-01-01T00:00:00.000000Z","level":"warn","event":"something_happened")";
  EXPECT_EQ(line.substr(0, head.size()), head);
  return line.substr(std::min(head.size(), line.size()));
}

std::vector<std::string> logged_lines(LogOptions options, const auto& work) {
  start_log(options);
  testing::internal::CaptureStderr();
  work();
  const std::string text = testing::internal::GetCapturedStderr();
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_NE(end, std::string::npos) << "a line without an end";
    if (end == std::string::npos) break;
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

TEST(LogLine, json_keeps_the_type_of_every_value) {
  EXPECT_EQ(json({{"text", "a"},
                  {"negative", -3},
                  {"large", std::numeric_limits<std::uint64_t>::max()},
                  {"real", 0.5},
                  {"yes", true},
                  {"no", false}}),
            R"(,"text":"a","negative":-3,"large":18446744073709551615,"real":0.5,"yes":true,"no":false})");
}

TEST(LogLine, json_escapes_what_would_end_the_text_or_the_line) {
  EXPECT_EQ(json({{"sql", "a\"b\\c\nd\r\te\x01\x7f"}}), R"(,"sql":"a\"b\\c\nd\r\te\u0001\u007f"})");
  EXPECT_EQ(json({{"a\"b", std::string("x\0y", 3)}}), R"(,"a\"b":"x\u0000y"})");
}

TEST(LogLine, json_replaces_bytes_that_are_no_utf8) {
  EXPECT_EQ(json({{"text", "Zürich \xF0\x9F\xA7\xA5"}}), ",\"text\":\"Zürich \xF0\x9F\xA7\xA5\"}");
  EXPECT_EQ(json({{"text", "a\xFF\xC3"}}), ",\"text\":\"a\uFFFD\uFFFD\"}");
  EXPECT_EQ(json({{"overlong", "\xC0\xAF"}}), ",\"overlong\":\"\uFFFD\uFFFD\"}");
  EXPECT_EQ(json({{"surrogate", "\xED\xA0\x80"}}), ",\"surrogate\":\"\uFFFD\uFFFD\uFFFD\"}");
}

TEST(LogLine, json_has_words_for_numbers_that_json_lacks) {
  EXPECT_EQ(json({{"x", std::numeric_limits<double>::infinity()}}), R"(,"x":"inf"})");
}

TEST(LogLine, a_long_text_is_cut_between_characters) {
  std::string text(16 * 1024 - 1, 'x');
  const std::string kept = text;
  text += "ü and more";
  EXPECT_EQ(json({{"t", text}}), ",\"t\":\"" + kept + "…\"}");
}

TEST(LogLine, people_read_values_bare_when_they_are_simple_and_quoted_when_not) {
  EXPECT_EQ(
      detail::human_line("query_ended", {{"rows", 12}, {"tag", "nightly"}, {"empty", ""}, {"why", "no such\ntable"}}),
      "query_ended rows=12 tag=nightly empty=\"\" why=\"no such\\ntable\"");
  EXPECT_EQ(detail::human_line("e", {{"k", "a=b"}, {"escape", "\x1b[31m"}}), "e k=\"a=b\" escape=\"\\u001b[31m\"");
}

TEST(Log, an_event_below_the_level_is_not_written) {
  const auto lines = logged_lines({Level::warn, LogOptions::Style::human}, [] {
    info("quiet");
    warn("loud", {{"n", 1}});
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].ends_with(" loud n=1")) << lines[0];
}

TEST(Log, the_level_changes_while_running) {
  const auto lines = logged_lines({Level::error, LogOptions::Style::json}, [] {
    debug("before");
    set_log_level(Level::debug);
    debug("after");
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("\"event\":\"after\""), std::string::npos);
}

TEST(Log, nothing_but_a_terminal_gets_colours) {
  const auto lines = logged_lines({}, [] { error("broken"); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find('\x1b'), std::string::npos);
  EXPECT_TRUE(lines[0].ends_with("Z error   broken")) << lines[0];
}

TEST(Log, json_lines_hold_nothing_before_the_object) {
  const auto lines = logged_lines({Level::info, LogOptions::Style::json}, [] { info("began", {{"port", 8420}}); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("{\"time\":\"20")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with("Z\",\"level\":\"info\",\"event\":\"began\",\"port\":8420}")) << lines[0];
}

TEST(Log, lines_of_several_threads_do_not_mix) {
  const auto lines = logged_lines({Level::info, LogOptions::Style::json}, [] {
    std::vector<std::jthread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([] {
        for (int i = 0; i != 100; ++i) info("tick", {{"text", std::string(200, 'x')}});
      });
    }
  });
  ASSERT_EQ(lines.size(), 400u);
  for (const std::string& line : lines) EXPECT_TRUE(line.starts_with("{\"time\"") && line.ends_with("x\"}"));
}

TEST(RateLimit, lets_one_through_per_interval_and_tells_how_many_it_held_back) {
  RateLimit limit(std::chrono::seconds(10));
  const std::chrono::steady_clock::time_point begin{};
  EXPECT_EQ(limit.pass(begin), 0u);
  EXPECT_EQ(limit.pass(begin + std::chrono::seconds(1)), std::nullopt);
  EXPECT_EQ(limit.pass(begin + std::chrono::seconds(9)), std::nullopt);
  EXPECT_EQ(limit.pass(begin + std::chrono::seconds(10)), 2u);
  EXPECT_EQ(limit.pass(begin + std::chrono::seconds(20)), 0u);
}

}  // namespace
}  // namespace coatcheck::telemetry
