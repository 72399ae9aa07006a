#include "warehouse/snowflake/errors.hpp"

#include <gtest/gtest.h>

#include <tuple>

#include "warehouse/snowflake/connector.hpp"

namespace coatcheck::warehouse::snowflake {
namespace {

TEST(SnowflakeErrors, have_categories) {
  const std::tuple<Words, FailureCategory, std::string, bool> all[] = {
      {{"000904", "42000", "m"}, FailureCategory::statement, "42000", false},
      {{"002003", "42S02", "m"}, FailureCategory::statement, "42S02", false},
      {{"100051", "22012", "division by zero"}, FailureCategory::statement, "22012", false},
      {{"000604", "57014", "m"}, FailureCategory::canceled, "57014", false},
      {{"999999", "57014", "m"}, FailureCategory::canceled, "57014", false},
      {{"000630", "57014", "m"}, FailureCategory::timeout, "57014", false},
      {{"003001", "42501", "m"}, FailureCategory::permission, "42501", false},
      {{"000606", "57P03", "m"}, FailureCategory::unavailable, "57P03", false},
      {{"090073", "22000", "m"}, FailureCategory::resources, "22000", false},
      {{"000610", "", "m"}, FailureCategory::resources, "53300", true},
      {{"000603", "XX000", "m"}, FailureCategory::internal, "XX000", false},
      {{"300002", "XX000", "m"}, FailureCategory::internal, "XX000", false},
      {{"123456", "", "m"}, FailureCategory::statement, "42000", false},
      {{"123456", "00000", "m"}, FailureCategory::statement, "42000", false},
      {{"123456", "not one", "m"}, FailureCategory::statement, "42000", false},
      {{"", "", ""}, FailureCategory::statement, "42000", false}};
  for (const auto& [words, category, sqlstate, retryable] : all) {
    const auto failure = read_error(words, "SELECT 1");
    EXPECT_EQ(failure.category, category) << words.code;
    EXPECT_EQ(failure.sqlstate, sqlstate) << words.code;
    EXPECT_EQ(failure.retryable, retryable) << words.code;
    EXPECT_EQ(failure.code, words.code);
    EXPECT_FALSE(failure.message.empty());
  }
}

TEST(SnowflakeErrors, have_their_place_if_snowflake_says_one) {
  const auto place = [](const char* message, const char* statement) {
    return read_error({"001003", "42000", message}, statement).position;
  };
  EXPECT_EQ(place("syntax error line 1 at position 0 unexpected 'X'.", "X"), 0U);
  EXPECT_EQ(place("SQL compilation error: error line 1 at position 7\ninvalid", "SELECT A"), 7U);
  EXPECT_EQ(place("error line 2 at position 2", "ä\nöü x"), 7U);
  EXPECT_EQ(place("error line 1 at position 99", "abc"), 3U);
  EXPECT_EQ(place("error line 3 at position 0", "a\nb"), std::nullopt);
  EXPECT_EQ(place("error line 0 at position 0", "a"), std::nullopt);
  EXPECT_EQ(place("error line 99999999999999999999999 at position 0", "a"), std::nullopt);
  EXPECT_EQ(place("error line 1", "a"), std::nullopt);
  EXPECT_EQ(place("nothing of that", "a"), std::nullopt);
}

TEST(SnowflakeErrors, tell_what_is_gone) {
  for (const auto* code : {"000709", "000710", "000612"}) EXPECT_TRUE(is_gone(code));
  EXPECT_FALSE(is_gone("000711"));
  const auto failure = gone_failure("Result has expired");
  EXPECT_EQ(failure.code, result_gone_code);
  EXPECT_EQ(failure.category, FailureCategory::unavailable);
  EXPECT_FALSE(failure.retryable);
  EXPECT_NE(failure.message.find("Result has expired"), std::string::npos);
}

}  // namespace
}  // namespace coatcheck::warehouse::snowflake
