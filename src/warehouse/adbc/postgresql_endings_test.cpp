#include "warehouse/adbc/postgresql_test.hpp"

// What ends a statement before its last row: a cancel, its execution's end, a lost connection, a server that is gone.
namespace coatcheck::warehouse {
namespace {

// The warehouse works on it and yields nothing meanwhile.
constexpr const char* endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";
constexpr const char* endless_change = "DO $$ BEGIN PERFORM pg_sleep(100000); END $$";
constexpr const char* stream =
    "SELECT a, repeat('x', 100) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b";

// Rows come, but too few for a batch; then it computes.
constexpr const char* slowing =
    "SELECT repeat('x', 1000) FROM generate_series(1, 1000) UNION ALL SELECT count(*)::text FROM generate_series(1, "
    "1000000) a, generate_series(1, 1000000) b";

using Ran = Outcome<std::unique_ptr<Cursor>>;
using Next = Outcome<std::optional<rows::Batch>>;

class AdbcPostgresqlEndingsTest : public AdbcPostgresqlTest {
 protected:
  void expect_still_good() { EXPECT_EQ(value({.text = "SELECT 1"}), "1"); }

  // Cancels an execution, whose outcome is still to come, when the warehouse works on it.
  template <class T>
  void expect_cancel_stops(Execution& execution, std::optional<Outcome<T>>& outcome) {
    wait_until(active, "1");
    execution.cancel();
    ASSERT_FALSE(end_task(loop_, outcome));
    EXPECT_EQ(outcome->error().category, FailureCategory::canceled);
    wait_until(active, "0");
  }
};

TEST_F(AdbcPostgresqlEndingsTest, a_cancel_while_the_warehouse_computes_stops_it) {
  auto execution = prepare(endless);
  ASSERT_TRUE(execution);
  std::optional<Ran> ran;
  begin_task(loop_, (*execution)->run(), ran);
  expect_cancel_stops(**execution, ran);
  execution->reset();
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_cancel_while_rows_are_waited_for_stops_it) {
  auto execution = prepare(slowing);
  ASSERT_TRUE(execution);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  std::optional<Next> next;
  begin_task(loop_, (*cursor)->next(), next);
  expect_cancel_stops(**execution, next);
  cursor = Ran();
  execution->reset();
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_cancel_while_it_starts_stops_it) {
  auto execution = prepare(endless_change);
  ASSERT_TRUE(execution);
  std::optional<Ran> ran;
  begin_task(loop_, (*execution)->run(), ran);
  expect_cancel_stops(**execution, ran);
  execution->reset();
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_statement_that_waits_for_a_lock_before_it_runs_is_stopped_in_time) {
  ASSERT_TRUE(run({.text = "CREATE TABLE locked (a int)"}));
  auto locking = prepare("DO $$ BEGIN LOCK TABLE locked IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(100000); END $$");
  ASSERT_TRUE(locking);
  std::optional<Ran> ran;
  begin_task(loop_, (*locking)->run(), ran);
  wait_until("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted", "1");
  auto prepared = run_task(loop_, connector_->prepare({.query = {},
                                                       .statement = {.text = "SELECT * FROM locked"},
                                                       .timeout = std::chrono::milliseconds(200)}));
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().category, FailureCategory::timeout) << prepared.error().message;
  expect_cancel_stops(**locking, ran);  // Nothing else is active.
  EXPECT_TRUE(prepare("SELECT * FROM locked"));
}

TEST_F(AdbcPostgresqlEndingsTest, a_cancel_that_comes_with_the_start_is_not_lost) {
  for (int i = 0; i < 10; ++i) {
    auto execution = prepare(endless_change);
    ASSERT_TRUE(execution);
    std::optional<Ran> ran;
    begin_task(loop_, (*execution)->run(), ran);
    loop_.restart();
    loop_.poll();
    (*execution)->cancel();
    ASSERT_FALSE(end_task(loop_, ran));
    EXPECT_EQ(ran->error().category, FailureCategory::canceled);
  }
  wait_until(active, "0");
}

TEST_F(AdbcPostgresqlEndingsTest, a_cancel_between_batches_stops_it) {
  auto execution = prepare(stream);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  wait_until(active, "1");
  (*execution)->cancel();
  auto next = run_task(loop_, (*cursor)->next());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().category, FailureCategory::canceled);
  cursor = Ran();
  execution->reset();
  wait_until(active, "0");
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, the_end_of_an_execution_ends_the_statement) {
  auto streaming = prepare(stream);
  auto cursor = run_task(loop_, (*streaming)->run());
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  auto computing = prepare(slowing);
  ASSERT_TRUE(run_task(loop_, (*computing)->run()));
  wait_until(active, "2");
  cursor = Ran();
  streaming->reset();
  computing->reset();
  wait_until(active, "0");
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_connection_that_is_cut_while_rows_flow_fails_the_query_and_no_other) {
  auto execution = prepare(stream);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  wait_until(active, "1");
  EXPECT_EQ(value(*watcher_,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres_tested' "
                  "AND state = 'active'"),
            "true");
  Next next = run_task(loop_, (*cursor)->next());
  while (next) next = run_task(loop_, (*cursor)->next());
  EXPECT_EQ(next.error().category, FailureCategory::unavailable) << next.error().message;
  EXPECT_TRUE(next.error().retryable);
  cursor = Ran();
  execution->reset();
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_connection_that_is_cut_while_the_warehouse_computes_fails_the_query) {
  auto execution = prepare(endless_change);
  std::optional<Ran> ran;
  begin_task(loop_, (*execution)->run(), ran);
  wait_until(active, "1");
  EXPECT_EQ(value(*watcher_,
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres_tested' "
                  "AND state = 'active'"),
            "true");
  ASSERT_FALSE(end_task(loop_, ran));
  EXPECT_EQ(ran->error().category, FailureCategory::unavailable) << ran->error().message;
  EXPECT_EQ(ran->error().sqlstate, "08006");
  execution->reset();
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_statement_that_somebody_else_cancels_is_canceled) {
  auto execution = prepare(endless_change);
  std::optional<Ran> ran;
  begin_task(loop_, (*execution)->run(), ran);
  wait_until(active, "1");
  EXPECT_EQ(value(*watcher_,
                  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres_tested' "
                  "AND state = 'active'"),
            "true");
  ASSERT_FALSE(end_task(loop_, ran));
  EXPECT_EQ(ran->error().category, FailureCategory::canceled) << ran->error().message;
  EXPECT_EQ(ran->error().message, "canceling statement due to user request");
}

