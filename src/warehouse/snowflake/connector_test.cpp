#include "warehouse/snowflake/connector.hpp"

#include <tuple>

#include "warehouse/snowflake/snowflake_test.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using S = ScriptedSnowflake;

constexpr auto four_texts =
    R"([{"name":"A","type":"text"},{"name":"B","type":"text"},{"name":"C","type":"text"},{"name":"D","type":"text"}])";

class SnowflakeConnectorTest : public SnowflakeTest {};

TEST_F(SnowflakeConnectorTest, check_says_what_answers) {
  snowflake_.on("OWN", {S::result(four_texts, R"([["9.30.1","ANN","READER","WH"]])", {1}),
                        S::result(four_texts, R"([["9.30.1","ANN",null,null]])", {1})});
  auto connector = open();
  const auto words = run_task(loop_, connector->check());
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_EQ(*words, "Snowflake 9.30.1, user ANN, role READER, warehouse WH");
  EXPECT_EQ(*run_task(loop_, connector->check()), "Snowflake 9.30.1, user ANN, no warehouse");
  EXPECT_EQ(connector->status_requests(), 0U);
}

TEST_F(SnowflakeConnectorTest, check_says_why_it_does_not_work) {
  const std::tuple<Said, FailureCategory, std::string> answers[] = {
      {S::error(422, "390201", "", "The requested warehouse does not exist"), FailureCategory::permission,
       "The requested warehouse does not exist"},
      {S::error(401, "390144", "", "JWT token is invalid."), FailureCategory::unavailable, "JWT token is invalid."},
      {Said{.status = 202}, FailureCategory::unavailable, "not run it in time"},
      {Said{.status = 404, .body = "<html>"}, FailureCategory::unavailable, "404"},
      {Said{.status = 200, .body = "<html>"}, FailureCategory::internal, "no Snowflake"}};
  for (const auto& [said, category, words] : answers) {
    snowflake_.on("OWN", said);
    const auto checked = run_task(loop_, open()->check());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().category, category);
    EXPECT_NE(checked.error().message.find(words), std::string::npos) << checked.error().message;
  }
}

TEST(OpenSnowflake, refuses_wrong_options) {
  async::Loop loop;
  auto secret = []() -> Result<std::string> { return std::string("s"); };
  using Authentication = SnowflakeOptions::Authentication;
  const SnowflakeOptions good{.url = "https://a.snowflakecomputing.com", .account = "a", .user = "u", .secret = secret};
  const auto with = [&](auto change) {
    auto options = good;
    change(options);
    return options;
  };
  const SnowflakeOptions wrong[] = {
      with([](auto& o) { o.url = ""; }),
      with([](auto& o) { o.url = "a.snowflakecomputing.com"; }),
      with([](auto& o) { o.url = "https://"; }),
      with([](auto& o) { o.url = "https://u:p@a"; }),
      with([](auto& o) { o.url = "https://a?b=c"; }),
      with([](auto& o) { o.url = "https://a\r\n"; }),
      with([](auto& o) { o.url = "http://a.snowflakecomputing.com"; }),
      with([](auto& o) { o.url = "http://localhost.evil"; }),
      with([](auto& o) { o.secret = nullptr; }),
      with([](auto& o) { o.account = ""; }),
      with([](auto& o) { o.user = ""; }),
      with([](auto& o) { o.user = "a\nb"; }),
      with([](auto& o) { o.role = std::string("a\0b", 3); }),
      with([](auto& o) { o.poll_min = 1ms; }),
      with([](auto& o) { o.poll_max = 1ms; }),
      with([](auto& o) { o.poll_max = 2h; }),
      with([](auto& o) { o.request_timeout = 0ms; }),
      with([](auto& o) { o.partitions_ahead_max = 0; }),
      with([](auto& o) { o.partition_bytes_max = 0; }),
  };
  for (const auto& options : wrong) {
    auto opened = open_snowflake(options, loop);
    ASSERT_FALSE(opened) << options.url;
    EXPECT_EQ(opened.error().code, Errc::invalid_argument);
    EXPECT_FALSE(opened.error().field.empty());
  }
  EXPECT_TRUE(open_snowflake(good, loop));
  EXPECT_TRUE(open_snowflake(with([](auto& o) { o.url = "http://localhost:1/path/"; }), loop));
  EXPECT_TRUE(open_snowflake({.url = "https://a", .authentication = Authentication::token, .secret = secret}, loop));
  EXPECT_TRUE(open_snowflake({.url = "http://a", .authentication = Authentication::none}, loop));
}

}  // namespace
}  // namespace coatcheck::warehouse
