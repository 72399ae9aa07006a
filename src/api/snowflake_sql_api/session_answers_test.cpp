#include "api/snowflake_sql_api/session_answers.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_sql_api {
namespace {

using principals::Principal;
using principals::Role;

QueryId id(std::uint8_t n) {
  QueryId made;
  made.bytes[0] = n;
  return made;
}

TEST(SessionAnswers, are_for_who_asked_and_for_administrators) {
  SessionAnswers answers(2);
  answers.put(id(1), "ada", "one");
  EXPECT_EQ(answers.find(id(1), Principal{"ada", Role::user}), "one");
  EXPECT_EQ(answers.find(id(1), Principal{"bob", Role::user}), std::nullopt);
  EXPECT_EQ(answers.find(id(1), Principal{"bob", Role::admin}), "one");
  EXPECT_EQ(answers.find(id(2), Principal{"ada", Role::admin}), std::nullopt);
}

TEST(SessionAnswers, the_oldest_is_forgotten) {
  SessionAnswers answers(2);
  const Principal admin{"root", Role::admin};
  answers.put(id(1), "ada", "1");
  answers.put(id(2), "ada", "2");
  answers.put(id(3), "ada", "3");
  EXPECT_EQ(answers.find(id(1), admin), std::nullopt);
  EXPECT_EQ(answers.find(id(2), admin), "2");
  EXPECT_EQ(answers.find(id(3), admin), "3");
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
