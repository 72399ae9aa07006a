#include "api/snowflake/statement_type.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake {
namespace {

Result<std::size_t, SnowflakeError> count(std::string_view sql, const char* wanted = nullptr) {
  Settings settings;
  if (wanted) settings["MULTI_STATEMENT_COUNT"].text = wanted;
  return statement_count(sql, settings);
}

TEST(StatementCount, is_one_unless_more_are_announced) {
  EXPECT_EQ(*count("SELECT 1;"), 1U);
  EXPECT_EQ(*count("SELECT ';' /* ; */ -- ;"), 1U);
  EXPECT_EQ(count("SELECT 1; SELECT 2").error().code, "000008");
  EXPECT_EQ(count("SELECT 1; SELECT 2").error().message,
            "Actual statement count 2 did not match the desired statement count 1.");
}

TEST(StatementCount, is_what_is_announced_or_any) {
  EXPECT_EQ(*count("SELECT 1; SELECT 2", "2"), 2U);
  EXPECT_EQ(*count("SELECT 1; SELECT 2; ;", "0"), 2U);
  EXPECT_EQ(*count("SELECT 1", "0"), 1U);
  EXPECT_EQ(count("SELECT 1; SELECT 2", "3").error().code, "000008");
  EXPECT_EQ(count("SELECT 1", "two").error().code, "390142");
  EXPECT_EQ(count("SELECT 1", "-1").error().code, "390142");
}

TEST(StatementCount, has_a_limit) {
  std::string text;
  for (std::size_t i = 0; i != statements_max; ++i) text += "SELECT 1;";
  EXPECT_EQ(*count(text, "0"), statements_max);
  EXPECT_EQ(count(text + "SELECT 1", "0").error().code, "990002");
}

// To Snowflake \' is a quotation mark inside the string; to the warehouse it ends it.
TEST(StatementCount, several_that_could_be_parted_in_two_ways_are_refused) {
  const char* unsure = "SELECT 'a\\'; SELECT 'b'; SELECT 1";
  EXPECT_EQ(count(unsure, "0").error().code, "000002");
  EXPECT_EQ(count(unsure, "3").error().code, "000002");
  EXPECT_EQ(*count(unsure), 1U) << "one alone is left to the warehouse";
}

TEST(StatementType, is_told_by_the_first_verb) {
  EXPECT_EQ(statement_type("/* insert */ (select 1)"), StatementType::select);
  EXPECT_EQ(statement_type("with a as (delete from t returning 1) insert into u select * from a"),
            StatementType::insert);
  EXPECT_EQ(statement_type("create table t as select 1"), StatementType::ddl);
  EXPECT_EQ(statement_type("alter session set timezone = 'UTC'"), StatementType::alter_session);
  EXPECT_EQ(statement_type("alter table t add column n int"), StatementType::ddl);
  EXPECT_EQ(statement_type("nonsense"), StatementType::unknown);
  EXPECT_EQ(statement_type(""), StatementType::unknown);
}

}  // namespace
}  // namespace coatcheck::api::snowflake
