// A query from its turn to its end.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/testing/fault_files.hpp"
#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::asking;
using testing::TestServer;
using warehouse::Script;

const Failure out_of_memory{.category = FailureCategory::resources,
                            .code = "Out of Memory Error",
                            .sqlstate = "53200",
                            .message = "could not allocate",
                            .retryable = true,
                            .position = 3};

class RunTest : public ::testing::Test {
 protected:
  // Starts a server and runs one query to its end.
  EntryPtr run(TestServer& server, Script script, std::optional<std::uint64_t> row_limit = {}) {
    server.script("q", std::move(script));
    server.start();
    journal::Submission submission = asking("q");
    submission.row_limit = row_limit;
    return server.ended(server.submit(std::move(submission))).entry;
  }

  testing::TestDirectory directory_;
};

TEST_F(RunTest, a_query_succeeds_with_every_row_sealed) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, {.rows = 5, .batch_rows = 2});
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->attempt, 1);
  EXPECT_EQ(entry->crashes, 0);
  EXPECT_EQ(entry->kind, StatementKind::read);
  EXPECT_EQ(entry->started_at, server.clock.now());
  EXPECT_EQ(entry->ended_at, server.clock.now());
  EXPECT_FALSE(entry->failure);
  ASSERT_TRUE(entry->result);
  EXPECT_EQ(entry->result->rows, 5U);
  EXPECT_GT(entry->result->bytes, 0U);
  EXPECT_EQ(entry->result->chunks, 1U);
  EXPECT_FALSE(entry->result->truncated);
  EXPECT_EQ(entry->result->expires_at, server.clock.now() + std::chrono::hours(24));
  EXPECT_EQ(server.numbers(entry->id), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(server.stored(entry->id), *entry);
  EXPECT_EQ(server.main.open_executions(), 0U);
}

TEST_F(RunTest, no_rows_are_a_result_too) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, {.rows = 0});
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->result->rows, 0U);
  EXPECT_TRUE(server.numbers(entry->id).empty());
}

TEST_F(RunTest, a_query_that_runs_is_seen_to_run) {
  TestServer server(directory_);
  server.script("q", {.progress = 0.25, .rows = 4, .batch_rows = 1, .stall = Script::Stall::before_batch});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  const Snapshot running = server.status(id);
  EXPECT_EQ(running.entry->state, State::running);
  EXPECT_EQ(running.entry->started_at, server.clock.now());
  EXPECT_EQ(running.progress, 0.25);
  EXPECT_FALSE(running.queued);
  server.release("q");
  EXPECT_FALSE(server.ended(id).progress);
}

// --- failures -----------------------------------------------------------------------------------

class FailureTest : public RunTest, public ::testing::WithParamInterface<Script> {};

TEST_P(FailureTest, a_failure_is_told_in_the_warehouses_words_and_leaves_no_file) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, GetParam());
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure, out_of_memory);
  EXPECT_FALSE(entry->result);
  EXPECT_EQ(entry->ended_at, server.clock.now());
  EXPECT_EQ(server.files(), 0U);
  EXPECT_EQ(server.stored(entry->id), *entry);
  EXPECT_EQ(server.main.open_executions(), 0U);
  EXPECT_EQ(server.service->warehouses()[0].running, 0U);
}

std::string place_of(const ::testing::TestParamInfo<Script>& param) {
  static const std::vector<std::string> places{"prepare", "run", "first_batch", "fourth_batch", "write"};
  return places.at(param.index);
}

INSTANTIATE_TEST_SUITE_P(
    At, FailureTest,
    ::testing::Values(Script{.prepare_fails = out_of_memory}, Script{.run_fails = out_of_memory},
                      Script{.next_fails = out_of_memory},
                      Script{.rows = 9, .batch_rows = 1, .next_fails = out_of_memory, .batches_before_failure = 3},
                      Script{.kind = StatementKind::write, .run_fails = out_of_memory}),
    place_of);

