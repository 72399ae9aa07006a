#include "api/snowflake_sql_api/first_answers.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_sql_api {
namespace {

QueryId id(std::uint8_t n) {
  QueryId id;
  id.bytes[15] = n;
  return id;
}

TEST(FirstAnswers, are_found_by_their_id) {
  FirstAnswers answers(10'000);
  answers.put(id(1), {.body = "one", .partitions = 3});
  ASSERT_TRUE(answers.find(id(1)));
  EXPECT_EQ(answers.find(id(1))->body, "one");
  EXPECT_EQ(answers.find(id(1))->partitions, 3U);
  EXPECT_FALSE(answers.find(id(2)));
}

TEST(FirstAnswers, the_oldest_go_when_there_is_no_room) {
  FirstAnswers answers(10'000);
  for (std::uint8_t n = 0; n != 101; ++n) answers.put(id(n), {.body = std::string(100, 'x')});
  EXPECT_FALSE(answers.find(id(0)));
  EXPECT_TRUE(answers.find(id(1)));
  EXPECT_TRUE(answers.find(id(100)));
}

TEST(FirstAnswers, a_large_one_is_not_kept) {
  FirstAnswers answers(10'000);
  answers.put(id(1), {.body = std::string(101, 'x')});
  EXPECT_FALSE(answers.find(id(1)));
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
