#include "warehouse/adbc/statement_text.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::adbc {
namespace {

TEST(StatementText, the_first_word_comes_after_comments_and_parentheses) {
  EXPECT_EQ(first_word("select 1"), "SELECT");
  EXPECT_EQ(first_word("-- insert\n /* update */ ((Select 1))"), "SELECT");
  EXPECT_EQ(first_word("'insert'"), "");
  EXPECT_EQ(first_word(" /* never closed"), "");
  EXPECT_EQ(first_word(""), "");
}

TEST(StatementText, a_word_in_quotes_or_comments_does_not_count) {
  EXPECT_TRUE(has_word("insert into t values (1) returning a", "RETURNING"));
  EXPECT_FALSE(has_word("insert into t values ('returning', \"returning\", [returning], `returning`)", "RETURNING"));
  EXPECT_FALSE(has_word("insert into t /* returning */ values (1) -- returning", "RETURNING"));
  EXPECT_FALSE(has_word("insert into returnings values (1)", "RETURNING"));
}

TEST(StatementText, only_what_follows_a_semicolon_is_a_second_statement) {
  EXPECT_TRUE(has_second_statement("select 1; drop table t"));
  EXPECT_FALSE(has_second_statement("select 1;; -- done\n"));
  EXPECT_FALSE(has_second_statement("select ';', 1"));
}

TEST(StatementText, only_a_trigger_is_taken_for_one) {
  EXPECT_TRUE(creates_trigger("create /* one */ trigger u after insert on t begin select 1; end"));
  EXPECT_TRUE(creates_trigger("CREATE TEMP TRIGGER u"));
  EXPECT_TRUE(creates_trigger("CREATE TEMPORARY TRIGGER u"));
  EXPECT_FALSE(creates_trigger("CREATE TABLE trigger (a)"));
  EXPECT_FALSE(creates_trigger("CREATE TEMP TABLE t (a); CREATE TRIGGER u"));
  EXPECT_FALSE(creates_trigger("DROP TRIGGER u"));
  EXPECT_FALSE(creates_trigger("CREATE \"TRIGGER\" u"));
}

TEST(StatementText, a_read_is_not_taken_for_a_change) {
  EXPECT_TRUE(is_change("DROP"));
  EXPECT_TRUE(is_change("INSERT"));
  EXPECT_FALSE(is_change("SELECT"));
  EXPECT_FALSE(is_change("WITH"));
  EXPECT_FALSE(counts_rows("CREATE"));
}

}  // namespace
}  // namespace coatcheck::warehouse::adbc