TEST_F(RunTest, a_result_that_grows_too_large_fails_for_want_of_resources) {
  TestServer server(directory_, {.result_bytes_max = 10'000});
  const EntryPtr entry = run(server, {.rows = 1'000'000, .batch_rows = 100'000});
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::resources);
  EXPECT_EQ(entry->failure->code, "RESULT_LIMIT");
  EXPECT_EQ(server.files(), 0U);
  EXPECT_EQ(server.spool->bytes_used(), 0U);
}

TEST_F(RunTest, a_disk_that_fails_is_told_without_names_of_files) {
  coatcheck::testing::FaultFiles files(disk());
  TestServer server(directory_, {.files = &files});
  server.script("q", {});
  server.start();
  files.fail(1, coatcheck::testing::Fault::io_error);
  const EntryPtr entry = server.ended(server.submit("q")).entry;
  ASSERT_TRUE(files.fired());
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::internal);
  EXPECT_EQ(entry->failure->code, "SPOOL");
  EXPECT_TRUE(entry->failure->retryable);
  EXPECT_EQ(entry->failure->message.find(directory_.path().string()), std::string::npos);
  EXPECT_EQ(server.ended(server.submit("q")).entry->state, State::succeeded) << "the next one is fine";
}

TEST_F(RunTest, a_query_that_runs_too_long_is_stopped) {
  TestServer server(directory_);
  server.script("q", {.rows = 4, .batch_rows = 1, .stall = Script::Stall::before_batch, .batches_before_stall = 2});
  server.start();
  journal::Submission submission = asking("q");
  submission.timeout = std::chrono::milliseconds(20);
  const EntryPtr entry = server.ended(server.submit(std::move(submission))).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::timeout);
  EXPECT_NE(entry->failure->message.find("20ms"), std::string::npos);
  EXPECT_EQ(server.files(), 0U);
  EXPECT_EQ(server.main.open_executions(), 0U);
}

// --- row limits ---------------------------------------------------------------------------------

TEST_F(RunTest, rows_beyond_the_limit_are_cut_off_and_said_to_be) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, {.rows = 1'000, .batch_rows = 2}, 3);
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->result->rows, 3U);
  EXPECT_TRUE(entry->result->truncated);
  EXPECT_EQ(server.numbers(entry->id), (std::vector<std::int64_t>{0, 1, 2}));
}

TEST_F(RunTest, the_end_of_a_batch_hides_no_row) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, {.rows = 5, .batch_rows = 2}, 4);
  EXPECT_EQ(entry->result->rows, 4U);
  EXPECT_TRUE(entry->result->truncated);
}

TEST_F(RunTest, exactly_as_many_rows_as_the_limit_are_not_truncated) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, {.rows = 4, .batch_rows = 2}, 4);
  EXPECT_EQ(entry->result->rows, 4U);
  EXPECT_FALSE(entry->result->truncated);
}

TEST_F(RunTest, a_limit_of_zero_gives_the_columns) {
  TestServer server(directory_);
  const EntryPtr entry = run(server, {.rows = 4}, 0);
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->result->rows, 0U);
  EXPECT_TRUE(entry->result->truncated);
}

TEST_F(RunTest, a_read_is_not_asked_for_rows_that_nobody_gets) {
  TestServer server(directory_);
  // Would it be asked on, it would fail.
  const EntryPtr entry =
      run(server, {.rows = 100, .batch_rows = 1, .next_fails = out_of_memory, .batches_before_failure = 10}, 2);
  EXPECT_EQ(entry->state, State::succeeded);
}

TEST_F(RunTest, a_write_is_drained_whatever_the_limit) {
  TestServer server(directory_);
  const EntryPtr entry = run(server,
                             {.kind = StatementKind::write,
                              .rows = 100,
                              .batch_rows = 1,
                              .next_fails = out_of_memory,
                              .batches_before_failure = 10},
                             2);
  EXPECT_EQ(entry->state, State::failed) << "it did not do all that it was asked to";
  server.script("whole", {.kind = StatementKind::write, .rows = 100, .batch_rows = 1});
  journal::Submission submission = asking("whole");
  submission.row_limit = 2;
  const EntryPtr whole = server.ended(server.submit(std::move(submission))).entry;
  EXPECT_EQ(whole->result->rows, 2U);
  EXPECT_TRUE(whole->result->truncated);
}

