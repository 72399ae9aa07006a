#include "api/snowflake_sql_api/answers.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_sql_api {
namespace {

const QueryId id = *QueryId::parse("01b056d5-0001-75f6-8000-6bb504856e2e");

std::string body_of(const http::Response& response) { return std::get<std::string>(response.body); }

std::string field_of(const http::Response& response, std::string_view name) {
  for (const http::Field& field : response.fields) {
    if (field.name == name) return field.value;
  }
  return "";
}

journal::Entry failed_with(Failure failure) {
  journal::Entry entry;
  entry.id = id;
  entry.state = journal::State::failed;
  entry.submitted_at = Timestamp(std::chrono::milliseconds(1'597'090'533'987));
  entry.failure = std::move(failure);
  return entry;
}

TEST(Answers, errors_have_the_status_that_fits) {
  EXPECT_EQ(http_status(snowflake::invalid_payload()), 400);
  EXPECT_EQ(http_status(snowflake::missing_token()), 401);
  EXPECT_EQ(http_status({.code = "390303"}), 401);
  EXPECT_EQ(http_status({.code = "390144"}), 401);
  EXPECT_EQ(http_status({.code = "394400"}), 401);
  EXPECT_EQ(http_status(snowflake::no_such_statement("x")), 422);
  EXPECT_EQ(http_status({.code = "100037"}), 422);
  EXPECT_EQ(http_status(snowflake::too_many_requests()), 429);
  EXPECT_EQ(http_status(snowflake::from_error({Errc::unavailable, "going down"})), 503);
  EXPECT_EQ(http_status(snowflake::from_error({Errc::io_error, "/secret/path"})), 500);
}

TEST(Answers, a_refusal_says_what_the_client_may_do) {
  const http::Response unknown = refusal(snowflake::no_such_statement(id.to_string()), id);
  EXPECT_EQ(unknown.status, 422);
  EXPECT_EQ(body_of(unknown), R"({"code":"000709","message":"Statement 01b056d5-0001-75f6-8000-6bb504856e2e not found")"
                              R"(,"sqlState":"02000","statementHandle":"01b056d5-0001-75f6-8000-6bb504856e2e"})");
  EXPECT_EQ(field_of(refusal(snowflake::missing_token(), {}), "WWW-Authenticate"), "Bearer");
  EXPECT_EQ(field_of(refusal(snowflake::too_many_requests(), {}), "Retry-After"), "1");
}

TEST(Answers, a_timeout_is_408_for_who_submitted_and_422_later) {
  const journal::Entry entry = failed_with({.category = FailureCategory::timeout, .message = "after 2 s"});
  const http::Response answer = query_failed(entry, true);
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(body_of(answer), R"({"code":"000630","message":"after 2 s","sqlState":"57014",)"
                             R"("statementHandle":"01b056d5-0001-75f6-8000-6bb504856e2e","createdOn":1597090533987,)"
                             R"("statementStatusUrl":"/api/v2/statements/01b056d5-0001-75f6-8000-6bb504856e2e"})");
  EXPECT_EQ(query_failed(entry, false).status, 422);
  EXPECT_EQ(query_failed(failed_with({.category = FailureCategory::canceled}), true).status, 422);
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
