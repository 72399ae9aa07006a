// A server that goes down and comes up again. A crash is the copy of its files while it is at work: what a
// process that is killed at that moment leaves.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "query/testing/test_server.hpp"
#include "results/layout.hpp"
#include "results/spool.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::alice;
using testing::asking;
using testing::TestDirectory;
using testing::TestServer;
using warehouse::Script;

class RecoveryTest : public ::testing::Test {
 protected:
  // A server at the moment when the one query that it was given stands in its stall, with that on disk.
  QueryId run_into_stall(TestServer& server, Script script) {
    server.script("q", std::move(script));
    server.start();
    const QueryId id = server.submit("q");
    server.stalled("q");
    server.flush();
    return id;
  }

  static void seal(const TestDirectory& directory, QueryId id) {
    auto spool = *results::Spool::open({.directory = directory.path() / "results"}, disk());
    auto writer = *spool->create(id, arrow::schema({arrow::field("n", arrow::int64())}));
    ASSERT_TRUE(writer->seal(false));
  }

  TestDirectory directory_;
};

TEST_F(RecoveryTest, queued_queries_are_queued_again_in_their_order) {
  TestServer first(directory_, {.limits = {.running_max = 1}});
  run_into_stall(first, {.stall = Script::Stall::in_run});
  std::vector<QueryId> ids;
  for (int i = 0; i != 3; ++i) ids.push_back(first.submit("queued"));

  const TestDirectory left = directory_.copy();
  // No place in the queue is asked for: they were promised one.
  TestServer second(left, {.limits = {.running_max = 1, .queued_max = 0}});
  second.script("q", {});
  second.script("queued", {});
  second.start();
  for (const QueryId id : ids) {
    const EntryPtr entry = second.ended(id).entry;
    EXPECT_EQ(entry->state, State::succeeded);
    EXPECT_EQ(entry->attempt, 1);
    EXPECT_EQ(entry->crashes, 0);
  }
  std::vector<QueryId> ran;
  for (const auto& event : second.main.events()) {
    if (event.kind == warehouse::ScriptedWarehouse::Event::Kind::ran && event.statement == "queued") {
      ran.push_back(event.query);
    }
  }
  EXPECT_EQ(ran, ids);
}

TEST_F(RecoveryTest, the_time_that_the_server_was_down_does_not_count_as_waiting) {
  TestServer first(directory_, {.limits = {.running_max = 1}});
  run_into_stall(first, {.stall = Script::Stall::in_run});
  const QueryId id = first.submit("queued");
  const TestDirectory left = directory_.copy();
  TestServer second(left, {.limits = {.running_max = 1, .queue_timeout = std::chrono::hours(1)}});
  second.clock.advance(std::chrono::hours(5));
  second.script("q", {});
  second.script("queued", {});
  second.start();
  EXPECT_EQ(second.ended(id).entry->state, State::succeeded);
}

TEST_F(RecoveryTest, a_read_that_was_running_runs_again) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(
      first, {.rows = 9, .batch_rows = 1, .stall = Script::Stall::before_batch, .batches_before_stall = 3});
  const TestDirectory left = directory_.copy();

  TestServer second(left);
  ASSERT_EQ(second.stored(id)->state, State::running);
  second.script("q", {.rows = 3});
  second.start();
  const EntryPtr entry = second.ended(id).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->attempt, 2);
  EXPECT_EQ(entry->crashes, 1);
  EXPECT_EQ(second.numbers(id), (std::vector<std::int64_t>{0, 1, 2})) << "of the second attempt, and no others";
  EXPECT_EQ(second.main.events().front().attempt, 2);
  EXPECT_EQ(second.files(), 1U);
}

TEST_F(RecoveryTest, a_read_that_waits_for_its_second_run_is_queued) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.stall = Script::Stall::in_run});
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {.stall = Script::Stall::in_prepare});
  second.start();
  second.stalled("q");
  const EntryPtr entry = second.status(id).entry;
  EXPECT_EQ(entry->state, State::queued);
  EXPECT_FALSE(entry->started_at);
}

std::string kind_of(const ::testing::TestParamInfo<StatementKind>& param) {
  if (param.param == StatementKind::read) return "a_read";
  return param.param == StatementKind::write ? "a_write" : "what_is_not_known";
}

class InterruptedTest : public RecoveryTest, public ::testing::WithParamInterface<StatementKind> {};

TEST_P(InterruptedTest, what_may_have_changed_something_is_never_run_twice) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.kind = GetParam(), .stall = Script::Stall::in_run});
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {});
  second.start();
  const EntryPtr entry = second.status(id).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::interrupted);
  EXPECT_FALSE(entry->failure->retryable);
  EXPECT_EQ(entry->ended_at, second.clock.now());
  EXPECT_EQ(second.stored(id), *entry);
  second.flush();
  EXPECT_TRUE(second.main.events().empty());
}

INSTANTIATE_TEST_SUITE_P(Of, InterruptedTest, ::testing::Values(StatementKind::write, StatementKind::unknown), kind_of);

TEST_F(RecoveryTest, a_read_that_was_being_canceled_is_canceled) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  first.clock.advance(std::chrono::seconds(2));
  const Timestamp requested = first.clock.now();
  first.cancel(id);
  TestDirectory left[] = {directory_.copy(), directory_.copy()};
  // Also if its result was sealed meanwhile.
  seal(left[1], id);
  for (const TestDirectory& directory : left) {
    TestServer second(directory);
    second.script("q", {});
    second.start();
    const EntryPtr entry = second.status(id).entry;
    EXPECT_EQ(entry->state, State::canceled);
    EXPECT_EQ(entry->failure->category, FailureCategory::canceled);
    EXPECT_EQ(entry->cancel_requested_at, requested);
    EXPECT_EQ(second.files(), 0U);
    second.flush();
    EXPECT_TRUE(second.main.events().empty());
  }
}

TEST_F(RecoveryTest, a_write_that_was_being_canceled_has_succeeded_or_nobody_knows) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(
      first, {.kind = StatementKind::write, .stall = Script::Stall::in_run, .cancel_needs_release = true});
  first.cancel(id);
  TestDirectory left[] = {directory_.copy(), directory_.copy()};
  seal(left[1], id);
  TestServer not_sealed(left[0]);
  not_sealed.start();
  EXPECT_EQ(not_sealed.state(id), State::failed);
  EXPECT_EQ(not_sealed.status(id).entry->failure->category, FailureCategory::interrupted);
  TestServer sealed(left[1]);
  sealed.start();
  EXPECT_EQ(sealed.state(id), State::succeeded);
}

class SealedTest : public RecoveryTest, public ::testing::WithParamInterface<StatementKind> {};

TEST_P(SealedTest, a_result_that_was_sealed_but_not_recorded_is_adopted) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.kind = GetParam(), .rows = 3, .stall = Script::Stall::in_run});
  first.journal->hold();
  first.release("q");
  warehouse::run_task(first.loop, first.journal->held(1));
  ASSERT_EQ(first.state(id), State::running);
  const TestDirectory left = directory_.copy();

  TestServer second(left);
  second.clock.advance(std::chrono::hours(1));
  second.script("q", {});
  second.start();
  const EntryPtr entry = second.status(id).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->attempt, 1);
  EXPECT_EQ(entry->result->rows, 3U);
  EXPECT_EQ(entry->result->expires_at, second.clock.now() + std::chrono::hours(24));
  EXPECT_EQ(second.numbers(id), (std::vector<std::int64_t>{0, 1, 2}));
  second.flush();
  EXPECT_TRUE(second.main.events().empty());
}

INSTANTIATE_TEST_SUITE_P(Of, SealedTest, ::testing::Values(StatementKind::read, StatementKind::write), kind_of);

TEST_F(RecoveryTest, a_result_whose_start_never_reached_the_disk_is_made_again) {
  TestServer first(directory_, {.limits = {.running_max = 1}});
  run_into_stall(first, {.stall = Script::Stall::in_run});
  const QueryId id = first.submit("queued");
  const TestDirectory left = directory_.copy();
  seal(left, id);
  TestServer second(left);
  second.script("q", {});
  second.script("queued", {.rows = 2});
  second.start();
  EXPECT_EQ(second.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(second.numbers(id).size(), 2U);
}

// --- what brings the server down ----------------------------------------------------------------

TEST_F(RecoveryTest, a_read_that_was_running_in_two_crashes_is_given_up) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.stall = Script::Stall::in_run});
  const TestDirectory after_one = directory_.copy();
  TestServer second(after_one);
  second.script("q", {.stall = Script::Stall::in_run});
  second.start();
  // Its second start is on disk without a flush: it is suspected.
  second.stalled("q");
  const TestDirectory after_two = after_one.copy();
  TestServer third(after_two);
  third.script("q", {});
  third.start();
  const EntryPtr entry = third.status(id).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::interrupted);
  EXPECT_FALSE(entry->failure->retryable);
  EXPECT_EQ(entry->attempt, 2);
  third.flush();
  EXPECT_TRUE(third.main.events().empty());
}

TEST_F(RecoveryTest, a_statement_that_brings_the_server_down_while_it_is_read_is_given_up) {
  std::vector<TestDirectory> left;
  QueryId id;
  {
    TestServer server(directory_);
    id = run_into_stall(server, {.stall = Script::Stall::in_prepare});
    left.push_back(directory_.copy());
  }
  for (int crashes = 1; crashes <= 2; ++crashes) {
    TestServer server(left.back());
    server.script("q", {.stall = Script::Stall::in_prepare});
    server.start();
    server.stalled("q");
    // Counted ahead, and on disk without a flush.
    EXPECT_EQ(server.stored(id)->crashes, crashes);
    EXPECT_EQ(server.stored(id)->state, State::queued);
    left.push_back(left.back().copy());
  }
  TestServer last(left.back());
  last.script("q", {});
  last.start();
  const EntryPtr entry = last.status(id).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::interrupted);
  last.flush();
  EXPECT_TRUE(last.main.events().empty());
}

