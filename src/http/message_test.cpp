#include "http/message.hpp"

#include <gmock/gmock.h>

#include <ctime>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "http/percent.hpp"
#include "http/problem.hpp"
#include "http/response_head.hpp"
#include "http/router.hpp"

namespace coatcheck::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Request, finds_fields_without_case_and_joins_them) {
  Request request;
  request.fields = {{"Accept", "a"}, {"X", ""}, {"ACCEPT", "b"}};
  EXPECT_EQ(request.field("accept"), "a, b");
  EXPECT_TRUE(request.has("x"));
  EXPECT_FALSE(request.has("y"));
}

TEST(Request, decodes_parameters_in_order) {
  Request request;
  request.query = "a=1+2&b=%C3%A9&&a=%2B&flag&=v";
  EXPECT_THAT(*request.parameters(),
              ElementsAre(Pair("a", "1 2"), Pair("b", "\xC3\xA9"), Pair("a", "+"), Pair("flag", ""), Pair("", "v")));
}

TEST(Request, refuses_broken_and_endless_parameters) {
  Request request;
  for (const char* query : {"a=%", "a=%2", "a=%zz", "%1=a", "a=%00"}) {
    request.query = query;
    EXPECT_EQ(request.parameters().error().code, Errc::invalid_argument) << query;
  }
  request.query.clear();
  for (int i = 0; i != 300; ++i) request.query += "a=1&";
  EXPECT_EQ(request.parameters().error().code, Errc::invalid_argument);
}

TEST(Percent, decodes_plus_only_where_asked) {
  EXPECT_EQ(percent_decoded("a+b%20c", false), "a+b c");
  EXPECT_EQ(percent_decoded("a+b%20c", true), "a b c");
}

TEST(Problem, is_valid_json_whatever_it_says) {
  const Response response = to_response({.status = 422,
                                         .title = "Unknown \"field\"",
                                         .detail = "a\\b\n\x01 \xC3\xA9 \xFF \xED\xA0\x80 \xF0\x9F\x98\x80",
                                         .field = "x",
                                         .extensions = {{"error", "{\"code\":1}"}}},
                                        {{"Retry-After", "1"}});
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(
      std::get<std::string>(response.body),
      "{\"type\":\"about:blank\",\"title\":\"Unknown \\\"field\\\"\",\"status\":422,"
      "\"detail\":\"a\\\\b\\n\\u0001 \xC3\xA9 \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xF0\x9F\x98\x80\","
      "\"field\":\"x\",\"error\":{\"code\":1}}");
  ASSERT_EQ(response.fields.size(), 2U);
  EXPECT_EQ(response.fields[0].name, "Retry-After");
  EXPECT_EQ(response.fields[1].value, "application/problem+json");
}

TEST(Problem, knows_the_names_of_statuses) {
  EXPECT_EQ(reason(100), "Continue");
  EXPECT_EQ(reason(404), "Not Found");
  EXPECT_EQ(reason(507), "Insufficient Storage");
  EXPECT_EQ(reason(299), "");
  EXPECT_EQ(reason(999), "");
}

TEST(ResponseHead, tells_the_date) { EXPECT_EQ(date_line(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"); }

async::Task<Response> nothing(Request) { co_return Response{}; }

class RouterTable : public ::testing::Test {
 protected:
  RouterTable() {
    for (const auto& [verb, pattern] :
         std::initializer_list<std::pair<Verb, const char*>>{{Verb::get, "/"},
                                                             {Verb::get, "/v1/queries"},
                                                             {Verb::post, "/v1/queries"},
                                                             {Verb::post, "/v1/queries/batch-status"},
                                                             {Verb::get, "/v1/queries/{id}"},
                                                             {Verb::del, "/v1/queries/{id}"},
                                                             {Verb::get, "/v1/queries/{id}/result/chunks/{n}"}}) {
      router_.add({.verb = verb, .pattern = pattern, .handle = nothing});
    }
  }
  std::string found(Verb verb, std::string_view path) const {
    const auto match = router_.find(verb, path);
    return match.route == nullptr ? "" : match.route->pattern;
  }

  Router router_;
};

TEST_F(RouterTable, finds_routes_by_method_and_path) {
  EXPECT_EQ(found(Verb::get, "/"), "/");
  EXPECT_EQ(found(Verb::get, "/v1/queries"), "/v1/queries");
  EXPECT_EQ(found(Verb::head, "/v1/queries/7"), "/v1/queries/{id}");
  EXPECT_EQ(found(Verb::post, "/v1/queries/batch-status"), "/v1/queries/batch-status");
}

TEST_F(RouterTable, an_empty_segment_matches_only_where_the_pattern_has_one) {
  EXPECT_EQ(found(Verb::get, "/v1/queries//7"), "");
  router_.add({.verb = Verb::get, .pattern = "/v1/queries//{id}", .handle = nothing});
  EXPECT_EQ(found(Verb::get, "/v1/queries//7"), "/v1/queries//{id}");
  EXPECT_EQ(router_.find(Verb::get, "/v1/queries//7").captures, std::vector<std::string>{"7"});
  EXPECT_EQ(found(Verb::get, "/v1/queries//"), "");
  EXPECT_EQ(found(Verb::get, "/v1/queries/{}"), "/v1/queries/{id}");
}

TEST_F(RouterTable, a_literal_segment_beats_a_capture) {
  const auto match = router_.find(Verb::get, "/v1/queries/batch-status");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(allow_value(match.allowed), "POST, OPTIONS");
}

TEST_F(RouterTable, a_literal_segment_beats_a_capture_that_was_there_first) {
  router_.add({.verb = Verb::post, .pattern = "/v1/queries/{id}/{what}", .handle = nothing});
  router_.add({.verb = Verb::post, .pattern = "/v1/queries/{id}/cancel", .handle = nothing});
  router_.add({.verb = Verb::post, .pattern = "/v1/{collection}/{id}/cancel", .handle = nothing});
  EXPECT_EQ(found(Verb::post, "/v1/queries/7/cancel"), "/v1/queries/{id}/cancel");
  EXPECT_EQ(found(Verb::post, "/v1/queries/7/other"), "/v1/queries/{id}/{what}");
  EXPECT_EQ(found(Verb::post, "/v1/results/7/cancel"), "/v1/{collection}/{id}/cancel");
}

TEST_F(RouterTable, decodes_what_it_captures) {
  EXPECT_THAT(router_.find(Verb::get, "/v1/queries/a%2Fb/result/chunks/3").captures, ElementsAre("a/b", "3"));
}

TEST_F(RouterTable, finds_nothing_for_other_paths) {
  for (const char* path : {"", "*", "//", "/v1", "/v1/queries/", "/v1/queries//result/chunks/1", "/v1/queries/a/",
                           "/v1/queries/%zz", "/v1/queries/a%00", "/V1/queries", "/v1/queries/a/result/chunks/3/4"}) {
    const auto match = router_.find(Verb::get, path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_THAT(match.allowed, IsEmpty()) << path;
  }
}

TEST_F(RouterTable, says_which_methods_a_path_has) {
  const auto match = router_.find(Verb::patch, "/v1/queries/7");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(allow_value(match.allowed), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(allow_value(router_.find(Verb::other, "/v1/queries/7").allowed), "GET, HEAD, DELETE, OPTIONS");
}

}  // namespace
}  // namespace coatcheck::http
