#include <arrow/api.h>

#include <atomic>

#include "warehouse/snowflake/snowflake_test.hpp"

// One statement, from its submission to its end, and what Snowflake may say meanwhile.
namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using S = ScriptedSnowflake;

class SnowflakeStatementTest : public SnowflakeTest {
 protected:
  // What run() fails with when the status is `said`.
  Failure failure_of(Said said, std::string text = "SELECT n") {
    snowflake_.on("SUBMIT", S::running("h1"));
    snowflake_.on("STATUS h1", std::move(said));
    auto connector = open();
    auto ran = run(*connector, request(std::move(text)));
    EXPECT_FALSE(ran.cursor);
    return ran.cursor ? Failure{} : ran.cursor.error();
  }
};

TEST_F(SnowflakeStatementTest, is_submitted_followed_and_read) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", {S::running("h1"), S::result(one_number, R"([["1"],[null]])", {2})});
  auto connector = open();
  EXPECT_TRUE(connector->capabilities().detached);
  auto execution = prepared(*connector, request());
  EXPECT_EQ(execution->kind(), StatementKind::unknown);
  EXPECT_TRUE(snowflake_.asked().empty());
  auto handle = run_task(loop_, execution->submit());
  ASSERT_TRUE(handle) << handle.error().message;
  EXPECT_EQ(*handle, "h1");
  auto cursor = run_task(loop_, execution->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  EXPECT_EQ((*cursor)->schema()->ToString(), "N: int64");
  auto batches = read(**cursor);
  ASSERT_TRUE(batches) << batches.error().message;
  ASSERT_EQ(batches->size(), 1U);
  const auto& column = static_cast<const arrow::Int64Array&>(*batches->front()->column(0));
  EXPECT_EQ(column.Value(0), 1);
  EXPECT_TRUE(column.IsNull(1));
  EXPECT_EQ(snowflake_.asked(), (std::vector<std::string>{"SUBMIT", "STATUS h1", "STATUS h1"}));
}

