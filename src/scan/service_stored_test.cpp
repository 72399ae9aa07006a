#include "scan/service_stored.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/testing/test_server.hpp"
#include "scan/recognizer.hpp"

// The results and the history of a real service, with its journal and spool.
namespace coatcheck::scan {
namespace {

using query::testing::at_once;
using query::testing::never;
using query::testing::TestDirectory;
using query::testing::TestServer;
using warehouse::Outcome;
using warehouse::Script;

using namespace std::chrono_literals;

class ServiceStoredTest : public ::testing::Test {
 protected:
  ServiceStoredTest() : server_(directory_) {
    server_.script("q", {.rows = 3});
    server_.script("stands", {.stall = Script::Stall::in_run});
    server_.start();
    stored_.attach(*server_.service);
  }

  QueryId ended(const std::string& text) {
    const auto id = server_.submit(text);
    server_.ended(id);
    return id;
  }

  Outcome<Stored::Reader> result(QueryId id, std::string principal = "alice", Deadline deadline = never()) {
    return server_.run(stored_.result(std::move(principal), id, deadline));
  }
  std::string code(QueryId id, std::string principal = "alice") {
    const auto outcome = result(id, std::move(principal), at_once());
    return outcome ? "a result" : outcome.error().code;
  }

  std::vector<QueryId> history(HistoryRequest request = {}, std::string principal = "alice") {
    const auto entries = server_.run(stored_.history(std::move(principal), std::move(request)));
    EXPECT_TRUE(entries) << entries.error().message;
    std::vector<QueryId> ids;
    for (const auto& entry : *entries) ids.push_back(entry->id);
    return ids;
  }

  TestDirectory directory_;
  TestServer server_;
  ServiceStored stored_;
};

TEST_F(ServiceStoredTest, a_result_is_for_its_owner) {
  const auto id = ended("q");
  const auto reader = result(id);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->manifest().rows, 3U);
  EXPECT_EQ(code(id, "bob"), "000709");
  EXPECT_EQ(code(id, ""), "000709");
  EXPECT_EQ(code(make_query_id(server_.clock.now())), "000709");
}

TEST_F(ServiceStoredTest, without_authentication_everybody_sees_everything) {
  ServiceStored open({.everyone_sees_all = true});
  open.attach(*server_.service);
  const auto id = ended("q");
  EXPECT_TRUE(server_.run(open.result("bob", id, at_once())));
  const auto entries = server_.run(open.history("bob", {}));
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->size(), 1U);
}

TEST_F(ServiceStoredTest, what_has_no_result_says_why) {
  EXPECT_EQ(code(ended("no such statement")), "000711");
  const auto gone = ended("q");
  ASSERT_TRUE(server_.run(server_.service->remove(query::testing::alice, gone)));
  EXPECT_EQ(code(gone), "000710");
  const auto canceled = server_.submit("stands");
  server_.stalled("stands");
  server_.cancel(canceled);
  server_.ended(canceled);
  EXPECT_EQ(code(canceled), "000711");
}

TEST_F(ServiceStoredTest, a_running_query_is_waited_for) {
  const auto id = server_.submit("stands");
  server_.stalled("stands");
  EXPECT_TRUE(result(id, "alice", at_once()).error().retryable);
  auto waiting = server_.begin(stored_.result("alice", id, never()));
  server_.loop.poll();
  EXPECT_FALSE(waiting.done());
  server_.release("stands");
  EXPECT_TRUE(waiting.get());
}

TEST_F(ServiceStoredTest, the_wait_ends_with_its_coroutine) {
  const auto id = server_.submit("stands");
  server_.stalled("stands");
  auto waiting = server_.begin(stored_.result("alice", id, never()));
  server_.loop.poll();
  waiting.cancel();
  EXPECT_ANY_THROW(waiting.get());
  server_.release("stands");
  server_.ended(id);
}

TEST_F(ServiceStoredTest, the_history_is_the_askers_with_what_runs_first) {
  const auto first = ended("q");
  server_.clock.advance(1s);
  const auto running = server_.submit("stands");
  server_.stalled("stands");
  server_.clock.advance(1s);
  const auto last = ended("q");
  EXPECT_EQ(history(), (std::vector<QueryId>{running, last, first}));
  EXPECT_EQ(history({}, "bob"), std::vector<QueryId>{});
  EXPECT_EQ(history({.limit = 2}).size(), 2U);
  EXPECT_EQ(history({.end_until = server_.clock.now()}), (std::vector<QueryId>{last, first})) << "what has ended";
  EXPECT_EQ(history({.end_from = server_.clock.now()}), (std::vector<QueryId>{running, last}));
  EXPECT_EQ(history({.end_until = server_.clock.now() - 1s}), std::vector<QueryId>{first});
  EXPECT_EQ(history({.user = "ALICE"}).size(), 3U);
  EXPECT_EQ(history({.user = "bob"}).size(), 0U);
  EXPECT_EQ(history({.warehouse = "MAIN"}).size(), 3U);
  EXPECT_EQ(history({.warehouse = "side"}).size(), 0U);
}

TEST_F(ServiceStoredTest, ids_are_found_however_many_came_after_them) {
  const auto wanted = ended("q");
  for (int i = 0; i != 150; ++i) server_.submit("q");
  HistoryRequest by_id;
  by_id.ids = {wanted.to_string(), "garbage", wanted.to_string(), make_query_id(server_.clock.now()).to_string()};
  EXPECT_EQ(history(by_id), std::vector<QueryId>{wanted});
  EXPECT_EQ(history(by_id, "bob"), std::vector<QueryId>{});
  EXPECT_EQ(history().size(), 100U) << "Snowflake's default";
  EXPECT_EQ(history({.limit = 10'000}).size(), 151U);
}

TEST_F(ServiceStoredTest, an_answer_has_a_limit_of_bytes) {
  ServiceStored small({.statement_bytes_max = 5});
  small.attach(*server_.service);
  for (int i = 0; i != 6; ++i) server_.submit("q");
  const auto entries = server_.run(small.history("alice", {}));
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().category, FailureCategory::resources);
}

TEST_F(ServiceStoredTest, before_there_is_a_service_nothing_is_available) {
  ServiceStored early;
  EXPECT_EQ(server_.run(early.result("alice", {}, at_once())).error().category, FailureCategory::unavailable);
  EXPECT_EQ(server_.run(early.history("alice", {})).error().category, FailureCategory::unavailable);
}

}  // namespace
}  // namespace coatcheck::scan