TEST_F(AdbcPostgresqlEndingsTest, connections_that_were_lost_while_idle_are_opened_anew) {
  const auto kept =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'postgres_tested' AND state = 'idle'";
  expect_still_good();
  wait_until(kept, "1");
  value(*watcher_, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postgres_tested'");
  wait_until(kept, "0");
  expect_still_good();
}

TEST_F(AdbcPostgresqlEndingsTest, a_warehouse_that_goes_down_fails_what_runs_and_comes_back_by_itself) {
  auto fetching = prepare(stream);
  auto cursor = run_task(loop_, (*fetching)->run());
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  auto prepared = prepare("SELECT 1");
  ASSERT_TRUE(prepared);
  server().stop();

  auto at_run = run_task(loop_, (*prepared)->run());
  ASSERT_FALSE(at_run);
  EXPECT_EQ(at_run.error().category, FailureCategory::unavailable) << at_run.error().message;
  Next at_fetch = run_task(loop_, (*cursor)->next());
  while (at_fetch) at_fetch = run_task(loop_, (*cursor)->next());
  EXPECT_EQ(at_fetch.error().category, FailureCategory::unavailable) << at_fetch.error().message;
  auto at_submit = run({.text = "SELECT 1"});
  ASSERT_FALSE(at_submit);
  EXPECT_EQ(at_submit.error().category, FailureCategory::unavailable) << at_submit.error().message;
  EXPECT_TRUE(at_submit.error().retryable);
  // A connector that is opened meanwhile is as good.
  auto opened = open(options_for("postgres"));
  EXPECT_FALSE(drain(loop_, *opened, {.text = "SELECT 1"}));

  server().start();
  expect_still_good();
  EXPECT_EQ(value(*opened, "SELECT 1"), "1");
}

}  // namespace
}  // namespace coatcheck::warehouse
