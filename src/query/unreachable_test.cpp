// A warehouse that cannot be reached: its queries wait, others go on, and it comes back by itself.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::asking;
using testing::never;
using testing::TestDirectory;
using testing::TestServer;
using warehouse::Script;

class UnreachableTest : public ::testing::Test {
 protected:
  static WarehouseStatus told(TestServer& server) { return server.service->warehouses().front(); }

  TestDirectory directory_;
};

TEST_F(UnreachableTest, its_queries_wait_in_their_order_until_it_answers) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("busy", {.stall = Script::Stall::in_run});
  for (const auto* text : {"a", "b", "c"}) server.script(text, {});
  server.start();
  server.submit("busy");
  server.stalled("busy");
  std::vector<QueryId> ids;
  for (const auto* text : {"a", "b", "c"}) ids.push_back(server.submit(text));
  server.main.go_down();
  server.release("busy");
  server.until([&] { return server.main.checks() == 1; });
  for (const QueryId id : ids) EXPECT_EQ(server.state(id), State::queued);
  EXPECT_FALSE(told(server).is_reachable);
  EXPECT_EQ(told(server).queued, 3U);
  EXPECT_EQ(told(server).running, 0U);
  ASSERT_TRUE(told(server).last_trouble);
  EXPECT_EQ(told(server).last_trouble->message, "The warehouse is down.");

  server.main.come_back();
  for (const QueryId id : ids) EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
  EXPECT_TRUE(told(server).is_reachable);
  EXPECT_TRUE(told(server).last_trouble) << "stays, for who looks later";
  std::vector<std::string> ran;
  for (const auto& event : server.main.events()) {
    if (event.kind == warehouse::ScriptedWarehouse::Event::Kind::ran) ran.push_back(event.statement);
  }
  EXPECT_EQ(ran, (std::vector<std::string>{"busy", "a", "b", "c"}));
  EXPECT_EQ(server.status(ids.front()).entry->attempt, 1) << "it had not begun";
}

TEST_F(UnreachableTest, others_go_on) {
  TestServer server(directory_);
  server.script("q", {});
  server.main.go_down();
  server.start();
  const QueryId waits = server.submit("q");
  server.until([&] { return !told(server).is_reachable; });
  journal::Submission beside = asking("q");
  beside.warehouse = "side";
  EXPECT_EQ(server.ended(server.submit(std::move(beside))).entry->state, State::succeeded);
  EXPECT_EQ(server.state(waits), State::queued);
  server.main.come_back();
}

TEST_F(UnreachableTest, it_is_asked_by_one_for_all_and_not_when_all_is_well) {
  TestServer server(directory_, {.limits = {.running_max = 4}});
  server.script("fine", {});
  const Failure down{.category = FailureCategory::unavailable, .message = "down", .retryable = true};
  server.script("q", {.prepare_fails = down, .stall = Script::Stall::in_prepare});
  server.start();
  server.ended(server.submit("fine"));
  EXPECT_EQ(server.main.checks(), 0U);
  std::vector<QueryId> ids;
  for (int i = 0; i != 4; ++i) ids.push_back(server.submit("q"));
  server.stalled("q", 4);
  server.main.go_down();
  server.release("q");
  server.until([&] { return server.main.checks() == 1; });
  server.script("q", {});
  server.main.come_back();
  for (const QueryId id : ids) server.ended(id);
  EXPECT_EQ(server.main.checks(), 2U);
}

TEST_F(UnreachableTest, a_statement_that_did_not_get_there_waits_even_if_it_writes) {
  TestServer server(directory_);
  const Failure not_begun{.category = FailureCategory::unavailable,
                          .code = warehouse::not_begun_code,
                          .message = "nobody listens",
                          .retryable = true};
  server.script("write", {.kind = StatementKind::write, .run_fails = not_begun, .stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("write");
  server.stalled("write");
  server.main.go_down();
  server.release("write");
  server.until([&] { return server.main.checks() == 1; });
  EXPECT_EQ(server.state(id), State::queued);
  EXPECT_EQ(told(server).last_trouble->message, "The warehouse is down.");
  server.script("write", {.kind = StatementKind::write});
  server.main.come_back();
  const auto ended = server.ended(id);
  EXPECT_EQ(ended.entry->state, State::succeeded);
  EXPECT_EQ(ended.entry->attempt, 2);
}

TEST_F(UnreachableTest, a_statement_that_may_have_got_there_fails) {
  TestServer server(directory_);
  const Failure broken{.category = FailureCategory::unavailable, .message = "the line broke", .retryable = true};
  server.script("write", {.kind = StatementKind::write, .run_fails = broken});
  server.start();
  EXPECT_EQ(server.ended(server.submit("write")).entry->state, State::failed);
  EXPECT_EQ(server.main.runs("write"), 1U);
}

TEST_F(UnreachableTest, a_query_that_was_running_in_a_crash_is_not_suspected_of_another) {
  TestServer first(directory_);
  first.script("q", {.stall = Script::Stall::in_run});
  first.start();
  const QueryId id = first.submit("q");
  first.stalled("q");
  first.flush();
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {});
  second.main.go_down();
  second.start();
  second.until([&] { return second.main.checks() == 1; });
  EXPECT_EQ(second.stored(id)->crashes, 1);
  second.main.come_back();
  EXPECT_EQ(second.ended(id).entry->state, State::succeeded);
}

TEST_F(UnreachableTest, who_waits_too_long_is_told_why) {
  TestServer server(directory_, {.limits = {.queue_timeout = std::chrono::milliseconds(50)}});
  server.script("q", {});
  server.main.go_down();
  server.start();
  const EntryPtr entry = server.ended(server.submit("q")).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::queue_timeout);
  EXPECT_TRUE(entry->failure->message.ends_with("; the warehouse could not be reached: The warehouse is down."))
      << entry->failure->message;
}

