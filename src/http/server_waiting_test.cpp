// Handlers and bodies that take their time: clients that leave, clients that do not read, and shutting down.
#include <gmock/gmock.h>
#include <unistd.h>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>

#include "http/range.hpp"
#include "http/server.hpp"
#include "http/testing/raw_client.hpp"
#include "http/testing/running_server.hpp"

namespace coatcheck::http {
namespace {

using ::testing::HasSubstr;
using testing::RawClient;
using testing::RawResponse;
using testing::RunningServer;

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

// What a test shares with a handler on the loop's thread.
struct Stage {
  std::promise<void> entered;
  std::promise<void> left;       // The frame of the handler or source that waited is gone.
  async::Timer* gate = nullptr;  // Cancel it, on the loop, to let the handler go on.
  std::atomic<int> pieces{0};
};

struct OnExit {
  std::promise<void>& promise;
  ~OnExit() { promise.set_value(); }
};

async::Task<Response> wait_at_gate(Stage* stage) {
  const OnExit on_exit{stage->left};
  async::Timer gate(co_await async::asio::this_coro::executor, async::Timer::time_point::max());
  stage->gate = &gate;
  stage->entered.set_value();
  [[maybe_unused]] const auto [error] = co_await gate.async_wait(async::as_outcome);
  Response response;
  response.body = std::string("opened");
  co_return response;
}

async::Task<Response> hello(Request) {
  Response response;
  response.body = std::string("hello");
  co_return response;
}

constexpr std::size_t piece_bytes = 64 * 1024;

class Pieces final : public BodySource {
 public:
  Pieces(Stage* stage, int count) : stage_(stage), count_(count) {}
  async::Task<Result<std::string>> next() override {
    if (stage_->pieces == count_) co_return std::string();
    ++stage_->pieces;
    co_return std::string(piece_bytes, 'p');
  }

 private:
  Stage* stage_;
  int count_;
};

class BreaksOff final : public BodySource {
 public:
  async::Task<Result<std::string>> next() override {
    if (begun_) co_return Error{Errc::io_error, "the disk is gone"};
    begun_ = true;
    co_return std::string("half");
  }

 private:
  bool begun_ = false;
};

class Events final : public BodySource {
 public:
  explicit Events(Stage* stage) : stage_(stage) {}
  async::Task<Result<std::string>> next() override {
    if (!begun_) {
      begun_ = true;
      co_return std::string("data: 1\n\n");
    }
    const Response never = co_await wait_at_gate(stage_);
    co_return std::get<std::string>(never.body);
  }

 private:
  Stage* stage_;
  bool begun_ = false;
};

template <class Source, class... Arguments>
async::Task<Response> stream(Arguments... arguments) {
  Response response;
  response.body = std::make_unique<Source>(arguments...);
  co_return response;
}

Router router(Stage& stage) {
  Router router;
  Stage* const at = &stage;
  router.add({.verb = Verb::get, .pattern = "/hello", .handle = hello});
  router.add(
      {.verb = Verb::get, .pattern = "/wait", .handle = [at](Request) { return wait_at_gate(at); }, .waits = true});
  router.add({.verb = Verb::get, .pattern = "/work", .handle = [at](Request) { return wait_at_gate(at); }});
  router.add({.verb = Verb::get, .pattern = "/pieces", .handle = [at](Request) { return stream<Pieces>(at, 3); }});
  router.add({.verb = Verb::get, .pattern = "/large", .handle = [at](Request) { return stream<Pieces>(at, 1024); }});
  router.add(
      {.verb = Verb::get, .pattern = "/endless", .handle = [at](Request) { return stream<Pieces>(at, 1'000'000); }});
  router.add({.verb = Verb::get, .pattern = "/broken", .handle = [](Request) { return stream<BreaksOff>(); }});
  router.add(
      {.verb = Verb::get, .pattern = "/events", .handle = [at](Request) { return stream<Events>(at); }, .waits = true});
  return router;
}

TEST(Waiting, a_client_that_leaves_cancels_the_handler) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  client.send(get("/wait"));
  stage.entered.get_future().wait();
  client.close();
  stage.left.get_future().wait();
  EXPECT_EQ(server.counters().clients_left, 1U);
  EXPECT_TRUE(server.log().empty());
}

TEST(Waiting, a_client_that_stays_gets_its_answer_and_may_ask_again) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  client.send(get("/wait"));
  stage.entered.get_future().wait();
  server.on_loop([&] { stage.gate->cancel(); });
  EXPECT_EQ(client.receive().body, "opened");
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
  EXPECT_EQ(server.counters().clients_left, 0U);
}

