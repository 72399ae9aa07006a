#include "client/parameters.hpp"

#include <gtest/gtest.h>

namespace coatcheck::client {
namespace {

TEST(Parameter, numbers_and_words_of_json_go_as_what_they_are) {
  EXPECT_EQ(parameter_json("5"), "5");
  EXPECT_EQ(parameter_json("-1.5"), "-1.5");
  EXPECT_EQ(parameter_json("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(parameter_json("true"), "true");
  EXPECT_EQ(parameter_json("null"), "null");
}

TEST(Parameter, all_else_is_text) {
  EXPECT_EQ(parameter_json("2026-01-01"), R"("2026-01-01")");
  EXPECT_EQ(parameter_json(""), R"("")");
  EXPECT_EQ(parameter_json("007"), R"("007")");
  EXPECT_EQ(parameter_json("say \"hi\""), R"("say \"hi\"")");
  EXPECT_EQ(parameter_json("[1]"), R"("[1]")");
}

TEST(Parameter, quotes_make_a_text_of_anything) {
  EXPECT_EQ(parameter_json("'5'"), R"("5")");
  EXPECT_EQ(parameter_json("'a=b'"), R"("a=b")");
  EXPECT_EQ(parameter_json("''"), R"("")");
}

TEST(Parameter, digits_that_a_double_would_lose_go_as_text) {
  EXPECT_EQ(parameter_json("12345678901234567890.1234567890"), R"("12345678901234567890.1234567890")");
  EXPECT_EQ(parameter_json("123456789012345678901234567890"), R"("123456789012345678901234567890")");
}

TEST(Parameter, a_name_makes_it_named_and_a_type_goes_along) {
  EXPECT_EQ(parameter_json("day=2026-01-01"), R"({"name":"day","value":"2026-01-01"})");
  EXPECT_EQ(parameter_json("n=5"), R"({"name":"n","value":5})");
  EXPECT_EQ(parameter_json("n:DECIMAL(38,2)=5.00"), R"_({"name":"n","type":"DECIMAL(38,2)","value":"5.00"})_");
  EXPECT_EQ(parameter_json(":DATE=2026-01-01"), R"({"type":"DATE","value":"2026-01-01"})");
}

TEST(Parameter, what_is_no_name_is_part_of_the_text) {
  EXPECT_EQ(parameter_json("1+1=2"), R"("1+1=2")");
  EXPECT_EQ(parameter_json("=x"), R"("=x")");
}

TEST(Submit, says_only_what_was_asked) {
  EXPECT_EQ(*submit_json({.statement = "SELECT 1"}), R"({"statement":"SELECT 1"})");
  SubmitAsked asked{.statement = "SELECT ?",
                    .warehouse = "main",
                    .timeout = "30s",
                    .row_limit = "10",
                    .priority = "-5",
                    .query_tag = "t",
                    .result_ttl = "1h",
                    .parameters = {"5", "x"}};
  EXPECT_EQ(
      *submit_json(asked),
      R"({"statement":"SELECT ?","warehouse":"main","timeout":"30s","query_tag":"t","result_ttl":"1h","row_limit":10,"priority":-5,"parameters":[5,"x"]})");
}

TEST(Submit, an_empty_statement_is_wrong_usage) {
  const auto body = submit_json({.statement = " \n;"});
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().exit, ExitCode::usage);
}

TEST(Submit, bytes_are_never_changed_silently) { EXPECT_FALSE(submit_json({.statement = "SELECT '\xff'"})); }

TEST(IdempotencyKey, is_another_one_every_time) {
  const auto first = random_idempotency_key();
  const auto second = random_idempotency_key();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->size(), 36U);
  EXPECT_NE(*first, *second);
}

}  // namespace
}  // namespace coatcheck::client
