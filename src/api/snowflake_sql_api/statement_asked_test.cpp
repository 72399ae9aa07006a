#include "api/snowflake_sql_api/statement_asked.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_sql_api {
namespace {

http::Request request_with(std::string body, std::string query = "") {
  http::Request request;
  request.query = std::move(query);
  request.body = std::move(body);
  return request;
}

Result<StatementAsked, snowflake::SnowflakeError> read(std::string body, std::string query = "", Limits limits = {}) {
  http::Request request = request_with(std::move(body), std::move(query));
  return read_statement(request, limits);
}

std::string code_of(std::string body, std::string query = "") {
  const auto asked = read(std::move(body), std::move(query));
  return asked ? "none" : asked.error().code;
}

TEST(StatementAsked, reads_a_whole_request) {
  const auto asked =
      read(R"({"statement":"select ?","timeout":60,"database":"DB","schema":"SC","warehouse":"WH","role":"R",)"
           R"("bindings":{"1":{"type":"FIXED","value":"123"}},)"
           R"("parameters":{"query_tag":"tag-1","multi_statement_count":"1","timezone":"UTC","rows_per_resultset":5}})",
           "requestId=0a1b&async=true&nullable=false&retry=true");
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->text, "select ?");
  EXPECT_EQ(asked->bindings.parameters.size(), 1U);
  EXPECT_TRUE(asked->asynchronous);
  EXPECT_FALSE(asked->form.nullable);
  EXPECT_EQ(asked->request_id, "0a1b");
  EXPECT_EQ(asked->state.database, "DB");
  EXPECT_EQ(asked->state.schema, "SC");
  EXPECT_EQ(asked->state.warehouse, "WH");
  EXPECT_EQ(asked->state.role, "R");
  EXPECT_EQ(asked->query_tag, "tag-1");
  EXPECT_EQ(asked->timeout, std::chrono::seconds(60));
  EXPECT_EQ(asked->row_limit, 5U);
}

TEST(StatementAsked, needs_nothing_but_the_statement) {
  const auto asked = read(R"({"statement":"select 1"})");
  ASSERT_TRUE(asked);
  EXPECT_FALSE(asked->asynchronous);
  EXPECT_TRUE(asked->form.nullable);
  EXPECT_EQ(asked->timeout, std::nullopt);
  EXPECT_EQ(asked->row_limit, std::nullopt);
}

TEST(StatementAsked, arrays_are_rows_of_values) {
  const auto asked = read(R"({"statement":"insert","bindings":{"1":{"type":"TEXT","value":["a","b"]}}})");
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->bindings.parameters.empty());
  EXPECT_EQ(asked->bindings.rows.size(), 2U);
}

TEST(StatementAsked, takes_what_clients_send_in_ways_of_their_own) {
  // Airflow: Python's booleans, a parameter of version 1, members that version 2 does not have.
  const auto airflow = read(
      R"({"statement":"select 1","resultSetMetaData":{"format":"json"},"database":null,"schema":null,"warehouse":null,)"
      R"("role":null,"bindings":{},"parameters":{"MULTI_STATEMENT_COUNT":1,"query_tag":""}})",
      "requestId=3f&async=True&pageSize=10");
  ASSERT_TRUE(airflow);
  EXPECT_TRUE(airflow->asynchronous);
  EXPECT_TRUE(read(R"({"statement":"select 1","timeout":"5","bindings":null,"parameters":null})")->timeout);
  for (const char* yes : {"async=TRUE", "ASYNC=1", "async=yes"}) {
    EXPECT_TRUE(read(R"({"statement":"select 1"})", yes)->asynchronous) << yes;
  }
  for (const char* no : {"nullable=False", "NULLABLE=0", "nullable=no"}) {
    EXPECT_FALSE(read(R"({"statement":"select 1"})", no)->form.nullable) << no;
  }
  for (const char* neither : {"async=false&nullable=true", "async=&nullable=", "async=maybe&nullable=maybe", "x"}) {
    const auto asked = read(R"({"statement":"select 1"})", neither);
    EXPECT_FALSE(asked->asynchronous) << neither;
    EXPECT_TRUE(asked->form.nullable) << neither;
  }
}

