#include "warehouse/upstream/client.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <fstream>
#include <future>

#include "warehouse/testing/run_task.hpp"
#include "warehouse/upstream/testing/scripted_server.hpp"

namespace coatcheck::warehouse::upstream {
namespace {

using namespace std::chrono_literals;
using Kind = TransportError::Kind;
using End = ScriptedServer::Response::End;

std::string gzipped(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstandard(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

class UpstreamClient : public ::testing::Test {
 protected:
  Answer send(Request request) { return run_task(loop_, client_.send(std::move(request))); }

  async::Loop loop_;
  Client client_{ClientOptions{}};
};

TEST_F(UpstreamClient, an_exchange_carries_method_headers_and_body_both_ways) {
  ScriptedServer server([](const auto& request) -> ScriptedServer::Response {
    return {.status = 418, .headers = {{"X-Said", "so"}}, .body = request.method + " " + request.body};
  });
  auto answer = send({.method = "PUT", .url = server.url() + "/a?b=c", .headers = {{"X-A", "1"}}, .body = "hello"});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 418);
  EXPECT_EQ(answer->body, "PUT hello");
  EXPECT_EQ(answer->header("x-said"), "so");
  EXPECT_EQ(answer->header("x-other"), std::nullopt);
  const auto seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/a?b=c");
  EXPECT_EQ(seen.headers.at("x-a"), "1");
  EXPECT_FALSE(seen.headers.contains("content-type"));
  EXPECT_FALSE(seen.headers.contains("expect"));
}

TEST_F(UpstreamClient, an_empty_post_is_a_post) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{}; });
  ASSERT_TRUE(send({.method = "POST", .url = server.url()}));
  EXPECT_EQ(server.requests().at(0).method, "POST");
  EXPECT_EQ(server.requests().at(0).headers.at("content-length"), "0");
}

TEST_F(UpstreamClient, requests_after_one_another_use_one_connection) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{.body = "x"}; });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(send({.url = server.url()}));
  for (const auto& request : server.requests()) EXPECT_EQ(request.connection, 0);
}

TEST_F(UpstreamClient, compressed_answers_arrive_as_they_were) {
  const std::string text(100'000, 'a');
  ScriptedServer server([&](const auto& request) -> ScriptedServer::Response {
    if (request.target == "/gzip") return {.headers = {{"Content-Encoding", "gzip"}}, .body = gzipped(text)};
    return {.headers = {{"Content-Encoding", "zstd"}}, .body = zstandard(text)};
  });
  for (const auto* path : {"/gzip", "/zstd"}) {
    auto answer = send({.url = server.url() + path});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, text);
  }
  EXPECT_EQ(server.requests().at(0).headers.at("accept-encoding"), "gzip, zstd");
}