TEST(Waiting, a_request_that_comes_meanwhile_is_not_taken_for_leaving) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  client.send(get("/wait"));
  stage.entered.get_future().wait();
  client.send(get("/hello"));
  RawClient other(server.port());
  EXPECT_EQ(other.ask(get("/hello")).body, "hello");
  server.on_loop([&] { stage.gate->cancel(); });
  EXPECT_EQ(client.receive().body, "opened");
  EXPECT_EQ(client.receive().body, "hello");
}

TEST(Waiting, a_client_that_leaves_cancels_the_source_of_its_events) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  client.send(get("/events"));
  stage.entered.get_future().wait();
  client.close();
  stage.left.get_future().wait();
}

TEST(Streaming, sends_pieces_in_chunks) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  const RawResponse response = client.ask(get("/pieces"));
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(response.body, std::string(3 * piece_bytes, 'p'));
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST(Streaming, ends_a_body_for_http_1_0_by_closing) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  const RawResponse response = client.ask("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.field("Transfer-Encoding"), "");
  EXPECT_EQ(response.body, std::string(3 * piece_bytes, 'p'));
}

TEST(Streaming, asks_nothing_of_the_source_for_head) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient client(server.port());
  client.send("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive(true).status, 200);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
  EXPECT_EQ(stage.pieces, 0);
}

TEST(Streaming, a_body_that_breaks_off_is_not_ended_properly) {
  Stage stage;
  RunningServer server(router(stage));
  for (const char* request : {"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n", "GET /broken HTTP/1.0\r\n\r\n"}) {
    RawClient client(server.port());
    const RawResponse response = client.ask(request);
    EXPECT_EQ(response.status, 200);
    EXPECT_FALSE(response.complete) << request;
  }
  EXPECT_EQ(server.counters().bodies_cut, 2U);
}

TEST(Streaming, a_client_that_does_not_read_slows_the_source) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient slow(server.port(), 64 * 1024);
  slow.send(get("/large"));
  RawClient other(server.port());
  // Each of these gives the loop a turn, in which a source that nothing holds back would make 16 pieces.
  for (int i = 0; i != 500; ++i) ASSERT_EQ(other.ask(get("/hello")).body, "hello");
  EXPECT_LT(stage.pieces, 256);  // What the kernel holds for both ends is less.
  EXPECT_EQ(slow.receive().body.size(), 1024 * piece_bytes);
}

TEST(Streaming, a_client_that_does_not_read_for_too_long_is_cut) {
  Stage stage;
  RunningServer server(router(stage), {.write_timeout = std::chrono::milliseconds(40)});
  RawClient slow(server.port(), 64 * 1024);
  slow.send(get("/large"));
  RawClient other(server.port());
  while (server.counters().bodies_cut == 0) ASSERT_EQ(other.ask(get("/hello")).body, "hello");
  EXPECT_FALSE(slow.receive().complete);
}

// Enough that the kernel announces every read at once: with less it may let the sender guess, for seconds.
constexpr int slow_reader_bytes = 512 * 1024;

// Takes a little at a time, in step with another client, until the server has cut it, or has not for too long.
void read_slowly(RunningServer& server, RawClient& slow) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  RawClient other(server.port());
  while (server.counters().bodies_cut == 0 && std::chrono::steady_clock::now() < end) {
    slow.skip(64 * 1024);
    ASSERT_EQ(other.ask(get("/hello")).body, "hello");
  }
}

TEST(Streaming, a_client_that_reads_without_stopping_but_too_slowly_is_cut) {
  Stage stage;
  RunningServer server(router(stage), {.write_timeout = std::chrono::seconds(1), .write_rate_min = 1ULL << 40U});
  RawClient slow(server.port(), slow_reader_bytes);
  slow.send(get("/endless"));
  read_slowly(server, slow);
  EXPECT_EQ(server.counters().bodies_cut, 1U);
  EXPECT_TRUE(slow.ends());
  EXPECT_EQ(server.counters().clients_left, 0U);
}

// A file of 8 MB whose bytes tell where they are, gone when it goes.
class NumberedFile {
 public:
  NumberedFile() {
    std::string name = "/tmp/coatcheck-http-XXXXXX";
    descriptor_ = ::mkstemp(name.data());
    ::unlink(name.c_str());
    for (std::uint32_t i = 0; i != 2'000'000; ++i) {
      bytes_.append(reinterpret_cast<const char*>(&i), sizeof i);
    }
    EXPECT_EQ(::pwrite(descriptor_, bytes_.data(), bytes_.size(), 0), static_cast<ssize_t>(bytes_.size()));
  }
  NumberedFile(const NumberedFile&) = delete;
  NumberedFile& operator=(const NumberedFile&) = delete;
  ~NumberedFile() { ::close(descriptor_); }

  int descriptor() const { return descriptor_; }
  const std::string& bytes() const { return bytes_; }