TEST_F(RecoveryTest, a_suspects_crash_is_on_disk_before_the_warehouse_sees_it) {
  TestServer first(directory_);
  run_into_stall(first, {.stall = Script::Stall::in_prepare});
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {.stall = Script::Stall::in_prepare});
  second.journal->hold();
  second.start();
  warehouse::run_task(second.loop, second.journal->held(1));
  second.flush();
  EXPECT_TRUE(second.main.events().empty());
  second.journal->let_go();
  second.stalled("q");
}

TEST_F(RecoveryTest, a_suspects_start_is_on_disk_before_it_runs) {
  TestServer first(directory_);
  run_into_stall(first, {.stall = Script::Stall::in_run});
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {.stall = Script::Stall::in_prepare});
  second.start();
  second.stalled("q");
  second.journal->hold();
  second.release("q");
  warehouse::run_task(second.loop, second.journal->held(1));
  second.flush();
  EXPECT_EQ(second.main.runs("q"), 0U);
}

TEST_F(RecoveryTest, a_suspect_that_is_prepared_is_acquitted) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.stall = Script::Stall::in_prepare});
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {});
  second.start();
  EXPECT_EQ(second.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(second.status(id).entry->crashes, 0);
}

TEST_F(RecoveryTest, a_drain_while_a_suspect_is_prepared_is_no_crash) {
  TestServer first(directory_);
  const QueryId id = run_into_stall(first, {.stall = Script::Stall::in_prepare});
  const TestDirectory left = directory_.copy();
  for (int i = 0; i != 3; ++i) {
    TestServer server(left);
    server.script("q", {.stall = Script::Stall::in_prepare});
    server.start();
    server.stalled("q");
    async::asio::post(server.loop, [&] { server.release("q"); });
    server.stop(testing::at_once());
  }
  TestServer last(left);
  last.script("q", {});
  last.start();
  EXPECT_EQ(last.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(last.status(id).entry->crashes, 0);
}

// --- what else there is at the start ------------------------------------------------------------

TEST_F(RecoveryTest, results_that_nobody_wants_are_swept) {
  QueryId wanted;
  QueryId deleted;
  {
    TestServer server(directory_);
    server.script("q", {});
    server.start();
    wanted = server.submit("q");
    deleted = server.submit("q");
    server.ended(wanted);
    server.ended(deleted);
    ASSERT_TRUE(server.run(server.service->remove(alice, deleted)));
  }
  seal(directory_, deleted);
  seal(directory_, make_query_id({}));
  const QueryId unsealed = make_query_id({});
  std::ofstream(results::partial_path(directory_.path() / "results", unsealed)) << "some rows";
  TestServer server(directory_);
  ASSERT_EQ(server.files(), 4U);
  server.start();
  EXPECT_EQ(server.files(), 1U);
  EXPECT_EQ(server.numbers(wanted).size(), 1U);
}

TEST_F(RecoveryTest, what_has_ended_is_as_it_was) {
  std::vector<EntryPtr> before;
  {
    TestServer server(directory_);
    server.script("q", {});
    server.start();
    for (const std::string text : {"q", "no such statement", "q"}) {
      before.push_back(server.ended(server.submit(text)).entry);
    }
  }
  // In memory, on disk, and some of each.
  for (const std::size_t ended_max : {10U, 0U, 1U}) {
    TestServer server(directory_, {.options = {.queries = {.ended_max = ended_max}}});
    server.start();
    for (const EntryPtr& entry : before) EXPECT_EQ(*server.status(entry->id).entry, *entry);
    EXPECT_EQ(server.numbers(before[0]->id).size(), 1U);
  }
}

TEST_F(RecoveryTest, a_key_is_known_after_a_crash) {
  TestServer first(directory_);
  first.script("q", {.stall = Script::Stall::in_run});
  first.start();
  journal::Submission submission = asking("q");
  submission.idempotency_key = "k";
  const QueryId id = first.submit(submission);
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {});
  second.start();
  const auto again = second.run(second.service->submit(alice, submission));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->snapshot.entry->id, id);
  EXPECT_EQ(second.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(second.main.runs("q"), 1U);
}

TEST_F(RecoveryTest, queries_of_a_warehouse_that_is_gone_fail) {
  TestServer first(directory_, {.limits = {.running_max = 1}});
  first.script("q", {.stall = Script::Stall::in_run});
  first.start();
  journal::Submission elsewhere = asking("q");
  elsewhere.warehouse = "side";
  const QueryId running = first.submit(elsewhere);
  const QueryId queued = first.submit(elsewhere);
  warehouse::run_task(first.loop, first.side.stalled("q"));
  first.flush();
  const TestDirectory left = directory_.copy();
  TestServer second(left, {.has_side = false});
  second.start();
  for (const QueryId id : {running, queued}) {
    const EntryPtr entry = second.status(id).entry;
    EXPECT_EQ(entry->state, State::failed);
    EXPECT_EQ(entry->failure->category, FailureCategory::unavailable);
    EXPECT_NE(entry->failure->message.find("side"), std::string::npos);
  }
}

}  // namespace
}  // namespace coatcheck::query
