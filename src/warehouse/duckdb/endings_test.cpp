#include <arrow/api.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "warehouse/duckdb/connector.hpp"
#include "warehouse/testing/drain.hpp"

// What ends a query before its last row: a cancel, its execution's end, too little memory.
namespace coatcheck::warehouse {
namespace {

constexpr const char* endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
// Its run() ends when there are rows to read, and the engine waits for a reader or works on.
constexpr const char* stream = "SELECT * FROM range(1000000000000000000)";

// The processor time that each thread of this process has used, in ticks, but for this one; nothing if one of them
// runs.
std::map<std::string, std::string> ticks_of_idle_threads() {
  std::map<std::string, std::string> ticks;
  const auto own = std::to_string(::syscall(SYS_gettid));
  auto* directory = ::opendir("/proc/self/task");
  while (const auto* entry = ::readdir(directory)) {
    if (entry->d_name[0] == '.' || entry->d_name == own) continue;
    std::string line;
    std::getline(std::ifstream("/proc/self/task/" + std::string(entry->d_name) + "/stat"), line);
    if (line.empty()) continue;
    // "<id> (<name>) <state> …", and the times are the 14th and 15th field.
    const auto rest = line.substr(line.rfind(')') + 2);
    if (rest[0] != 'S') {
      ticks.clear();
      break;
    }
    ticks[entry->d_name] = rest.substr(0, rest.find(' ', 40));
  }
  ::closedir(directory);
  return ticks;
}

// Returns when no thread but this one has anything to do. What never rests runs into the test's time limit.
void wait_until_idle() {
  for (int quiet = 0; quiet < 50;) {
    const auto before = ticks_of_idle_threads();
    ::sched_yield();
    quiet = !before.empty() && before == ticks_of_idle_threads() ? quiet + 1 : 0;
  }
}

class EndingsTest : public ::testing::Test {
 protected:
  explicit EndingsTest(DuckdbOptions options = {}) : connector_(open_duckdb(std::move(options), loop_)) {}

  Outcome<std::unique_ptr<Execution>> prepare(std::string text) {
    return run_task(loop_, (*connector_)->prepare({.query = {}, .statement = {.text = std::move(text)}}));
  }

  // Calls `meanwhile` on the loop after `task` has begun, and returns the task's outcome.
  template <class T, class Call>
  T run_during(async::Task<T> task, Call meanwhile) {
    std::optional<T> outcome;
    async::asio::co_spawn(loop_.get_executor(), std::move(task),
                          [&](std::exception_ptr, T value) { outcome = std::move(value); });
    async::asio::post(loop_, meanwhile);
    loop_.restart();
    while (!outcome && loop_.run_one() > 0) {
    }
    return std::move(*outcome);
  }