// --- what must be on record before --------------------------------------------------------------

TEST_F(RunTest, a_write_begins_only_when_its_start_is_on_disk) {
  for (const StatementKind kind : {StatementKind::write, StatementKind::unknown}) {
    testing::TestDirectory directory;
    TestServer server(directory);
    server.script("w", {.kind = kind, .stall = Script::Stall::in_prepare});
    server.start();
    const QueryId id = server.submit("w");
    server.stalled("w");
    server.journal->hold();
    server.release("w");
    warehouse::run_task(server.loop, server.journal->held(1));
    EXPECT_EQ(server.main.runs("w"), 0U);
    EXPECT_EQ(server.state(id), State::queued);
    server.journal->let_go();
    EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
    EXPECT_EQ(server.main.runs("w"), 1U);
  }
}

TEST_F(RunTest, a_read_does_not_wait_for_the_disk_to_begin) {
  TestServer server(directory_);
  server.script("r", {.stall = Script::Stall::in_prepare});
  server.start();
  const QueryId id = server.submit("r");
  server.stalled("r");
  server.journal->hold();
  server.release("r");
  // What is held is its end.
  warehouse::run_task(server.loop, server.journal->held(1));
  EXPECT_EQ(server.main.runs("r"), 1U);
  EXPECT_EQ(server.state(id), State::running) << "not succeeded before that is on disk";
  server.journal->let_go();
  EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
}

// --- our mistakes -------------------------------------------------------------------------------

class ThrowingWarehouse final : public warehouse::Connector {
 public:
  warehouse::Capabilities capabilities() const override { return {}; }
  async::Task<warehouse::Outcome<std::unique_ptr<warehouse::Execution>>> prepare(warehouse::Request) override {
    throw std::runtime_error("a secret of the inside");
    co_return Failure{};
  }
};

TEST_F(RunTest, a_connector_that_throws_fails_one_query_and_not_the_server) {
  TestServer server(directory_, {.limits = {.running_max = 1}},
                    [](async::Executor) { return std::make_unique<ThrowingWarehouse>(); });
  server.start();
  for (int i = 0; i != 2; ++i) {
    const EntryPtr entry = server.ended(server.submit("q")).entry;
    EXPECT_EQ(entry->state, State::failed);
    EXPECT_EQ(entry->failure->category, FailureCategory::internal);
    EXPECT_EQ(entry->failure->message.find("secret"), std::string::npos);
  }
  server.flush();
  EXPECT_EQ(server.service->warehouses()[0].running, 0U);
}

// --- a journal for which too much waits -----------------------------------------------------------

TEST_F(RunTest, a_success_is_recorded_as_soon_as_the_journal_has_room) {
  TestServer server(directory_);
  server.script("q", {.rows = 2, .stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  server.release("q");
  warehouse::run_task(server.loop, server.journal->refused(2));
  EXPECT_EQ(server.state(id), State::running);
  server.journal->refuse(std::nullopt);
  EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(server.numbers(id).size(), 2U);
}

TEST_F(RunTest, a_failure_is_recorded_as_soon_as_the_journal_has_room) {
  TestServer server(directory_);
  server.script("q", {.run_fails = out_of_memory, .stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  server.release("q");
  warehouse::run_task(server.loop, server.journal->refused(2));
  server.journal->refuse(std::nullopt);
  EXPECT_EQ(server.ended(id).entry->failure, out_of_memory);
}

TEST_F(RunTest, a_write_starts_as_soon_as_the_journal_has_room) {
  TestServer server(directory_);
  server.script("q", {.kind = StatementKind::write, .stall = Script::Stall::in_prepare});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  server.release("q");
  warehouse::run_task(server.loop, server.journal->refused(2));
  EXPECT_EQ(server.main.runs("q"), 0U) << "not before it is on record";
  server.journal->refuse(std::nullopt);
  EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
}

}  // namespace
}  // namespace coatcheck::query
