#include "http/server.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "http/testing/raw_client.hpp"
#include "http/testing/running_server.hpp"

namespace coatcheck::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::RawResponse;
using testing::RunningServer;

async::Task<Response> hello(Request) {
  Response response;
  response.fields.push_back({"Content-Type", "text/plain"});
  response.body = std::string("hello");
  co_return response;
}

async::Task<Response> echo(Request request) {
  Response response;
  response.body = std::move(request.body);
  co_return response;
}

async::Task<Response> describe(Request request) {
  Response response;
  response.body = request.captures.at(0) + "|" + request.path + "|" + request.query + "|" + request.peer;
  co_return response;
}

async::Task<Response> injecting(Request) {
  Response response;
  response.fields.push_back({"X-Bad", "a\r\nSet-Cookie: b"});
  response.fields.push_back({"X Bad", "a"});
  response.fields.push_back({"Content-Length", "999"});
  co_return response;
}

async::Task<Response> failing(Request) {
  throw std::runtime_error("the secret reason");
  co_return Response{};
}

async::Task<Response> nothing(Request) {
  Response response;
  response.status = 204;
  response.body = std::string("not to be sent");
  co_return response;
}

Router router() {
  Router router;
  router.add({.verb = Verb::get, .pattern = "/hello", .handle = hello});
  router.add({.verb = Verb::post, .pattern = "/echo", .handle = echo, .body_bytes_max = 100'000});
  router.add({.verb = Verb::get, .pattern = "/things/{id}", .handle = describe});
  router.add({.verb = Verb::get, .pattern = "/injecting", .handle = injecting});
  router.add({.verb = Verb::get, .pattern = "/failing", .handle = failing});
  router.add({.verb = Verb::get, .pattern = "/failing-wait", .handle = failing, .waits = true});
  router.add({.verb = Verb::get, .pattern = "/nothing", .handle = nothing});
  return router;
}

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}
std::string post(const std::string& body, const std::string& more = "") {
  return "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
         "\r\n" + body;
}

class Serving : public ::testing::Test {
 protected:
  RunningServer server_{router(), {.header_bytes_max = 8192}};
  RawClient client_{server_.port()};
};

TEST_F(Serving, answers_several_requests_on_one_connection) {
  for (int i = 0; i != 3; ++i) {
    const RawResponse response = client_.ask(get("/hello"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.field("Content-Type"), "text/plain");
    EXPECT_EQ(response.field("Date").size(), 29U);
    EXPECT_EQ(response.field("Connection"), "");
  }
  EXPECT_EQ(server_.counters().connections_total, 1U);
  EXPECT_EQ(server_.counters().requests_total, 3U);
  EXPECT_EQ(server_.counters().responses_by_class[2], 3U);
}

TEST_F(Serving, answers_pipelined_requests_in_order) {
  client_.send(get("/things/1") + post("two") + get("/things/3"));
  EXPECT_THAT(client_.receive().body, HasSubstr("1|/things/1"));
  EXPECT_EQ(client_.receive().body, "two");
  EXPECT_THAT(client_.receive().body, HasSubstr("3|/things/3"));
}

TEST_F(Serving, takes_a_request_that_comes_byte_by_byte) {
  for (const char c : post("slow")) client_.send(std::string(1, c));
  EXPECT_EQ(client_.receive().body, "slow");
}

TEST_F(Serving, gives_handlers_the_parts_of_the_request) {
  EXPECT_EQ(client_.ask(get("/things/a%2Fb%20c?x=1&y=%20")).body, "a/b c|/things/a%2Fb%20c|x=1&y=%20|127.0.0.1");
  EXPECT_EQ(client_.ask(get("http://localhost/things/7")).body, "7|/things/7||127.0.0.1");
}

TEST_F(Serving, takes_bodies_in_chunks) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client_.ask(head + "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n").body, "abcdefg");
  EXPECT_EQ(client_.ask(get("/hello")).body, "hello");
}