  async::Loop loop_;
  Result<std::unique_ptr<Connector>> connector_;
};

TEST_F(EndingsTest, a_cancel_stops_a_query_that_would_never_end) {
  auto execution = prepare(endless);
  ASSERT_TRUE(execution);
  auto ran = run_during((*execution)->run(), [&] { (*execution)->cancel(); });
  // A streaming run may end before the first row; then the cursor is what fails.
  auto failure = ran ? run_task(loop_, (*ran)->next()).error() : ran.error();
  EXPECT_EQ(failure.category, FailureCategory::canceled);
  EXPECT_EQ(failure.sqlstate, "57014");
  wait_until_idle();
}

TEST_F(EndingsTest, a_cancel_reaches_a_query_deep_inside_the_engine) {
  auto execution = prepare(endless);
  ASSERT_TRUE(execution);
  auto ran = run_during((*execution)->run(), [&] {
    for (int seen = 0; seen < 1000;) seen += ticks_of_idle_threads().empty() ? 1 : 0;
    (*execution)->cancel();
  });
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category, FailureCategory::canceled);
  wait_until_idle();
}

TEST_F(EndingsTest, a_result_without_end_can_be_canceled_after_any_batch) {
  auto execution = prepare(stream);
  ASSERT_TRUE(execution);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  (*execution)->cancel();
  EXPECT_EQ(run_task(loop_, (*cursor)->next()).error().category, FailureCategory::canceled);
  wait_until_idle();
}

TEST_F(EndingsTest, a_running_execution_that_is_destroyed_leaves_the_engine_idle) {
  for (const char* text : {stream, "SELECT * FROM range(1000000000000000000) WHERE range < 1000000 OR range < 0"}) {
    auto execution = prepare(text);
    ASSERT_TRUE(execution);
    auto cursor = run_task(loop_, (*execution)->run());
    ASSERT_TRUE(cursor);
    cursor->reset();
    execution->reset();
    wait_until_idle();
  }
  EXPECT_TRUE(drain(loop_, **connector_, {.text = "SELECT 1"}));
}

TEST_F(EndingsTest, a_write_that_is_destroyed_while_it_runs_leaves_nothing) {
  ASSERT_TRUE(drain(loop_, **connector_, {.text = "CREATE TABLE t (a BIGINT)"}));
  auto execution = prepare("INSERT INTO t SELECT a.range FROM range(10000000) a, range(10000000) b");
  ASSERT_TRUE(execution);
  auto ran = run_during((*execution)->run(), [&] { (*execution)->cancel(); });
  ran = {};
  execution->reset();
  wait_until_idle();
  auto drained = drain(loop_, **connector_, {.text = "SELECT count(*) FROM t"});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ((*drained->batches.at(0)->column(0)->GetScalar(0))->ToString(), "0");
}

TEST_F(EndingsTest, a_cancel_among_rows_of_parameters_leaves_nothing) {
  ASSERT_TRUE(drain(loop_, **connector_, {.text = "CREATE TABLE t (a BIGINT)"}));
  const std::vector<Parameter> cells(1'000'000, {.value = std::int64_t{1}});
  // Many rows at a time, one by one, and one row that would never end.
  for (const char* text :
       {"INSERT INTO t VALUES (?)", "INSERT INTO t SELECT ?",
        "INSERT INTO t SELECT sum(a.range * b.range) + ? FROM range(10000000) a, range(10000000) b"}) {
    Request request{.query = {}, .statement = {.text = text, .parameters = {}, .parameter_rows = {1, cells}}};
    auto execution = run_task(loop_, (*connector_)->prepare(std::move(request)));
    ASSERT_TRUE(execution) << text;
    auto ran = run_during((*execution)->run(), [&] {
      for (int seen = 0; seen < 1000;) seen += ticks_of_idle_threads().empty() ? 1 : 0;
      (*execution)->cancel();
    });
    ASSERT_FALSE(ran) << text;
    EXPECT_EQ(ran.error().category, FailureCategory::canceled) << text;
    execution->reset();
    wait_until_idle();
    auto drained = drain(loop_, **connector_, {.text = "SELECT count(*) FROM t"});
    ASSERT_TRUE(drained) << drained.error().message;
    EXPECT_EQ((*drained->batches.at(0)->column(0)->GetScalar(0))->ToString(), "0") << text;
  }
}

TEST_F(EndingsTest, a_connector_ends_with_sessions_still_to_be_closed) {
  for (int i = 0; i < 5; ++i) {
    auto execution = prepare(stream);
    ASSERT_TRUE(execution);
    ASSERT_TRUE(run_task(loop_, (*execution)->run()));
  }
  connector_ = {};
  wait_until_idle();
}

TEST_F(EndingsTest, queries_run_side_by_side) {
  // The long one holds its thread until it is canceled, and that happens only when the short one has been prepared.
  auto execution = prepare(endless);
  ASSERT_TRUE(execution);
  bool prepared = false;
  auto ran = run_during((*execution)->run(), [&] {
    async::asio::co_spawn(loop_.get_executor(),
                          (*connector_)->prepare({.query = {}, .statement = {.text = "SELECT 42 AS n"}}),
                          [&](std::exception_ptr, Outcome<std::unique_ptr<Execution>> outcome) {
                            prepared = static_cast<bool>(outcome);
                            (*execution)->cancel();
                          });
  });
  EXPECT_TRUE(prepared);
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category, FailureCategory::canceled);
}

class SmallEndingsTest : public EndingsTest {
 protected:
  SmallEndingsTest() : EndingsTest({.memory_limit = "64MB"}) {}
};

TEST_F(SmallEndingsTest, a_query_that_needs_too_much_memory_fails_and_the_next_one_runs) {
  for (const char* bomb : {"SELECT count(*) FROM (SELECT DISTINCT range, random() FROM range(50000000))",
                           "CREATE TABLE t AS SELECT range, random() AS x FROM range(50000000)"}) {
    auto drained = drain(loop_, **connector_, {.text = bomb});
    ASSERT_FALSE(drained) << bomb;
    EXPECT_EQ(drained.error().category, FailureCategory::resources) << bomb << drained.error().message;
    EXPECT_TRUE(drained.error().retryable);
    EXPECT_TRUE(drain(loop_, **connector_, {.text = "SELECT sum(range) FROM range(1000)"})) << bomb;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse
