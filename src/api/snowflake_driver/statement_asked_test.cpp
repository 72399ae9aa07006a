#include "api/snowflake_driver/statement_asked.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_driver {
namespace {

http::Request request_with(std::string body, std::string query = "requestId=r-1") {
  http::Request request;
  request.query = std::move(query);
  request.body = std::move(body);
  return request;
}

TEST(StatementAsked, reads_what_each_driver_sends) {
  // Python, Node, JDBC: each has members of its own.
  http::Request python =
      request_with(R"({"sqlText":"select 1","asyncExec":false,"sequenceId":1,"querySubmissionTime":1795361619821,)"
                   R"("parameters":{"PYTHON_CONNECTOR_QUERY_RESULT_FORMAT":"JSON"},"queryContextDTO":{}})");
  auto asked = read_statement(python, {});
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->text, "select 1");
  EXPECT_FALSE(asked->asynchronous);
  EXPECT_EQ(asked->request_id, "r-1");
  EXPECT_EQ(format_for(python, asked->settings), RowFormat::json);

  http::Request node = request_with(
      R"({"disableOfflineChunks":false,"sqlText":"select ?","bindings":{"1":{"type":"FIXED","value":"7"}},"asyncExec":true})");
  asked = read_statement(node, {});
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->asynchronous);
  EXPECT_EQ(asked->bindings.parameters.size(), 1U);

  http::Request jdbc = request_with(
      R"({"sqlText":"select 1","bindings":null,"bindStage":null,"describeOnly":true,"parameters":{},"isInternal":false})");
  asked = read_statement(jdbc, {});
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->describe_only);
  EXPECT_TRUE(asked->bindings.empty());
}

TEST(StatementAsked, arrays_are_rows_of_values) {
  http::Request request = request_with(
      R"({"sqlText":"insert","bindings":{"1":{"type":"FIXED","value":["1","2"]},"2":{"type":"TEXT","value":["a",null]}}})");
  const auto asked = read_statement(request, {});
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->bindings.rows.size(), 2U);
  EXPECT_EQ(asked->bindings.rows.width(), 2U);
}

TEST(StatementAsked, refuses_what_cannot_be_a_statement) {
  for (const char* body : {"", "{}", "[]", "no json", R"({"sqlText":7})", R"({"sqlText":""})", R"({"sqlText":" ;\n"})",
                           R"({"sqlText":"a\u0000b"})", R"({"sqlText":"select 1","bindings":7})"}) {
    http::Request request = request_with(body);
    EXPECT_FALSE(read_statement(request, {})) << body;
  }
  http::Request longer = request_with(R"({"sqlText":"select 12345"})");
  EXPECT_FALSE(read_statement(longer, {.statement_bytes_max = 11}));
  http::Request strange = request_with(R"({"sqlText":"select 1"})", "requestId=%00");
  EXPECT_FALSE(read_statement(strange, {}));
}

TEST(StatementAsked, arrow_is_for_drivers_that_read_it_everywhere) {
  const auto format = [](const char* agent) {
    http::Request request;
    request.fields.push_back({"User-Agent", agent});
    return format_for(request, {});
  };
  EXPECT_EQ(format("PythonConnector/4.7.1 (Linux) CPython/3.11.2"), RowFormat::arrow);
  EXPECT_EQ(format("Go/1.19.1 (linux-amd64)"), RowFormat::arrow);
  EXPECT_EQ(format("JavaScript/3.3.0 (linux-x64) NodeJS/20.20.2"), RowFormat::json);
  EXPECT_EQ(format("JDBC/4.3.4"), RowFormat::json);
  EXPECT_EQ(format(""), RowFormat::json);
}

TEST(StatementAsked, a_timeout_of_nothing_is_none) {
  const auto timeout = [](const char* text) {
    return timeout_of({{"STATEMENT_TIMEOUT_IN_SECONDS", {snowflake::ParameterValue::Type::number, text}}});
  };
  EXPECT_EQ(timeout("5"), std::chrono::seconds(5));
  EXPECT_EQ(timeout("0"), std::nullopt);
  EXPECT_EQ(timeout("x"), std::nullopt);
  EXPECT_EQ(timeout_of({}), std::nullopt);
}

}  // namespace
}  // namespace coatcheck::api::snowflake_driver