TEST_F(Serving, takes_a_large_body_whole) {
  std::string body;
  for (int i = 0; body.size() < 99'000; ++i) body += std::to_string(i);
  EXPECT_EQ(client_.ask(post(body)).body, body);
  EXPECT_EQ(client_.ask(get("/hello")).body, "hello");
}

TEST_F(Serving, refuses_a_body_that_is_too_large_before_it_comes) {
  const RawResponse response = client_.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n");
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_THAT(response.body, HasSubstr("\"status\":413"));
}

TEST_F(Serving, refuses_a_chunked_body_as_soon_as_it_is_too_large) {
  const RawResponse response = client_.ask(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n" + std::string(100'001, 'x'));
  EXPECT_EQ(response.status, 413);
}

TEST_F(Serving, refuses_a_body_where_none_is_expected) {
  EXPECT_EQ(client_.ask("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").status, 413);
}

TEST_F(Serving, refuses_a_header_that_is_too_large) {
  EXPECT_EQ(client_.ask(get("/hello", "X: " + std::string(9000, 'x') + "\r\n")).status, 431);
  RawClient another(server_.port());
  std::string many;
  for (int i = 0; i != 200; ++i) many += "X: 1\r\n";
  EXPECT_EQ(another.ask(get("/hello", many)).status, 431);
}

TEST_F(Serving, refuses_a_target_that_is_too_long) {
  EXPECT_EQ(client_.ask(get("/" + std::string(9000, 'x'))).status, 414);
}

TEST_F(Serving, lets_empty_lines_before_a_request_pass_in_whatever_pieces) {
  client_.send("\r");
  // The answer to another tells that the server has read what was sent before.
  ASSERT_EQ(RawClient(server_.port()).ask(get("/hello")).status, 200);
  EXPECT_EQ(client_.ask("\n\r\n" + get("/hello")).body, "hello");
}

TEST_F(Serving, refuses_a_folded_line_that_comes_before_the_rest_of_the_head) {
  client_.send("GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\nY");
  ASSERT_EQ(RawClient(server_.port()).ask(get("/hello")).status, 200);
  EXPECT_EQ(client_.ask(": 3\r\n\r\n").status, 400);
}

TEST_F(Serving, refuses_what_is_not_http) {
  const RawResponse response = client_.ask("hello, is anybody there?\r\n\r\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.field("Content-Type"), "application/problem+json");
  client_.close();
  RawClient newer(server_.port());
  EXPECT_EQ(newer.ask("GET / HTTP/2.0\r\nHost: a\r\n\r\n").status, 505);
}

TEST_F(Serving, refuses_a_request_that_could_be_smuggled_and_closes) {
  const RawResponse response = client_.ask(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\nabcd" + get("/hello"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(client_.receive().status, 0);
}

TEST_F(Serving, answers_head_like_get_without_the_body) {
  client_.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  const RawResponse response = client_.receive(true);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.field("Content-Length"), "5");
  EXPECT_EQ(client_.ask(get("/hello")).body, "hello");
}

TEST_F(Serving, serves_http_1_0_and_closes_unless_asked_not_to) {
  const RawResponse kept = client_.ask("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.field("Connection"), "keep-alive");
  const RawResponse last = client_.ask("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(last.body, "hello");
  EXPECT_EQ(last.field("Connection"), "close");
  EXPECT_TRUE(client_.ends());
}

TEST_F(Serving, closes_when_asked_to) {
  EXPECT_EQ(client_.ask(get("/hello", "Connection: close\r\n")).field("Connection"), "close");
  EXPECT_TRUE(client_.ends());
}

TEST_F(Serving, asks_for_a_body_that_waits_to_be_asked_for) {
  client_.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client_.receive().status, 100);
  EXPECT_EQ(client_.ask("abc").body, "abc");
}

TEST_F(Serving, does_not_ask_for_a_body_it_will_not_take) {
  EXPECT_EQ(
      client_.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n").status,
      413);
}

TEST_F(Serving, tells_unknown_paths_and_methods_apart) {
  EXPECT_EQ(client_.ask(get("/nowhere")).status, 404);
  const RawResponse wrong = client_.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.field("Allow"), "GET, HEAD, OPTIONS");
  const RawResponse options = client_.ask("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(client_.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
  for (const char* method : {"TRACE", "CONNECT"}) {
    const RawResponse known = client_.ask(method + std::string(" /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_EQ(known.status, 405) << method;
    EXPECT_EQ(known.field("Allow"), "GET, HEAD, OPTIONS") << method;
    EXPECT_EQ(client_.ask(method + std::string(" /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")).status, 404) << method;
  }
  EXPECT_EQ(client_.ask("BREW /hello HTTP/1.1\r\nHost: a\r\n\r\n").status, 501);
}

TEST_F(Serving, sends_no_field_that_would_break_the_header) {
  const RawResponse response = client_.ask(get("/injecting"));
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.head, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(response.head, Not(HasSubstr("999")));
  EXPECT_THAT(server_.log(), ElementsAre("field_dropped: 3 of the fields of a 200 response"));
}

TEST_F(Serving, answers_500_without_details_when_a_handler_throws_and_goes_on) {
  for (const char* path : {"/failing", "/failing-wait"}) {
    const RawResponse response = client_.ask(get(path));
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  }
  EXPECT_EQ(client_.ask(get("/hello")).body, "hello");
  EXPECT_THAT(server_.log(), ElementsAre("handler_failed: the secret reason", "handler_failed: the secret reason"));
  EXPECT_EQ(server_.counters().handler_failures, 2U);
}

TEST_F(Serving, sends_no_body_with_204) {
  const RawResponse response = client_.ask(get("/nothing"));
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.field("Content-Length"), "");
  EXPECT_EQ(client_.ask(get("/hello")).body, "hello");
}

TEST(ServerLimits, answers_503_to_a_connection_too_many) {
  RunningServer server(router(), {.connections_max = 1});
  RawClient first(server.port());
  ASSERT_EQ(first.ask(get("/hello")).status, 200);
  RawClient second(server.port());
  EXPECT_EQ(second.receive().status, 503);
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
  EXPECT_EQ(server.counters().connections_refused, 1U);
}

TEST(ServerLimits, answers_408_when_a_header_does_not_come) {
  RunningServer server(router(), {.header_timeout = std::chrono::milliseconds(40)});
  RawClient client(server.port());
  EXPECT_EQ(client.ask("GET /hello HT").status, 408);
}

TEST(ServerLimits, answers_408_when_a_body_does_not_come) {
  RunningServer server(router(), {.body_timeout = std::chrono::milliseconds(40)});
  RawClient client(server.port());
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").status, 408);
}

TEST(ServerLimits, closes_a_connection_that_is_idle_for_too_long) {
  RunningServer server(router(), {.idle_timeout = std::chrono::milliseconds(40)});
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello")).status, 200);
  EXPECT_TRUE(client.ends());
}

TEST(ServerListen, says_why_it_cannot) {
  async::Loop loop;
  http::Server server(loop, router(), {});
  EXPECT_EQ(server.listen("not an address", 0).error().code, Errc::invalid_argument);
  EXPECT_EQ(server.listen("192.0.2.1", 1).error().code, Errc::io_error);
}

}  // namespace
}  // namespace coatcheck::http
