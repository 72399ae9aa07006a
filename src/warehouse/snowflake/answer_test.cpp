#include "warehouse/snowflake/answer.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::snowflake {
namespace {

TEST(ReadAnswer, reads_what_is_there) {
  const auto answer =
      read_answer(R"({"data":[["1"],[{"deep":[1,2]}]],"code":"090001","sqlState":"00000","message":"good",
      "statementHandle":"01b056d5-0001-25f6-0000-6bb504856e2e","createdOn":1597090533987,"stats":{"numRowsInserted":12},
      "resultSetMetaData":{"numRows":1300,"format":"jsonv2","rowType":[{"name":"ID","type":"fixed","scale":0,
      "precision":38,"length":null,"nullable":false},{"name":"T","type":"timestamp_ntz","scale":null}],
      "partitionInfo":[{"rowCount":1000,"uncompressedSize":1},{"rowCount":300,"compressedSize":2}]}})");
  EXPECT_EQ(answer.words.code, "090001");
  EXPECT_EQ(answer.words.sqlstate, "00000");
  EXPECT_EQ(answer.words.message, "good");
  EXPECT_EQ(answer.handle, "01b056d5-0001-25f6-0000-6bb504856e2e");
  EXPECT_EQ(answer.created->time_since_epoch().count(), 1597090533987);
  EXPECT_EQ(answer.rows, 1300U);
  EXPECT_EQ(answer.partitions, (std::vector<std::uint64_t>{1000, 300}));
  ASSERT_TRUE(answer.columns) << answer.mistake;
  EXPECT_EQ(answer.columns->columns.at(1).type, "timestamp_ntz(9)");
}

TEST(ReadAnswer, without_partitions_has_one) {
  const auto answer = read_answer(R"({"resultSetMetaData":{"numRows":3,"rowType":[]},"data":[]})");
  ASSERT_TRUE(answer.columns) << answer.mistake;
  EXPECT_EQ(answer.partitions, std::vector<std::uint64_t>{3});
}

TEST(ReadAnswer, is_empty_for_what_is_no_answer) {
  for (const std::string text :
       {"", "null", "[]", "<html>", R"({"code":"1"}x)", R"({"code":"1")",
        R"({"code":7,"message":[],"statementHandle":{}})", R"({"statementHandle":"../../x"})",
        R"({"statementHandle":""})", R"({"createdOn":9223372036854775807})", R"({"createdOn":-1})"}) {
    const auto answer = read_answer(text);
    EXPECT_EQ(answer.words.code, "") << text;
    EXPECT_EQ(answer.handle, "") << text;
    EXPECT_FALSE(answer.created) << text;
    EXPECT_FALSE(answer.columns) << text;
  }
}

TEST(ReadAnswer, refuses_counts_that_cannot_be) {
  for (const std::string metadata :
       {R"("numRows":-1)", R"("numRows":"1")", R"("numRows":1.5)", R"("numRows":2,"partitionInfo":[{"rowCount":1}])",
        R"("numRows":1,"partitionInfo":[{"rowCount":-1},{"rowCount":2}])", R"("numRows":0,"partitionInfo":[7])",
        R"("numRows":0,"partitionInfo":[{}])",
        R"("numRows":9223372036854775807,"partitionInfo":[{"rowCount":9223372036854775807},{"rowCount":1}])"}) {
    const auto answer = read_answer(R"({"resultSetMetaData":{"rowType":[],)" + metadata + "}}");
    EXPECT_FALSE(answer.columns) << metadata;
    EXPECT_FALSE(answer.mistake.empty()) << metadata;
  }
}

TEST(ReadAnswer, survives_depth_and_width) {
  EXPECT_FALSE(read_answer(std::string(100'000, '[')).columns);
  std::string wide = R"({"x":[0)";
  for (int i = 0; i < 2'100'000; ++i) wide += ",0";
  EXPECT_EQ(read_answer(wide + R"(],"code":"1"})").words.code, "");
}

}  // namespace
}  // namespace coatcheck::warehouse::snowflake
