#include "client/problem.hpp"

#include <gtest/gtest.h>

namespace coatcheck::client {
namespace {

HttpResponse answer(int status, std::string body, std::map<std::string, std::string> fields = {}) {
  return {.status = status, .fields = std::move(fields), .body = std::move(body)};
}

TEST(Problem, exit_codes_follow_the_status) {
  EXPECT_EQ(trouble_of(answer(400, "{}")).exit, ExitCode::usage);
  EXPECT_EQ(trouble_of(answer(401, "{}")).exit, ExitCode::unauthorized);
  EXPECT_EQ(trouble_of(answer(404, "{}")).exit, ExitCode::not_found);
  EXPECT_EQ(trouble_of(answer(410, "{}")).exit, ExitCode::not_found);
  EXPECT_EQ(trouble_of(answer(422, "{}")).exit, ExitCode::usage);
  EXPECT_EQ(trouble_of(answer(429, "{}")).exit, ExitCode::unavailable);
  EXPECT_EQ(trouble_of(answer(500, "{}")).exit, ExitCode::unavailable);
  EXPECT_EQ(trouble_of(answer(503, "{}")).exit, ExitCode::unavailable);
}

TEST(Problem, the_server_speaks_for_itself) {
  EXPECT_EQ(trouble_of(
                answer(400, R"({"title":"Invalid request","detail":"there is no such warehouse","field":"warehouse"})"))
                .message,
            "warehouse: there is no such warehouse");
  EXPECT_EQ(trouble_of(answer(404, R"({"title":"Not found"})")).message, "Not found");
  EXPECT_EQ(trouble_of(answer(502, "<html>bad gateway")).message, "the server answered with status 502");
}

TEST(Problem, a_missing_key_says_where_keys_come_from) {
  EXPECT_NE(trouble_of(answer(401, "{}")).hint.find("COATCHECK_KEY"), std::string::npos);
}

TEST(Problem, retry_after_is_obeyed_within_reason) {
  EXPECT_EQ(retry_after(answer(429, "", {{"retry-after", "3"}})), std::chrono::seconds(3));
  EXPECT_EQ(retry_after(answer(429, "", {{"retry-after", "86400"}})), std::chrono::seconds(30));
  EXPECT_EQ(retry_after(answer(503, "")), std::chrono::seconds(1));
}

TEST(Failure, shows_the_place_and_the_warehouses_words_once) {
  QueryView query;
  query.id = "0193";
  query.status = "FAILED";
  query.statement = "SELECT count(*)\nFROM flighs";
  query.error = FailureView{
      .category = "STATEMENT",
      .code = "Catalog Error",
      .sqlstate = "",
      .message = "Catalog Error: Table with name flighs does not exist!\n\nLINE 2: FROM flighs\n             ^",
      .retryable = false,
      .position = 21};
  EXPECT_EQ(failure_text(query, 80, {}),
            "error: Catalog Error: Table with name flighs does not exist!\n"
            "\n"
            "   2 │ FROM flighs\n"
            "     │      ^\n"
            "\n"
            "query 0193 failed: STATEMENT\n");
}

TEST(Failure, without_a_place_all_words_are_kept) {
  QueryView query;
  query.id = "0193";
  query.status = "FAILED";
  query.error = FailureView{.category = "RESOURCES",
                            .code = "",
                            .sqlstate = "53200",
                            .message = "out of\nmemory",
                            .retryable = true,
                            .position = {}};
  EXPECT_EQ(failure_text(query, 80, {}),
            "error: out of\nmemory\nquery 0193 failed: RESOURCES, SQLSTATE 53200, may work if you try again\n");
}

}  // namespace
}  // namespace coatcheck::client