TEST_F(SnowflakeStatementTest, says_who_asks_for_what) {
  snowflake_.on("SUBMIT", S::running("h1"));
  auto connector =
      open({.role = "Reader", .warehouse = "WH \"1\"", .database = "DB", .schema = "SC", .poll_min = 10ms});
  auto asked = request("SELECT 1\n");
  const auto id = asked.query.to_string();
  asked.query_tag = "monthly \"report\"";
  asked.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  asked.timeout = 1500ms;
  asked.statement.parameters = {{.value = std::int64_t{7}}, {.value = {}}};
  ASSERT_TRUE(run_task(loop_, prepared(*connector, std::move(asked))->submit()));
  const auto sent = snowflake_.request("SUBMIT");
  EXPECT_EQ(sent.target, "/api/v2/statements?async=true&nullable=true&requestId=" + id);
  const auto body = json_of(sent.body);
  EXPECT_EQ(body.at("statement").as_string(), "SELECT 1\n");
  EXPECT_EQ(body.at("timeout").as_int64(), 2);
  EXPECT_EQ(body.at("role").as_string(), "Reader");
  EXPECT_EQ(body.at("warehouse").as_string(), "WH \"1\"");
  EXPECT_EQ(body.at("database").as_string(), "DB");
  EXPECT_EQ(body.at("schema").as_string(), "SC");
  const auto& parameters = body.at("parameters").as_object();
  EXPECT_EQ(parameters.at("timezone").as_string(), "UTC");
  const auto tag = json_of(std::string(parameters.at("query_tag").as_string()));
  EXPECT_EQ(tag.at("coatcheck").as_string(), id.c_str());
  EXPECT_EQ(tag.at("tag").as_string(), "monthly \"report\"");
  EXPECT_EQ(tag.at("traceparent").as_string(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(body.at("bindings").at("1").at("value").as_string(), "7");
  EXPECT_TRUE(body.at("bindings").at("2").at("value").is_null());
}

TEST_F(SnowflakeStatementTest, is_found_again_by_its_handle) {
  snowflake_.on("STATUS h7", {S::running("h7"), S::result(one_number, R"([["1"]])", {1})});
  auto connector = open();
  auto execution = prepared(*connector, found_again("h7"));
  auto handle = run_task(loop_, execution->submit());
  ASSERT_TRUE(handle);
  EXPECT_EQ(*handle, "h7");
  EXPECT_TRUE(snowflake_.asked().empty());
  ASSERT_TRUE(run_task(loop_, execution->run()));
  EXPECT_EQ(snowflake_.asked(), (std::vector<std::string>{"STATUS h7", "STATUS h7"}));
}

TEST_F(SnowflakeStatementTest, a_handle_that_is_none_is_never_sent) {
  auto connector = open();
  auto execution = run_task(loop_, connector->prepare(found_again("h7/../../x?y")));
  ASSERT_FALSE(execution);
  EXPECT_EQ(execution.error().code, result_gone_code);
}

TEST_F(SnowflakeStatementTest, fails_in_snowflakes_words) {
  const auto failure =
      failure_of(S::error(422, "000904", "42000",
                          R"(SQL compilation error: error line 2 at position 7\ninvalid identifier 'AAA')", "h1"),
                 "-- ä\nSELECT AAA");
  EXPECT_EQ(failure.category, FailureCategory::statement);
  EXPECT_EQ(failure.code, "000904");
  EXPECT_EQ(failure.sqlstate, "42000");
  EXPECT_EQ(failure.message, "SQL compilation error: error line 2 at position 7\ninvalid identifier 'AAA'");
  EXPECT_EQ(failure.position, 13U);
  EXPECT_FALSE(failure.retryable);
}

TEST_F(SnowflakeStatementTest, fails_by_its_code_also_where_the_status_says_nothing_of_it) {
  const auto failure = failure_of(S::error(200, "002003", "42S02", "Object 'T' does not exist.", "h1"));
  EXPECT_EQ(failure.category, FailureCategory::statement);
  EXPECT_EQ(failure.code, "002003");
  EXPECT_EQ(failure.message, "Object 'T' does not exist.");
}

TEST_F(SnowflakeStatementTest, that_somebody_else_has_canceled_is_canceled) {
  EXPECT_EQ(failure_of(S::error(422, "000604", "57014", "SQL execution canceled", "h1")).category,
            FailureCategory::canceled);
}

TEST_F(SnowflakeStatementTest, that_took_too_long_is_a_timeout) {
  const auto timed_out = failure_of(S::error(408, "000630", "57014", "Statement reached its timeout of 1 second(s)"));
  EXPECT_EQ(timed_out.category, FailureCategory::timeout);
  EXPECT_EQ(timed_out.message, "Statement reached its timeout of 1 second(s)");
  EXPECT_EQ(failure_of(S::error(422, "000630", "57014", "too long", "h1")).category, FailureCategory::timeout);
}

TEST_F(SnowflakeStatementTest, that_snowflake_does_not_know_is_gone) {
  for (const auto& said : {S::error(422, "000709", "02000", "Statement h1 not found", "h1"),
                           S::error(404, "390404", "", "not found"), Said{.status = 410}}) {
    const auto failure = failure_of(said);
    EXPECT_EQ(failure.category, FailureCategory::unavailable);
    EXPECT_EQ(failure.code, result_gone_code);
    EXPECT_FALSE(failure.retryable);
  }
}

TEST_F(SnowflakeStatementTest, goes_on_while_snowflake_cannot_be_asked) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1",
                {Said{.status = 503}, Said{.end = Said::End::nothing}, Said{.status = 500}, Said{.status = 504},
                 S::error(429, "390505", "", "Too many requests."), S::error(429, "", "", "slower", "h1"),
                 S::error(403, "", "", "a proxy that is wrong for a while"), Said{.status = 404, .body = "<html>"},
                 Said{.status = 400}, S::error(401, "390303", "", "no"), S::error(401, "390303", "", "no"),
                 S::running("h1"), S::result(one_number, R"([["1"]])", {1})});
  auto connector = open();
  auto rows = rows_of(*connector, request());
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows, 1);
}