 private:
  int descriptor_ = -1;
  std::string bytes_;
};

async::Task<Response> send_file(Request request, const NumberedFile* file, std::uint64_t promised) {
  std::vector<Segment> segments;
  segments.emplace_back(std::string("begin"));
  segments.emplace_back(FileSlice{.descriptor = file->descriptor(), .offset = 0, .bytes = promised});
  segments.emplace_back(std::string("end"));
  Response response;
  response.body = std::move(segments);
  apply_range(request, "\"v1\"", response);
  co_return response;
}

async::Task<Response> send_often(const NumberedFile* file) {
  const FileSlice slice{.descriptor = file->descriptor(), .offset = 0, .bytes = file->bytes().size()};
  Response response;
  response.body = std::vector<Segment>(1000, slice);
  co_return response;
}

class FileBodies : public ::testing::Test {
 protected:
  static Router routes(const NumberedFile* file) {
    Router router;
    const std::uint64_t size = file->bytes().size();
    router.add({.verb = Verb::get, .pattern = "/file", .handle = [file, size](Request request) {
                  return send_file(std::move(request), file, size);
                }});
    router.add({.verb = Verb::get, .pattern = "/short", .handle = [file, size](Request request) {
                  return send_file(std::move(request), file, size + 1);
                }});
    return router;
  }

  NumberedFile file_;
  std::string whole_ = "begin" + file_.bytes() + "end";
  RunningServer server_{routes(&file_)};
  RawClient client_{server_.port(), 64 * 1024};
};

TEST_F(FileBodies, a_body_of_text_and_file_arrives_intact) {
  const RawResponse response = client_.ask(get("/file"));
  EXPECT_EQ(response.field("Content-Length"), std::to_string(whole_.size()));
  EXPECT_TRUE(response.body == whole_);
}

TEST_F(FileBodies, any_range_of_it_arrives_intact) {
  struct Case {
    std::string range;
    std::size_t first;
    std::size_t bytes;
  };
  for (const Case& each : {Case{"0-0", 0, 1}, Case{"3-6", 3, 4}, Case{"1000001-7000000", 1'000'001, 6'000'000},
                           Case{"-4", whole_.size() - 4, 4}, Case{"5-8000004", 5, 8'000'000}}) {
    const RawResponse response = client_.ask(get("/file", "Range: bytes=" + each.range + "\r\n"));
    EXPECT_EQ(response.status, 206) << each.range;
    EXPECT_TRUE(response.body == whole_.substr(each.first, each.bytes)) << each.range;
  }
}

TEST(SlowReaders, one_that_takes_a_file_too_slowly_is_cut) {
  const NumberedFile file;
  Router router;
  router.add({.verb = Verb::get, .pattern = "/hello", .handle = hello});
  router.add({.verb = Verb::get, .pattern = "/files", .handle = [&file](Request) { return send_often(&file); }});
  RunningServer server(std::move(router), {.write_timeout = std::chrono::seconds(1), .write_rate_min = 1ULL << 40U});
  RawClient slow(server.port(), slow_reader_bytes);
  slow.send(get("/files"));
  read_slowly(server, slow);
  EXPECT_EQ(server.counters().bodies_cut, 1U);
  EXPECT_TRUE(slow.ends());
}

TEST_F(FileBodies, a_file_that_is_too_short_cuts_the_connection) {
  EXPECT_FALSE(client_.ask(get("/short")).complete);
  EXPECT_THAT(server_.log(), ::testing::ElementsAre(HasSubstr("shorter")));
}

TEST(Draining, lets_a_request_under_way_end_and_takes_no_more) {
  Stage stage;
  RunningServer server(router(stage));
  RawClient idle(server.port());
  ASSERT_EQ(idle.ask(get("/hello")).status, 200);
  RawClient busy(server.port());
  busy.send(get("/work"));
  stage.entered.get_future().wait();

  auto drained = server.drain(std::chrono::hours(1));
  EXPECT_TRUE(idle.ends());
  EXPECT_FALSE(RawClient(server.port()).connected());
  server.on_loop([&] { stage.gate->cancel(); });
  const RawResponse response = busy.receive();
  EXPECT_EQ(response.body, "opened");
  EXPECT_EQ(response.field("Connection"), "close");
  drained.wait();
}

TEST(Draining, cancels_what_has_not_ended_by_the_deadline) {
  for (const char* path : {"/work", "/wait", "/events"}) {
    Stage stage;
    RunningServer server(router(stage));
    RawClient client(server.port());
    client.send(get(path));
    stage.entered.get_future().wait();
    server.drain(std::chrono::seconds(0)).wait();
    stage.left.get_future().wait();
    EXPECT_TRUE(client.ends()) << path;
  }
}

}  // namespace
}  // namespace coatcheck::http