TEST_F(UpstreamClient, the_limit_counts_the_bytes_after_decompression) {
  ScriptedServer server([](const auto&) -> ScriptedServer::Response {
    return {.headers = {{"Content-Encoding", "gzip"}}, .body = gzipped(std::string(1'000'000, 'a'))};
  });
  auto answer = send({.url = server.url(), .response_bytes_max = 999'999});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::too_large);
  EXPECT_TRUE(send({.url = server.url(), .response_bytes_max = 1'000'000}));
}

TEST_F(UpstreamClient, endless_headers_are_refused) {
  ScriptedServer server([](const auto&) -> ScriptedServer::Response {
    std::vector<std::pair<std::string, std::string>> headers;
    for (int i = 0; i < 100; ++i) headers.emplace_back("X", std::string(8'000, 'x'));
    return {.headers = headers};
  });
  auto answer = send({.url = server.url()});
  ASSERT_FALSE(answer);
}

TEST_F(UpstreamClient, what_breaks_off_is_an_error_and_may_have_arrived) {
  ScriptedServer server([](const auto& request) -> ScriptedServer::Response {
    return {.body = "0123456789", .end = request.target == "/half" ? End::half : End::nothing};
  });
  for (const auto* path : {"/half", "/nothing"}) {
    auto answer = send({.method = "POST", .url = server.url() + path});
    ASSERT_FALSE(answer) << path;
    EXPECT_EQ(answer.error().kind, Kind::broken) << answer.error().message;
    EXPECT_FALSE(answer.error().never_arrived());
  }
}

// libcurl would by itself send a request again when a connection that was kept breaks before the first byte of the
// answer.
TEST_F(UpstreamClient, what_may_not_arrive_twice_is_not_sent_again_on_a_connection_that_was_kept) {
  ScriptedServer server([](const auto& request) -> ScriptedServer::Response {
    return {.end = request.target == "/kept" ? End::whole : End::nothing};
  });
  ASSERT_TRUE(send({.url = server.url() + "/kept"}));
  for (const auto* method : {"POST", "PATCH"}) {
    const auto before = server.requests().size();
    auto answer = send({.method = method, .url = server.url() + "/once", .body = "INSERT"});
    ASSERT_FALSE(answer) << method;
    EXPECT_EQ(answer.error().kind, Kind::broken) << answer.error().message;
    EXPECT_FALSE(answer.error().never_arrived());
    EXPECT_EQ(server.requests().size(), before + 1) << method;
  }
}

TEST_F(UpstreamClient, what_may_arrive_twice_uses_the_connection_that_was_kept_and_is_sent_again) {
  ScriptedServer server([](const auto& request) -> ScriptedServer::Response {
    return {.body = "x", .end = request.target == "/lost" && request.connection == 0 ? End::nothing : End::whole};
  });
  ASSERT_TRUE(send({.url = server.url()}));
  ASSERT_TRUE(send({.method = "POST", .url = server.url(), .repeatable = true}));
  ASSERT_TRUE(send({.method = "POST", .url = server.url() + "/lost", .repeatable = true}));
  ASSERT_EQ(server.requests().size(), 4U);
  EXPECT_EQ(server.requests().at(1).connection, 0);
  EXPECT_EQ(server.requests().at(3).connection, 1);
}

// The second try cannot connect, but the first one did.
TEST_F(UpstreamClient, a_request_whose_first_sending_was_lost_may_have_arrived) {
  ScriptedServer server([&](const auto& request) -> ScriptedServer::Response {
    if (request.target == "/lost") server.stop_listening();
    return {.end = request.target == "/lost" ? End::nothing : End::whole};
  });
  ASSERT_TRUE(send({.url = server.url()}));
  auto answer = send({.url = server.url() + "/lost"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::unreachable) << answer.error().message;
  EXPECT_FALSE(answer.error().never_arrived());
}

TEST_F(UpstreamClient, what_may_not_arrive_twice_is_not_redirected) {
  ScriptedServer server(
      [](const auto&) -> ScriptedServer::Response { return {.status = 307, .headers = {{"Location", "/to"}}}; });
  auto answer = send({.method = "POST", .url = server.url(), .redirects_max = 1});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(UpstreamClient, a_closed_port_is_unreachable_and_nothing_arrived) {
  std::string url;
  {
    url = ScriptedServer([](const auto&) { return ScriptedServer::Response{}; }).url();
  }
  auto answer = send({.url = url});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::unreachable);
  EXPECT_TRUE(answer.error().never_arrived());
}

TEST_F(UpstreamClient, the_deadline_ends_an_exchange) {
  std::promise<void> release;
  auto released = release.get_future().share();
  ScriptedServer server([&](const auto&) {
    released.wait();
    return ScriptedServer::Response{};
  });
  auto answer = send({.url = server.url(), .deadline = std::chrono::steady_clock::now() + 50ms});
  release.set_value();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::timeout);
  EXPECT_FALSE(answer.error().never_arrived());
}

TEST_F(UpstreamClient, a_deadline_that_has_passed_sends_nothing) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{}; });
  auto answer = send({.url = server.url(), .deadline = std::chrono::steady_clock::now() - 1ms});
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().never_arrived());
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(UpstreamClient, canceling_the_coroutine_aborts_the_exchange) {
  std::promise<void> arrived;
  std::promise<void> release;
  auto released = release.get_future().share();
  ScriptedServer server([&](const auto&) {
    arrived.set_value();
    released.wait();
    return ScriptedServer::Response{};
  });
  async::asio::cancellation_signal signal;
  std::optional<Answer> outcome;
  auto store = [&](std::exception_ptr, Answer answer) { outcome = std::move(answer); };
  async::asio::co_spawn(loop_.get_executor(), client_.send({.url = server.url()}),
                        async::asio::bind_cancellation_slot(signal.slot(), store));
  loop_.poll();
  arrived.get_future().wait();
  signal.emit(async::asio::cancellation_type::terminal);
  while (!outcome) loop_.run_one();
  release.set_value();
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().kind, Kind::canceled);
  EXPECT_FALSE(outcome->error().never_arrived());
}