TEST_F(UnreachableTest, a_query_that_waits_for_it_can_be_canceled) {
  TestServer server(directory_);
  server.script("q", {});
  server.main.go_down();
  server.start();
  const QueryId id = server.submit("q");
  server.until([&] { return !told(server).is_reachable; });
  EXPECT_EQ(server.cancel(id).entry->state, State::canceled);
  server.main.come_back();
}

TEST_F(UnreachableTest, a_query_that_it_broke_off_fails_and_the_next_one_waits) {
  TestServer server(directory_);
  server.script("q",
                {.run_fails = Failure{.category = FailureCategory::unavailable, .message = "gone", .retryable = true}});
  server.start();
  const QueryId broken = server.submit("q");
  EXPECT_EQ(server.ended(broken).entry->state, State::failed);
  server.until([&] { return server.main.checks() == 1; });
  EXPECT_EQ(told(server).last_trouble->message, "gone");
  EXPECT_TRUE(told(server).is_reachable);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(UnreachableTest, the_log_says_once_that_it_went_down_and_once_that_it_is_back) {
  TestServer server(directory_);
  server.script("q", {});
  server.main.go_down();
  server.start();
  ::testing::internal::CaptureStderr();
  const QueryId id = server.submit("q");
  server.until([&] { return server.main.checks() == 2; });
  EXPECT_FALSE(told(server).is_reachable);
  server.main.come_back();
  server.ended(id);
  const auto log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(count(log, "warehouse_unreachable"), 1U) << log;
  EXPECT_EQ(count(log, "warehouse_unreachable warehouse=main error=\"The warehouse is down.\""), 1U) << log;
  EXPECT_EQ(count(log, "warehouse_answers warehouse=main"), 1U) << log;
}

// Nothing can be given to it; it says of its own accord what is wrong, and hangs when it is asked.
class TroubledWarehouse final : public warehouse::Connector {
 public:
  explicit TroubledWarehouse(async::Executor executor) : executor_(executor) {}

  void tell(const std::optional<Failure>& trouble) const { told_(trouble); }
  bool has_listener() const { return static_cast<bool>(told_); }
  bool is_asked() const { return is_asked_; }

  warehouse::Capabilities capabilities() const override { return {.detached = true}; }
  async::Task<warehouse::Outcome<std::unique_ptr<warehouse::Execution>>> prepare(warehouse::Request) override {
    co_return down();
  }
  async::Task<warehouse::Outcome<std::string>> check() override {
    is_asked_ = true;
    async::Timer never_over(executor_, async::Timer::time_point::max());
    [[maybe_unused]] auto [error] = co_await never_over.async_wait(async::as_outcome);
    co_return down();
  }
  void tell_of_trouble(std::function<void(const std::optional<Failure>&)> told) override { told_ = std::move(told); }

 private:
  static Failure down() { return {.category = FailureCategory::unavailable, .message = "down", .retryable = true}; }

  async::Executor executor_;
  std::function<void(const std::optional<Failure>&)> told_;
  bool is_asked_ = false;
};

class TroubledTest : public UnreachableTest {
 protected:
  TroubledWarehouse* warehouse_ = nullptr;
  TestServer server_{directory_, {}, [this](async::Executor executor) {
                       auto made = std::make_unique<TroubledWarehouse>(executor);
                       warehouse_ = made.get();
                       return made;
                     }};
};

TEST_F(TroubledTest, that_it_does_not_answer_for_what_runs_there_is_shown_and_logged_once) {
  server_.start();
  const Failure refused{.category = FailureCategory::unavailable, .message = "wrong password"};
  ::testing::internal::CaptureStderr();
  for (int i = 0; i != 3; ++i) warehouse_->tell(refused);
  EXPECT_FALSE(told(server_).is_reachable);
  EXPECT_EQ(told(server_).last_trouble->message, "wrong password");
  EXPECT_FALSE(warehouse_->is_asked()) << "it is being asked anyway";
  for (int i = 0; i != 2; ++i) warehouse_->tell(std::nullopt);
  EXPECT_TRUE(told(server_).is_reachable);
  EXPECT_TRUE(told(server_).last_trouble) << "stays, for who looks later";
  const auto log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(count(log, "warehouse_unreachable warehouse=main error=\"wrong password\""), 1U) << log;
  EXPECT_EQ(count(log, "warehouse_answers warehouse=main"), 1U) << log;
}

TEST_F(TroubledTest, it_is_back_when_nothing_is_wrong_any_more) {
  server_.start();
  server_.submit("q");
  server_.until([&] { return warehouse_->is_asked(); });
  warehouse_->tell(Failure{.category = FailureCategory::unavailable, .message = "wrong password"});
  warehouse_->tell(std::nullopt);
  EXPECT_FALSE(told(server_).is_reachable) << "it has not answered the question yet";
}

TEST_F(TroubledTest, a_shutdown_does_not_wait_for_a_question_that_hangs) {
  server_.start();
  server_.submit("q");
  server_.until([&] { return warehouse_->is_asked(); });
  server_.stop(never());
  EXPECT_FALSE(warehouse_->has_listener()) << "nobody is there to be told any more";
}

TEST_F(UnreachableTest, a_server_goes_down_while_it_asks) {
  QueryId id;
  {
    TestServer server(directory_);
    server.script("q", {});
    server.main.go_down();
    server.start();
    id = server.submit("q");
    server.until([&] { return !told(server).is_reachable; });
    server.stop(never());
  }
  TestServer next(directory_);
  next.script("q", {});
  next.start();
  EXPECT_EQ(next.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(next.status(id).entry->crashes, 0);
}

}  // namespace
}  // namespace coatcheck::query
