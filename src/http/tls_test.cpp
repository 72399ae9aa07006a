#include <gmock/gmock.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "base/files.hpp"
#include "http/server.hpp"
#include "http/testing/raw_client.hpp"
#include "http/testing/running_server.hpp"
#include "http/testing/tls_client.hpp"

namespace coatcheck::http {
namespace {

using testing::Authority;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Identity;
using ::testing::IsEmpty;
using testing::RawClient;
using testing::RawResponse;
using testing::RunningServer;
using testing::ServerFiles;
using testing::TlsClient;
using testing::TlsOptions;
using namespace std::chrono_literals;

constexpr std::string_view http_1_1 = "\x08http/1.1";
constexpr std::string_view http_2_and_1_1 = "\x02h2\x08http/1.1";
constexpr std::string_view http_2 = "\x02h2";
constexpr std::size_t large_bytes = 8'000'000;
constexpr int slow_reader_bytes = 4096;

std::string large_text() {
  std::string text;
  for (int i = 0; text.size() < large_bytes; ++i) text += std::to_string(i) + ' ';
  return text;
}

// What the tests' handlers tell each other and the test.
struct Stage {
  std::string text = large_text();
  int descriptor = -1;
  std::promise<void> entered;
  std::promise<void> left;
};

class Pieces : public BodySource {
 public:
  explicit Pieces(std::string text) : text_(std::move(text)) {}
  async::Task<Result<std::string>> next() override {
    std::string piece = text_.substr(begin_, 100'001);
    begin_ += piece.size();
    co_return piece;
  }

 private:
  std::string text_;
  std::size_t begin_ = 0;
};

// Ends when the client leaves.
async::Task<Response> wait_for_nothing(Stage* stage) {
  async::Timer timer(co_await async::asio::this_coro::executor, async::Timer::time_point::max());
  stage->entered.set_value();
  try {
    co_await timer.async_wait(async::use_task);
  } catch (...) {
    stage->left.set_value();
    throw;
  }
  co_return Response{};
}

async::Task<Response> answer(std::string text) {
  Response response;
  response.body = std::move(text);
  co_return response;
}
async::Task<Response> answer_in_pieces(std::string text) {
  Response response;
  response.body = std::make_unique<Pieces>(std::move(text));
  co_return response;
}
async::Task<Response> answer_with_file(const Stage* stage) {
  Response response;
  std::vector<Segment> segments;
  segments.emplace_back(std::string("begin "));
  segments.emplace_back(FileSlice{.descriptor = stage->descriptor, .bytes = stage->text.size()});
  segments.emplace_back(std::string(" end"));
  response.body = std::move(segments);
  co_return response;
}

Router router(Stage& stage) {
  Router router;
  router.add({.verb = Verb::get, .pattern = "/hello", .handle = [](Request request) {
                return answer(request.over_tls ? "hello, nobody hears us" : "hello");
              }});
  router.add({.verb = Verb::post,
              .pattern = "/echo",
              .handle = [](Request request) { return answer(std::move(request.body)); },
              .body_bytes_max = large_bytes + 1000});
  router.add({.verb = Verb::get, .pattern = "/large", .handle = [&stage](Request) { return answer(stage.text); }});
  router.add(
      {.verb = Verb::get, .pattern = "/pieces", .handle = [&stage](Request) { return answer_in_pieces(stage.text); }});
  router.add({.verb = Verb::get, .pattern = "/file", .handle = [&stage](Request) { return answer_with_file(&stage); }});
  router.add({.verb = Verb::get,
              .pattern = "/wait",
              .handle = [&stage](Request) { return wait_for_nothing(&stage); },
              .waits = true});
  return router;
}

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}
std::string post(const std::string& body) {
  return "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

class Tls : public ::testing::Test {
 protected:
  Tls() {
    std::string name = files_.directory() / "large";
    ServerFiles::put(name, stage_.text);
    file_ = *disk().open(name);
    stage_.descriptor = file_->descriptor();
  }

  RunningServer& serve(Limits limits = {}) {
    auto opened = Certificates::open(files_.files());
    if (!opened) throw std::runtime_error(opened.error().message);
    certificates_.emplace(*std::move(opened));
    return server_.emplace(router(stage_), limits, &*certificates_);
  }
  TlsClient client(const TlsOptions& options = {}) { return {server_->port(), authority_, options}; }
  // Has the server look at its files until they have settled.
  std::string refresh() {
    std::promise<std::string> refreshed;
    server_->on_loop([&] {
      static_cast<void>(certificates_->refresh());
      auto taken = certificates_->refresh();
      refreshed.set_value(taken ? (*taken ? "taken" : "not taken") : taken.error().message);
    });
    return refreshed.get_future().get();
  }

  Authority authority_{"authority"};
  ServerFiles files_{authority_.issue("first")};
  Stage stage_;
  std::unique_ptr<File> file_;
  std::optional<Certificates> certificates_;
  std::optional<RunningServer> server_;
};

TEST_F(Tls, several_requests_are_answered_on_one_connection) {
  serve();
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsClient client = this->client({.version_max = version});
    for (int i = 0; i != 3; ++i) EXPECT_EQ(client.ask(get("/hello")).body, "hello, nobody hears us");
    client.send(get("/hello") + post("two") + get("/hello"));
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_EQ(client.receive().body, "two");
    EXPECT_EQ(client.receive().status, 200);
    EXPECT_EQ(client.version(), version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2");
  }
  EXPECT_EQ(server_->counters().connections_total, 2U);
}

TEST_F(Tls, large_bodies_of_every_kind_come_whole) {
  serve();
  TlsClient client = this->client();
  EXPECT_TRUE(client.ask(get("/large")).body == stage_.text);
  EXPECT_TRUE(client.ask(get("/pieces")).body == stage_.text);
  EXPECT_TRUE(client.ask(get("/file")).body == "begin " + stage_.text + " end");
  EXPECT_TRUE(client.ask(post(stage_.text)).body == stage_.text);
  // A client that takes little at a time makes the server wait in the middle of records.
  TlsClient slow = this->client({.receive_buffer_bytes = slow_reader_bytes});
  EXPECT_TRUE(slow.ask(get("/large")).body == stage_.text);
  EXPECT_TRUE(slow.ask(get("/pieces")).body == stage_.text);
  EXPECT_TRUE(slow.ask(get("/file")).body == "begin " + stage_.text + " end");
}

TEST_F(Tls, an_answer_that_ends_with_its_connection_ends_by_word) {
  serve();
  TlsClient client = this->client();
  const RawResponse response = client.ask("GET /pieces HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(response.body == stage_.text);
  EXPECT_TRUE(client.was_told_of_end());
}

TEST_F(Tls, an_answer_that_breaks_off_does_not_end_by_word) {
  serve();
  ASSERT_EQ(::truncate((files_.directory() / "large").c_str(), 100'000), 0);
  TlsClient client = this->client();
  EXPECT_FALSE(client.ask(get("/file")).complete);
  EXPECT_FALSE(client.was_told_of_end());
  EXPECT_THAT(server_->log(), ElementsAre(HasSubstr("shorter")));
}

TEST_F(Tls, a_client_that_takes_nothing_is_cut) {
  serve({.write_timeout = 200ms});
  TlsClient client = this->client({.receive_buffer_bytes = slow_reader_bytes});
  client.send(get("/file"));
  while (server_->counters().bodies_cut == 0) std::this_thread::yield();
  EXPECT_FALSE(client.receive().complete);
  EXPECT_TRUE(client.ends());
}

TEST_F(Tls, old_versions_and_weak_ciphers_are_refused) {
  serve();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    EXPECT_THAT(client({.version_max = version, .ciphers = "ALL"}).trouble(), HasSubstr("protocol version"));
  }
  for (const char* ciphers : {"ECDHE+AES+SHA1", "ECDHE+AES+SHA256", "eNULL"}) {
    TlsClient weak = client({.version_max = TLS1_2_VERSION, .ciphers = ciphers});
    EXPECT_THAT(weak.trouble(), HasSubstr("handshake failure")) << ciphers;
  }
  EXPECT_TRUE(client({.version_max = TLS1_2_VERSION, .ciphers = "ECDHE+AESGCM"}).is_secure());
}

TEST_F(Tls, http_1_1_is_chosen_and_a_client_that_wants_only_http_2_is_refused) {
  serve();
  EXPECT_EQ(client({.protocols = http_1_1}).protocol(), "http/1.1");
  EXPECT_EQ(client({.protocols = http_2_and_1_1}).protocol(), "http/1.1");
  EXPECT_EQ(client().protocol(), "");
  EXPECT_THAT(client({.protocols = http_2}).trouble(), HasSubstr("no application protocol"));
}

TEST_F(Tls, a_client_cannot_renegotiate) {
  serve();
  TlsClient client = this->client({.version_max = TLS1_2_VERSION});
  ASSERT_EQ(client.ask(get("/hello")).status, 200);
  SSL_renegotiate(client.ssl());
  client.send(get("/hello"));
  EXPECT_NE(client.receive().status, 200);
  EXPECT_THAT(client.trouble(), HasSubstr("renegotiation"));
}

TEST_F(Tls, sessions_are_resumed_until_the_certificates_change) {
  serve();
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsClient first = client({.version_max = version});
    ASSERT_EQ(first.ask(get("/hello")).status, 200);
    SSL_SESSION* session = SSL_get1_session(first.ssl());
    EXPECT_TRUE(client({.version_max = version, .resume = session}).is_resumed());
    files_.put(authority_.issue("next"));
    ASSERT_EQ(refresh(), "taken");
    TlsClient again = client({.version_max = version, .resume = session});
    EXPECT_FALSE(again.is_resumed());
    EXPECT_EQ(again.ask(get("/hello")).status, 200);
    SSL_SESSION_free(session);
  }
}

TEST_F(Tls, a_client_may_change_its_keys) {
  serve();
  TlsClient client = this->client();
  for (const int kind : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    ASSERT_EQ(client.ask(get("/hello")).status, 200);
    ASSERT_EQ(SSL_key_update(client.ssl(), kind), 1);
    EXPECT_TRUE(client.ask(post(stage_.text)).body == stage_.text);
    EXPECT_EQ(client.ask(get("/hello")).status, 200);
  }
}

// --- handshakes that come to nothing ------------------------------------------------------------

TEST_F(Tls, a_handshake_that_never_ends_is_cut) {
  serve({.header_timeout = 100ms});
  RawClient silent(server_->port());
  RawClient half(server_->port());
  half.send(std::string("\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", 11));
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(half.ends());
  EXPECT_EQ(server_->counters().handshakes_failed, 2U);
  EXPECT_THAT(server_->log(), Contains("handshake_failed: it did not end in time"));
  EXPECT_EQ(client().ask(get("/hello")).status, 200);
}

TEST_F(Tls, garbage_instead_of_a_handshake_ends_the_connection) {
  serve();
  for (const std::string& garbage :
       {std::string(300, '\0'), std::string(300, '\xff'), std::string("\x16\x03\x01\xff\xff") + std::string(300, 'x'),
        std::string("\x16\x03\x01\x00\x05\x01\xff\xff\xff\x03", 10), std::string("SSH-2.0-OpenSSH_9.2\r\n")}) {
    RawClient client(server_->port());
    client.send(garbage);
    client.finish();
    EXPECT_TRUE(client.ends());
  }
  EXPECT_EQ(server_->counters().handshakes_failed, 5U);
  EXPECT_EQ(client().ask(get("/hello")).status, 200);
}

TEST_F(Tls, a_client_that_leaves_in_the_handshake_is_let_go) {
  serve();
  {
    RawClient client(server_->port());
  }
  while (server_->counters().handshakes_failed == 0) std::this_thread::yield();
  while (server_->counters().connections_open != 0) std::this_thread::yield();
}

TEST_F(Tls, http_without_tls_is_told_so) {
  serve();
  RawClient client(server_->port());
  const RawResponse response = client.ask(get("/hello"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("HTTPS"));
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_TRUE(response.complete);
}

TEST_F(Tls, garbage_after_the_handshake_ends_the_connection) {
  serve();
  TlsClient client = this->client();
  ASSERT_EQ(client.ask(get("/hello")).status, 200);
  client.send_in_the_clear(get("/hello"));
  EXPECT_NE(client.receive().status, 200);
  EXPECT_EQ(this->client().ask(get("/hello")).status, 200);
}

TEST_F(Tls, a_connection_too_many_is_told_so) {
  serve({.connections_max = 1});
  TlsClient first = client();
  ASSERT_EQ(first.ask(get("/hello")).status, 200);
  const RawResponse refused = client().receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.field("Retry-After"), "1");
  EXPECT_EQ(first.ask(get("/hello")).status, 200);
}

// --- clients' certificates ----------------------------------------------------------------------

TEST_F(Tls, a_client_needs_a_certificate_of_the_right_authority_where_one_is_asked_for) {
  const Authority clients("clients");
  files_.ask_clients(clients);
  serve();
  for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
    TlsClient none = client({.version_max = version});
    EXPECT_EQ(none.ask(get("/hello")).status, 0);
    EXPECT_THAT(none.trouble(), ::testing::AnyOf(HasSubstr("certificate required"), HasSubstr("handshake failure")));
    TlsClient wrong = client({.identity = authority_.issue("mallory"), .version_max = version});
    EXPECT_EQ(wrong.ask(get("/hello")).status, 0);
    EXPECT_THAT(wrong.trouble(), HasSubstr("unknown ca"));
    TlsClient right = client({.identity = clients.issue("ann"), .version_max = version});
    EXPECT_EQ(right.ask(get("/hello")).status, 200);
    // And on the next connection again.
    SSL_SESSION* session = SSL_get1_session(right.ssl());
    TlsClient later = client({.identity = clients.issue("ann"), .version_max = version, .resume = session});
    EXPECT_EQ(later.ask(get("/hello")).status, 200);
    EXPECT_FALSE(later.is_resumed());
    SSL_SESSION_free(session);
  }
}

// --- new certificates ---------------------------------------------------------------------------

TEST_F(Tls, new_certificates_serve_new_connections_and_old_ones_go_on) {
  serve();
  TlsClient before = client();
  ASSERT_EQ(before.ask(get("/hello")).status, 200);
  files_.put(authority_.issue("second"));
  EXPECT_EQ(client().server_name(), "first");
  EXPECT_EQ(refresh(), "taken");
  EXPECT_EQ(client().server_name(), "second");
  EXPECT_EQ(client().ask(get("/hello")).status, 200);
  EXPECT_EQ(before.ask(get("/hello")).status, 200);
}

TEST_F(Tls, bad_new_certificates_change_nothing) {
  serve();
  ServerFiles::put(files_.files().certificate, authority_.issue("second").certificate);
  EXPECT_THAT(refresh(), HasSubstr("is not the key"));
  EXPECT_EQ(client().server_name(), "first");
  EXPECT_EQ(client().ask(get("/hello")).status, 200);
}

// --- waiting, leaving, draining -----------------------------------------------------------------

TEST_F(Tls, a_client_that_leaves_while_it_waits_is_noticed) {
  for (const bool says_so : {true, false}) {
    stage_.entered = {};
    stage_.left = {};
    serve();
    TlsClient client = this->client();
    client.send(get("/wait"));
    stage_.entered.get_future().wait();
    if (says_so) {
      client.say_end();
    } else {
      client.close();
    }
    stage_.left.get_future().wait();
    EXPECT_EQ(server_->counters().clients_left, 1U);
  }
}

TEST_F(Tls, draining_ends_idle_connections_by_word_and_handshakes_at_once) {
  serve({.header_timeout = 1h});
  TlsClient idle = client();
  ASSERT_EQ(idle.ask(get("/hello")).status, 200);
  RawClient half(server_->port());
  half.send("\x16\x03");
  while (server_->counters().connections_open != 2) std::this_thread::yield();
  server_->drain(std::chrono::hours(1)).wait();
  EXPECT_TRUE(idle.ends());
  EXPECT_TRUE(idle.was_told_of_end());
  EXPECT_TRUE(half.ends());
}

}  // namespace
}  // namespace coatcheck::http