TEST(StatementAsked, refuses_what_is_no_request) {
  for (const char* body :
       {"", "{}", "[]", "no json", "7", R"({"statement":7})", R"({"statement":null})", R"({"statement":"a\u0000b"})",
        R"({"statement":"select 1","timeout":-1})", R"({"statement":"select 1","timeout":"soon"})",
        R"({"statement":"select 1","bindings":7})", R"({"statement":"select 1","bindings":{"2":{"value":"1"}}})",
        R"({"statement":"select 1","parameters":{"multi_statement_count":-1}})",
        R"({"statement":"select 1","parameters":{"multi_statement_count":"many"}})",
        R"({"statement":"select 1","parameters":{"rows_per_resultset":"all"}})"}) {
    EXPECT_EQ(code_of(body), "390142") << body;
  }
  EXPECT_EQ(code_of(R"({"statement":"select 1"})", "requestId=%00"), "390142");
  EXPECT_EQ(code_of(R"({"statement":"select 1"})", "requestId=" + std::string(129, 'a')), "390142");
  EXPECT_FALSE(read(R"({"statement":"select 12345"})", "", {.statement_bytes_max = 11}));
}

TEST(StatementAsked, refuses_statements_that_cannot_be_run_as_asked) {
  EXPECT_EQ(code_of(R"({"statement":" ;\n"})"), "000900");
  EXPECT_EQ(code_of(R"({"statement":"select ?","bindings":{"1":{"type":"DATE","value":"x"}}})"), "100037");
  EXPECT_EQ(code_of(R"({"statement":"select 1; select 2"})"), "000008");
  const auto mismatch = read(R"({"statement":"select 1;select ';';","parameters":{"Multi_Statement_Count":3}})");
  ASSERT_FALSE(mismatch);
  EXPECT_EQ(mismatch.error().message, "Actual statement count 2 did not match the desired statement count 3.");
  EXPECT_EQ(code_of(R"({"statement":"select ?;select 2","parameters":{"multi_statement_count":2},)"
                    R"("bindings":{"1":{"type":"FIXED","value":"1"}}})"),
            "000002");
}

TEST(StatementAsked, one_statement_is_one_however_it_is_written) {
  EXPECT_TRUE(read(R"({"statement":"select ';' -- ;\n ;","parameters":{"multi_statement_count":"0"}})"));
  EXPECT_TRUE(read(R"({"statement":"select 1 /* ; */","parameters":{"multi_statement_count":1}})"));
  // Where dialects disagree, the warehouse is to say.
  EXPECT_TRUE(read(R"({"statement":"select '\\'; select 2; --'"})"));
}

TEST(StatementAsked, the_longest_timeout_is_snowflakes) {
  EXPECT_EQ(read(R"({"statement":"select 1","timeout":0})")->timeout, std::chrono::seconds(0));
  EXPECT_EQ(read(R"({"statement":"select 1","timeout":99999999999})")->timeout, std::chrono::seconds(604'800));
  EXPECT_EQ(read(R"({"statement":"select 1","parameters":{"statement_timeout_in_seconds":7}})")->timeout,
            std::chrono::seconds(7));
}

TEST(StatementAsked, a_long_query_tag_is_cut_between_characters) {
  const auto asked =
      read(R"({"statement":"select 1","parameters":{"query_tag":"aé"}})", "", {.query_tag_bytes_max = 2});
  EXPECT_EQ(asked->query_tag, "a");
}

TEST(StatementAsked, only_json_is_a_body) {
  const auto takes = [](const char* type) {
    http::Request request;
    request.fields.push_back({"Content-Type", type});
    return is_json(request);
  };
  EXPECT_TRUE(is_json({}));
  EXPECT_TRUE(takes("application/json"));
  EXPECT_TRUE(takes("Application/JSON; charset=UTF-8"));
  EXPECT_FALSE(takes("text/plain"));
  EXPECT_FALSE(takes("application/json; charset=latin1"));
  EXPECT_FALSE(takes("application/x-www-form-urlencoded"));
}

TEST(StatementAsked, a_partition_is_a_number) {
  const auto partition = [](std::string query) { return read_partition(request_with("", std::move(query))); };
  EXPECT_EQ(*partition(""), 0U);
  EXPECT_EQ(*partition("partition="), 0U);
  EXPECT_EQ(*partition("requestId=x&partition=12"), 12U);
  EXPECT_FALSE(partition("partition=-1"));
  EXPECT_FALSE(partition("partition=1.5"));
  EXPECT_FALSE(partition("partition=99999999999999999999"));
}

TEST(StatementAsked, several_statements_are_a_script) {
  const auto is_script = [](std::string body) {
    http::Request request = request_with(std::move(body));
    return read_statement(request, {})->is_script;
  };
  EXPECT_TRUE(is_script(R"({"statement":"select 1;select 2","parameters":{"MULTI_STATEMENT_COUNT":2}})"));
  EXPECT_TRUE(is_script(R"({"statement":"select 1;select 2","parameters":{"multi_statement_count":"0"}})"));
  EXPECT_FALSE(is_script(R"({"statement":"select 1;","parameters":{"multi_statement_count":"0"}})"));
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
