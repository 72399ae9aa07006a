#include "client/query_view.hpp"

#include <gtest/gtest.h>

#include "client/history_view.hpp"

namespace coatcheck::client {
namespace {

constexpr std::string_view failed =
    R"({"id":"0193a3c5-8a4e-7c11-b5a1-0d5f7a3b9c42","status":"FAILED","version":3,"statement":"SELECT\n x","warehouse":"main",)"
    R"("principal":"me","attempt":1,"submitted_at":"2026-11-22T17:00:00.000000Z","started_at":"2026-11-22T17:00:01.000000Z",)"
    R"("ended_at":"2026-11-22T17:00:03.500000Z","result_ttl":"24h","error":{"category":"STATEMENT","code":"Binder Error",)"
    R"("sqlstate":null,"message":"no x","retryable":false,"position":8}})";

TEST(QueryView, reads_what_the_server_tells) {
  const auto query = parse_query(failed);
  ASSERT_TRUE(query);
  EXPECT_TRUE(query->is_final());
  EXPECT_EQ(query->version, 3U);
  EXPECT_EQ(query->error->message, "no x");
  EXPECT_EQ(query->error->position, 8U);
  EXPECT_EQ(query->error->sqlstate, "");
  EXPECT_EQ(duration_of(*query, {}), std::chrono::milliseconds(2'500));
}

TEST(QueryView, progress_and_queue_are_read_while_it_lives) {
  const auto query =
      parse_query(R"({"id":"a","status":"QUEUED","progress":0.25,"queue":{"position":2,"reason":"full"}})");
  ASSERT_TRUE(query);
  EXPECT_FALSE(query->is_final());
  EXPECT_EQ(query->progress, 0.25);
  EXPECT_EQ(query->queue->position, 2U);
  EXPECT_EQ(duration_of(*query, {}), std::nullopt);
}

TEST(QueryView, an_answer_that_is_no_query_is_trouble) {
  for (const char* text : {"", "null", "[]", "{}", "<html>", R"({"id":1,"status":2})"})
    EXPECT_FALSE(parse_query(text)) << text;
}

TEST(QueryView, a_result_says_how_large_it_is_and_whether_it_is_there) {
  auto query = parse_query(
      R"({"id":"a","status":"SUCCEEDED","result":{"rows":3000000,"bytes":1048576,"chunks":1,"truncated":true}})");
  ASSERT_TRUE(query);
  EXPECT_NE(describe(*query, {}, {}).find("3,000,000 rows, 1.0 MiB, cut at the row limit"), std::string::npos)
      << describe(*query, {}, {});
  query->result->gone = "EXPIRED";
  EXPECT_NE(describe(*query, {}, {}).find("no longer there (EXPIRED)"), std::string::npos);
}

TEST(HistoryLine, is_one_line_whatever_the_statement) {
  const auto query = parse_query(failed);
  const std::string line = history_line(*query, {}, 140, {});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_NE(line.find("SELECT x"), std::string::npos);
  EXPECT_NE(line.find("2.5 s"), std::string::npos);
}

TEST(HistoryLine, a_narrow_terminal_gets_fewer_columns) {
  const auto query = parse_query(failed);
  EXPECT_LE(history_line(*query, {}, 80, {}).size(), 81U);
  EXPECT_EQ(history_head(80, {}).find("submitted"), std::string::npos);
}

}  // namespace
}  // namespace coatcheck::client
