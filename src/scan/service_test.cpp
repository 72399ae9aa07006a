// The connector in a running service: statements over the results of its other warehouse.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/testing/test_server.hpp"
#include "scan/connector.hpp"
#include "scan/service_stored.hpp"

namespace coatcheck::scan {
namespace {

using journal::State;
using query::testing::asking;
using query::testing::at_once;
using query::testing::never;
using query::testing::TestDirectory;
using query::testing::TestServer;
using warehouse::Script;

using namespace std::chrono_literals;

class ScanServiceTest : public ::testing::Test {
 protected:
  void start(std::chrono::milliseconds wait_max = 60s, std::size_t running_max = 4) {
    const TestServer::MakeConnector make = [&](async::Executor executor) {
      auto opened = open_connector({.wait_max = wait_max}, executor.context(), stored_, clock_);
      EXPECT_TRUE(opened) << opened.error().message;
      return *std::move(opened);
    };
    server_.emplace(directory_, query::testing::TestSetup{.limits = {.running_max = running_max}}, make);
    server_->script("q", {.rows = 200'000, .batch_rows = 50'000});
    server_->script("stands", {.stall = Script::Stall::in_run});
    stored_.attach(*server_->service);
    server_->start();
  }

  QueryId submit_to(std::string warehouse, std::string text, const principals::Principal& as = query::testing::alice) {
    auto submission = asking(std::move(text));
    submission.warehouse = std::move(warehouse);
    const auto submitted = server_->run(server_->service->submit(as, std::move(submission)));
    EXPECT_TRUE(submitted) << submitted.error().message;
    return submitted->snapshot.entry->id;
  }

  static std::string scan(QueryId id) { return "table(result_scan('" + id.to_string() + "'))"; }

  Failure failure(QueryId id) {
    const auto entry = server_->ended(id).entry;
    EXPECT_TRUE(entry->failure);
    return entry->failure.value_or(Failure{});
  }

  TestDirectory directory_;
  query::testing::TestClock clock_;
  ServiceStored stored_;
  std::optional<TestServer> server_;
};

TEST_F(ScanServiceTest, a_stored_result_is_read_by_sql_and_stored_again) {
  start();
  const auto source = submit_to("side", "q");
  const auto half = submit_to("main", "select n from " + scan(source) + " where n % 2 = 0");
  const auto entry = server_->ended(half).entry;
  ASSERT_EQ(entry->state, State::succeeded) << entry->failure->message;
  EXPECT_EQ(entry->kind, StatementKind::read);
  EXPECT_EQ(entry->result->rows, 100'000U);
  const auto again = submit_to("main", "select x.n from " + scan(half) + " x join " + scan(source) +
                                           " y on x.n = y.n where x.n >= 199996 order by 1");
  server_->ended(again);
  EXPECT_EQ(server_->numbers(again), (std::vector<std::int64_t>{199'996, 199'998}));
}

TEST_F(ScanServiceTest, nobody_reads_somebody_elses_result_or_history) {
  start();
  const auto source = submit_to("side", "q");
  server_->ended(source);
  const auto theft = submit_to("main", "select * from " + scan(source), query::testing::bob);
  EXPECT_EQ(failure(theft).code, "000709");
  const auto count =
      submit_to("main", "select count(*) n from table(information_schema.query_history()) where user_name <> 'bob'",
                query::testing::bob);
  ASSERT_EQ(server_->ended(count).entry->state, State::succeeded);
  EXPECT_EQ(server_->numbers(count), std::vector<std::int64_t>{0});
  const auto by_admin = submit_to("main", "select * from " + scan(source), query::testing::admin);
  EXPECT_EQ(failure(by_admin).code, "000709") << "as in Snowflake, where no role opens them";
}

TEST_F(ScanServiceTest, a_scan_of_a_running_query_waits_for_it) {
  start();
  const auto source = submit_to("side", "stands");
  const auto scanning = submit_to("main", "select n from " + scan(source));
  server_->until([&] { return server_->state(scanning) == State::running; });
  server_->release("stands");
  EXPECT_EQ(server_->ended(scanning).entry->state, State::succeeded);
}

TEST_F(ScanServiceTest, a_waiting_scan_can_be_canceled) {
  start();
  const auto source = submit_to("side", "stands");
  const auto scanning = submit_to("main", "select n from " + scan(source));
  server_->until([&] { return server_->state(scanning) == State::running; });
  server_->cancel(scanning);
  EXPECT_EQ(server_->ended(scanning).entry->state, State::canceled);
}

TEST_F(ScanServiceTest, a_scan_that_waits_too_long_gives_its_place_back) {
  start(10ms, 1);
  const auto first = submit_to("side", "stands");
  const auto blocking = submit_to("main", "select n from " + scan(first));
  const auto last = submit_to("main", "select 1 as n");
  EXPECT_TRUE(failure(blocking).retryable);
  EXPECT_EQ(server_->ended(last).entry->state, State::succeeded);
}

TEST_F(ScanServiceTest, a_scan_that_waits_when_the_server_goes_down_is_queued_again) {
  start();
  const auto source = submit_to("side", "stands");
  const auto scanning = submit_to("main", "select n from " + scan(source));
  server_->until([&] { return server_->state(scanning) == State::running; });
  server_->flush();
  server_->run(server_->service->drain(at_once()));
  const auto stored = server_->stored(scanning);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->state, State::queued);
}

TEST_F(ScanServiceTest, what_would_write_is_refused_and_leaves_nothing) {
  start();
  const auto source = submit_to("side", "q");
  EXPECT_EQ(failure(submit_to("main", "create table t as select * from " + scan(source))).category,
            FailureCategory::permission);
  EXPECT_EQ(failure(submit_to("main", "select * from t")).code, "Catalog Error");
}

}  // namespace
}  // namespace coatcheck::scan