TEST_F(SnowflakeStatementTest, without_rows_yields_what_snowflake_says_of_it) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on(
      "STATUS h1",
      S::result(R"([{"name":"number of rows inserted","type":"fixed","precision":19,"scale":0}])", R"([["12"]])", {1}));
  auto connector = open();
  auto ran = run(*connector, request("INSERT"));
  ASSERT_TRUE(ran.cursor);
  EXPECT_EQ((*ran.cursor)->schema()->field(0)->name(), "number of rows inserted");
  EXPECT_EQ((*ran.cursor)->schema()->field(0)->type()->ToString(), "decimal128(19, 0)");
  EXPECT_EQ((*ran.cursor)->kept(), std::nullopt);
  EXPECT_EQ(read(**ran.cursor)->size(), 1U);
}

TEST_F(SnowflakeStatementTest, nonsense_from_the_server_is_a_failure) {
  for (const std::string body :
       {"", "[]", "<html>", "{}", R"({"resultSetMetaData":{}})",
        R"({"resultSetMetaData":{"numRows":-1,"rowType":[],"partitionInfo":[]}})",
        R"({"resultSetMetaData":{"numRows":1,"rowType":[{"name":"a","type":"fixed","precision":99}]}})",
        R"({"resultSetMetaData":{"numRows":1,"rowType":[],"partitionInfo":[{"rowCount":5}]}})"}) {
    EXPECT_EQ(failure_of({.body = body}).category, FailureCategory::internal) << body;
  }
}

TEST_F(SnowflakeStatementTest, whose_answer_is_beyond_the_limit_fails) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])" + std::string(10'000, ' '), {1}));
  auto connector = open({.partition_bytes_max = 5'000});
  auto rows = rows_of(*connector, request());
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().category, FailureCategory::resources);
}

TEST_F(SnowflakeStatementTest, that_is_left_ends_at_once_and_asks_nothing) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::running("h1"));
  auto connector = open();
  auto execution = prepared(*connector, request());
  ASSERT_TRUE(run_task(loop_, execution->submit()));
  snowflake_.before([this, running = execution.get()](const std::string&) { post([running] { running->leave(); }); });
  auto cursor = run_task(loop_, execution->run());
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::interrupted);
  EXPECT_EQ(snowflake_.count("CANCEL h1"), 0);
  EXPECT_EQ(run_task(loop_, execution->run()).error().category, FailureCategory::interrupted);
}

TEST_F(SnowflakeStatementTest, whose_cursor_is_left_yields_no_more) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  auto connector = open();
  auto ran = run(*connector, request());
  ASSERT_TRUE(ran.cursor);
  ran.execution->leave();
  EXPECT_EQ(run_task(loop_, (*ran.cursor)->next()).error().category, FailureCategory::interrupted);
}

TEST_F(SnowflakeStatementTest, with_rows_of_parameters_is_refused) {
  auto connector = open();
  auto asked = request("INSERT INTO t VALUES (?)");
  asked.statement.parameter_rows = {1, {{.value = true}}};
  auto execution = run_task(loop_, connector->prepare(std::move(asked)));
  ASSERT_FALSE(execution);
  EXPECT_EQ(execution.error().sqlstate, "0A000");
}

TEST_F(SnowflakeStatementTest, may_end_its_connector_while_it_is_asked_about) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::running("h1"));
  auto connector = open();
  const auto left = std::make_shared<std::atomic<bool>>(false);
  {
    auto execution = prepared(*connector, request());
    ASSERT_TRUE(run_task(loop_, execution->submit()));
    snowflake_.before([this, left, running = execution.get()](const std::string&) {
      if (!left->exchange(true)) post([running] { running->leave(); });
    });
    EXPECT_FALSE(run_task(loop_, execution->run()));
  }
  connector.reset();
  loop_.restart();
  loop_.run();  // Ends: nothing is left that waits.
}

}  // namespace
}  // namespace coatcheck::warehouse