TEST_F(UpstreamClient, a_client_that_ends_tells_who_waits) {
  std::promise<void> arrived;
  std::promise<void> release;
  auto released = release.get_future().share();
  ScriptedServer server([&](const auto&) {
    arrived.set_value();
    released.wait();
    return ScriptedServer::Response{};
  });
  auto other = std::make_unique<Client>(ClientOptions{});
  std::optional<Answer> outcome;
  async::asio::co_spawn(loop_.get_executor(), other->send({.url = server.url()}),
                        [&](std::exception_ptr, Answer answer) { outcome = std::move(answer); });
  loop_.poll();
  arrived.get_future().wait();
  other.reset();
  while (!outcome) loop_.run_one();
  release.set_value();
  EXPECT_EQ(outcome->error().kind, Kind::canceled);
}

TEST_F(UpstreamClient, a_forgotten_request_is_still_sent_when_the_client_ends_at_once) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{}; });
  {
    Client(ClientOptions{}).send_and_forget({.method = "DELETE", .url = server.url() + "/gone"});
  }
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests().at(0).method, "DELETE");
}

TEST_F(UpstreamClient, redirects_are_followed_only_when_asked_for) {
  ScriptedServer server([](const auto& request) -> ScriptedServer::Response {
    if (request.target == "/from") return {.status = 303, .headers = {{"Location", "/to"}}, .body = "elsewhere"};
    return {.body = "here"};
  });
  auto stayed = send({.url = server.url() + "/from"});
  ASSERT_TRUE(stayed);
  EXPECT_EQ(stayed->status, 303);
  auto followed = send({.url = server.url() + "/from", .redirects_max = 1});
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->status, 200);
  EXPECT_EQ(followed->body, "here");
}

TEST_F(UpstreamClient, a_redirect_never_leaves_http) {
  ScriptedServer server([](const auto&) -> ScriptedServer::Response {
    return {.status = 302, .headers = {{"Location", "file:///etc/hostname"}}};
  });
  auto answer = send({.url = server.url(), .redirects_max = 3});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::invalid);
}

TEST_F(UpstreamClient, what_fails_after_a_redirect_may_have_arrived) {
  ScriptedServer untrusted([](const auto&) { return ScriptedServer::Response{}; }, ScriptedServer::Transport::tls);
  const std::pair<std::string, Kind> places[] = {
      {"file:///etc/hostname", Kind::invalid},
      {"http://127.0.0.1:1/", Kind::unreachable},
      {untrusted.url(), Kind::untrusted},
      {"/", Kind::broken},  // Round and round.
  };
  for (const auto& [place, kind] : places) {
    ScriptedServer server(
        [&](const auto&) -> ScriptedServer::Response { return {.status = 302, .headers = {{"Location", place}}}; });
    auto answer = send({.url = server.url(), .redirects_max = 3});
    ASSERT_FALSE(answer) << place;
    EXPECT_EQ(answer.error().kind, kind) << place << ": " << answer.error().message;
    EXPECT_FALSE(answer.error().never_arrived()) << place;
  }
}

TEST_F(UpstreamClient, authorization_does_not_follow_to_another_host) {
  ScriptedServer other([](const auto&) { return ScriptedServer::Response{}; });
  ScriptedServer server([&](const auto&) -> ScriptedServer::Response {
    return {.status = 302, .headers = {{"Location", other.url() + "/x"}}};
  });
  ASSERT_TRUE(send({.url = server.url(), .headers = {{"Authorization", "Bearer secret"}}, .redirects_max = 1}));
  EXPECT_EQ(server.requests().at(0).headers.at("authorization"), "Bearer secret");
  EXPECT_FALSE(other.requests().at(0).headers.contains("authorization"));
}

TEST_F(UpstreamClient, nothing_can_be_smuggled_into_a_request) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{}; });
  const Request broken[] = {
      {.url = server.url(), .headers = {{"X-A", "1\r\nX-B: 2"}}},
      {.url = server.url(), .headers = {{"X-A\n", "1"}}},
      {.url = server.url(), .headers = {{"X-A: 1, X-B", "1"}}},
      {.url = server.url() + "/\r\nX-B: 2"},
      {.url = "file:///etc/hostname"},
      {.url = "not a url"},
  };
  for (const auto& request : broken) {
    auto answer = send(request);
    ASSERT_FALSE(answer) << request.url;
    EXPECT_TRUE(answer.error().never_arrived()) << answer.error().message;
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(UpstreamClient, no_error_repeats_a_secret) {
  const Request requests[] = {
      {.url = "http://127.0.0.1:1/?key=SECRET", .headers = {{"Authorization", "Bearer SECRET"}}},
      {.url = "gopher://SECRET:SECRET@127.0.0.1/SECRET"},
      {.url = "http://[SECRET/", .headers = {{"X", "SECRET\r\n"}}},
      {.url = "http://u:SECRET@127.0.0.1:1/", .body = "SECRET"},
  };
  for (const auto& request : requests) {
    auto answer = send(request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message.find("SECRET"), std::string::npos) << answer.error().message;
  }
}

TEST_F(UpstreamClient, a_certificate_that_nobody_vouches_for_is_refused) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{}; }, ScriptedServer::Transport::tls);
  auto answer = send({.url = server.url(), .headers = {{"Authorization", "Bearer secret"}}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::untrusted) << answer.error().message;
  EXPECT_TRUE(answer.error().never_arrived());
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(UpstreamClient, a_ca_file_vouches_for_its_server_and_for_its_name_only) {
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{.body = "safe"}; },
                        ScriptedServer::Transport::tls);
  const std::string file = ::testing::TempDir() + "upstream-ca.pem";
  std::ofstream(file) << server.certificate();
  Client trusting(ClientOptions{.ca_file = file});
  auto answer = run_task(loop_, trusting.send({.url = server.url()}));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "safe");
  auto by_address = server.url().replace(0, 17, "https://127.0.0.1");
  auto refused = run_task(loop_, trusting.send({.url = by_address}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::untrusted);
}

// Sets a variable of the environment for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

TEST_F(UpstreamClient, a_proxy_of_the_environment_is_used_but_not_where_it_says_no) {
  ScriptedServer proxy([](const auto&) { return ScriptedServer::Response{.body = "by proxy"}; });
  const Variable by("http_proxy", proxy.url());
  const Variable but_not("no_proxy", "a.invalid, b.invalid");
  auto away = send({.url = "http://warehouse.invalid/a"});
  ASSERT_TRUE(away) << away.error().message;
  EXPECT_EQ(away->body, "by proxy");
  EXPECT_EQ(proxy.requests().at(0).target, "http://warehouse.invalid/a");
  for (const auto* host : {"http://a.invalid", "http://b.invalid"}) EXPECT_FALSE(send({.url = host}));
  const Variable never("no_proxy", "*");
  EXPECT_FALSE(send({.url = "http://warehouse.invalid/a"}));
  EXPECT_EQ(proxy.requests().size(), 1U);
}

TEST_F(UpstreamClient, this_machine_is_never_reached_by_proxy) {
  ScriptedServer proxy([](const auto&) { return ScriptedServer::Response{.body = "by proxy"}; });
  ScriptedServer server([](const auto&) { return ScriptedServer::Response{.body = "directly"}; });
  for (const auto* variable : {"http_proxy", "ALL_PROXY"}) {
    const Variable by(variable, proxy.url());
    const auto port = server.url().substr(server.url().rfind(':'));
    for (const auto* host : {"http://127.0.0.1", "http://localhost", "http://LocalHost", "http://127.0.0.2"}) {
      (void)send({.url = host + port, .headers = {{"Authorization", "Bearer secret"}}});
    }
    (void)send({.url = "http://[::1]" + port, .headers = {{"Authorization", "Bearer secret"}}});
  }
  EXPECT_TRUE(proxy.requests().empty());
  EXPECT_GE(server.requests().size(), 3U);
}

TEST_F(UpstreamClient, many_at_once_all_get_their_own_answer) {
  ScriptedServer server([](const auto& request) { return ScriptedServer::Response{.body = request.target}; });
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string path = "/" + std::to_string(i);
    async::asio::co_spawn(
        loop_.get_executor(), client_.send({.url = server.url() + path}),
        [&right, path](std::exception_ptr, Answer answer) { right += answer && answer->body == path; });
  }
  loop_.run();
  EXPECT_EQ(right, 100);
  for (const auto& request : server.requests()) EXPECT_LT(request.connection, 16);
}

TEST(PercentEncoded, keeps_what_is_unreserved_and_nothing_else) {
  EXPECT_EQ(percent_encoded("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encoded("a=b,c +%\n\xC3\xA4"), "a%3Db%2Cc%20%2B%25%0A%C3%A4");
}

}  // namespace
}  // namespace coatcheck::warehouse::upstream
