// Canceling and deleting queries, in every state that they can be in.
#include <gtest/gtest.h>

#include <string>

#include "query/testing/deaf_warehouse.hpp"
#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::ResultGone;
using journal::State;
using testing::alice;
using testing::asking;
using testing::DeafWarehouse;
using testing::TestServer;
using warehouse::Script;
using Kind = warehouse::ScriptedWarehouse::Event::Kind;

class CancelTest : public ::testing::Test {
 protected:
  static std::size_t count(const TestServer& server, Kind kind) {
    std::size_t count = 0;
    for (const auto& event : server.main.events()) count += event.kind == kind;
    return count;
  }

  static Snapshot remove(TestServer& server, QueryId id) { return *server.run(server.service->remove(alice, id)); }

  // A server over a warehouse that hears no cancel, and a query that waits there for its end.
  std::unique_ptr<TestServer> start_deaf(StatementKind kind) {
    auto server = std::make_unique<TestServer>(directory_, testing::TestSetup{}, [&](async::Executor executor) {
      auto deaf = std::make_unique<DeafWarehouse>(executor, kind);
      deaf_ = deaf.get();
      return deaf;
    });
    server->start();
    id_ = server->submit("q");
    warehouse::run_task(server->loop, deaf_->standing());
    return server;
  }

  testing::TestDirectory directory_;
  DeafWarehouse* deaf_ = nullptr;
  QueryId id_;
};

// --- a journal for which too much waits -----------------------------------------------------------

TEST_F(CancelTest, a_queued_query_whose_cancel_is_refused_keeps_its_place_and_runs) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("busy", {.stall = Script::Stall::in_run});
  server.script("q", {});
  server.start();
  server.submit("busy");
  server.stalled("busy");
  const QueryId id = server.submit("q");
  const QueryId later = server.submit("q");
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  EXPECT_EQ(server.run(server.service->cancel(alice, id)).error().code, Errc::resource_exhausted);
  EXPECT_EQ(server.run(server.service->remove(alice, id)).error().code, Errc::resource_exhausted);
  EXPECT_EQ(server.status(id).queued->position, 0U);
  EXPECT_EQ(server.status(later).queued->position, 1U);
  server.journal->refuse(std::nullopt);
  server.release("busy");
  EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(server.ended(later).entry->state, State::succeeded);
  EXPECT_TRUE(server.run(server.service->claim(alice, id))->reader) << "a delete that was refused deletes nothing";
}

TEST_F(CancelTest, a_running_query_whose_cancel_is_refused_goes_on) {
  TestServer server(directory_);
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  EXPECT_EQ(server.run(server.service->cancel(alice, id)).error().code, Errc::resource_exhausted);
  EXPECT_EQ(server.state(id), State::running);
  server.journal->refuse(std::nullopt);
  EXPECT_EQ(server.cancel(id).entry->state, State::canceling);
  EXPECT_EQ(server.ended(id).entry->state, State::canceled);
}

TEST_F(CancelTest, the_end_of_a_canceled_query_is_recorded_as_soon_as_there_is_room) {
  TestServer server(directory_);
  server.script("q", {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.cancel(id);
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  server.release("q");
  warehouse::run_task(server.loop, server.journal->refused(2));
  EXPECT_EQ(server.state(id), State::canceling);
  server.journal->refuse(std::nullopt);
  EXPECT_EQ(server.ended(id).entry->state, State::canceled);
}

TEST_F(CancelTest, a_cancel_that_comes_while_the_success_waits_for_the_journal_holds) {
  auto server = start_deaf(StatementKind::read);
  server->journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  deaf_->finish();
  warehouse::run_task(server->loop, server->journal->refused(1));
  server->journal->refuse(std::nullopt);
  EXPECT_EQ(server->cancel(id_).entry->state, State::canceling);
  EXPECT_EQ(server->ended(id_).entry->state, State::canceled);
}

// --- queued ---------------------------------------------------------------------------------------

TEST_F(CancelTest, cancelling_a_queued_query_never_opens_a_cursor) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("busy", {.stall = Script::Stall::in_run});
  server.script("q", {});
  server.start();
  server.submit("busy");
  server.stalled("busy");
  const QueryId id = server.submit("q");
  server.clock.advance(std::chrono::seconds(1));
  const Snapshot canceled = server.cancel(id);
  EXPECT_EQ(canceled.entry->state, State::canceled);
  EXPECT_EQ(canceled.entry->failure->category, FailureCategory::canceled);
  EXPECT_EQ(canceled.entry->cancel_requested_at, server.clock.now());
  EXPECT_EQ(canceled.entry->ended_at, server.clock.now());
  EXPECT_EQ(server.stored(id), *canceled.entry);
  EXPECT_EQ(server.service->warehouses()[0].queued, 0U);

  server.release("busy");
  server.ended(server.submit("q"));
  EXPECT_EQ(server.main.runs("q"), 1U) << "the one that was not canceled";
  EXPECT_EQ(server.state(id), State::canceled);
}

TEST_F(CancelTest, a_query_canceled_while_the_warehouse_reads_it_never_runs) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("q", {.stall = Script::Stall::in_prepare});
  server.script("next", {});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  EXPECT_EQ(server.cancel(id).entry->state, State::canceled);
  const QueryId next = server.submit("next");
  EXPECT_EQ(server.state(next), State::queued) << "the warehouse is still at the first";
  server.release("q");
  EXPECT_EQ(server.ended(next).entry->state, State::succeeded);
  EXPECT_EQ(server.main.runs("q"), 0U);
  EXPECT_EQ(server.state(id), State::canceled);
}

TEST_F(CancelTest, a_running_query_is_canceled_in_the_warehouse) {
  TestServer server(directory_);
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  EXPECT_NE(server.cancel(id).entry->state, State::running);
  const Snapshot ended = server.ended(id);
  EXPECT_EQ(ended.entry->state, State::canceled);
  EXPECT_EQ(ended.entry->failure->category, FailureCategory::canceled);
  EXPECT_EQ(count(server, Kind::cancel_asked), 1U);
  EXPECT_EQ(server.main.open_executions(), 0U);
  EXPECT_EQ(server.stored(id), *ended.entry);
}

TEST_F(CancelTest, what_a_canceled_query_has_spooled_is_gone) {
  TestServer server(directory_);
  server.script("q", {.rows = 9, .batch_rows = 1, .stall = Script::Stall::before_batch, .batches_before_stall = 3});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.cancel(id);
  EXPECT_EQ(server.ended(id).entry->state, State::canceled);
  server.flush();
  EXPECT_EQ(server.files(), 0U);
  EXPECT_EQ(server.spool->bytes_used(), 0U);
}

TEST_F(CancelTest, a_write_can_be_canceled_too) {
  TestServer server(directory_);
  server.script("w", {.kind = StatementKind::write, .stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("w");
  server.stalled("w");
  server.cancel(id);
  EXPECT_EQ(server.ended(id).entry->state, State::canceled);
}

TEST_F(CancelTest, a_query_is_canceling_until_the_warehouse_has_confirmed) {
  TestServer server(directory_);
  server.script("q", {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  const Snapshot canceling = server.cancel(id);
  EXPECT_EQ(canceling.entry->state, State::canceling);
  EXPECT_EQ(canceling.entry->cancel_requested_at, server.clock.now());
  EXPECT_FALSE(canceling.entry->ended_at);
  EXPECT_EQ(server.stored(id), *canceling.entry) << "no restart forgets it";
  EXPECT_EQ(server.service->warehouses()[0].running, 1U) << "its place is not free yet";

  const Snapshot again = server.cancel(id);
  EXPECT_EQ(again.entry->version, canceling.entry->version);
  EXPECT_EQ(count(server, Kind::cancel_asked), 1U);

  server.release("q");
  EXPECT_EQ(server.ended(id).entry->state, State::canceled);
}

TEST_F(CancelTest, the_warehouse_hears_of_a_cancel_that_is_on_record) {
  TestServer server(directory_);
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.journal->hold();
  auto canceling = server.begin(server.service->cancel(alice, id));
  warehouse::run_task(server.loop, server.journal->held(1));
  EXPECT_EQ(server.state(id), State::running);
  EXPECT_EQ(count(server, Kind::cancel_asked), 0U);
  server.journal->let_go();
  EXPECT_TRUE(canceling.get());
  EXPECT_EQ(server.ended(id).entry->state, State::canceled);
}

TEST_F(CancelTest, a_cancel_between_the_start_on_record_and_the_run_is_heard) {
  TestServer server(directory_);
  server.script("w", {.kind = StatementKind::write, .stall = Script::Stall::in_prepare});
  server.start();
  const QueryId id = server.submit("w");
  server.stalled("w");
  server.journal->hold();
  server.release("w");
  warehouse::run_task(server.loop, server.journal->held(1));
  auto canceling = server.begin(server.service->cancel(alice, id));
  warehouse::run_task(server.loop, server.journal->held(2));
  server.journal->let_go();
  EXPECT_TRUE(canceling.get());
  const State end = server.ended(id).entry->state;
  // The two went to the disk together; the script lets the write through if it was the quicker one.
  EXPECT_TRUE(end == State::canceled || end == State::succeeded);
  EXPECT_EQ(end == State::succeeded, server.status(id).entry->result.has_value());
  EXPECT_EQ(server.main.open_executions(), 0U);
}

TEST_F(CancelTest, a_cancel_holds_for_a_read_even_if_its_last_row_came_first) {
  auto server = start_deaf(StatementKind::read);
  ASSERT_EQ(server->cancel(id_).entry->state, State::canceling);
  deaf_->finish();
  const EntryPtr entry = server->ended(id_).entry;
  EXPECT_EQ(entry->state, State::canceled);
  EXPECT_FALSE(entry->result);
  server->until([&] { return server->files() == 0; });
}

TEST_F(CancelTest, a_cancel_holds_for_a_read_that_ends_while_it_is_being_recorded) {
  auto server = start_deaf(StatementKind::read);
  server->journal->hold();
  auto canceling = server->begin(server->service->cancel(alice, id_));
  warehouse::run_task(server->loop, server->journal->held(1));
  deaf_->finish();
  warehouse::run_task(server->loop, server->journal->held(2));
  server->journal->let_go();
  ASSERT_TRUE(canceling.get());
  ASSERT_EQ(server->ended(id_).entry->state, State::canceled);
  server->until([&] { return server->files() == 0; });
}

TEST_F(CancelTest, a_write_that_was_done_before_the_cancel_came_has_succeeded) {
  auto server = start_deaf(StatementKind::write);
  ASSERT_EQ(server->cancel(id_).entry->state, State::canceling);
  deaf_->finish();
  const EntryPtr entry = server->ended(id_).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_TRUE(entry->cancel_requested_at);
  EXPECT_EQ(server->numbers(id_).size(), 1U);
}

TEST_F(CancelTest, what_has_ended_stays_as_it_is) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  const QueryId succeeded = server.submit("q");
  const QueryId failed = server.submit("no such statement");
  for (const QueryId id : {succeeded, failed}) {
    const EntryPtr before = server.ended(id).entry;
    EXPECT_EQ(*server.cancel(id).entry, *before);
  }
}

// --- delete -------------------------------------------------------------------------------------

TEST_F(CancelTest, deleting_drops_the_result_and_keeps_the_query) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  ASSERT_EQ(server.files(), 1U);
  const Snapshot removed = remove(server, id);
  EXPECT_EQ(removed.entry->state, State::succeeded);
  EXPECT_EQ(removed.entry->result_gone, ResultGone::deleted);
  EXPECT_EQ(server.stored(id), *removed.entry);
  EXPECT_EQ(server.files(), 0U);
  EXPECT_EQ(remove(server, id).entry->version, removed.entry->version) << "twice is once";
}

TEST_F(CancelTest, deleting_a_query_that_left_the_memory_works_too) {
  TestServer server(directory_, {.options = {.queries = {.ended_max = 0}}});
  server.script("q", {});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  EXPECT_EQ(remove(server, id).entry->result_gone, ResultGone::deleted);
  EXPECT_EQ(server.files(), 0U);
}

TEST_F(CancelTest, deleting_a_query_without_a_result_cancels_it) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("busy", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId running = server.submit("busy");
  server.stalled("busy");
  const QueryId queued = server.submit("busy");
  EXPECT_EQ(remove(server, queued).entry->state, State::canceled);
  remove(server, running);
  const EntryPtr entry = server.ended(running).entry;
  EXPECT_EQ(entry->state, State::canceled);
  EXPECT_EQ(entry->result_gone, ResultGone::no) << "there never was one";
}

TEST_F(CancelTest, a_deleted_write_that_ends_well_leaves_no_result) {
  auto server = start_deaf(StatementKind::write);
  EXPECT_EQ(remove(*server, id_).entry->state, State::canceling);
  deaf_->finish();
  EXPECT_EQ(server->ended(id_).entry->state, State::succeeded);
  server->until([&] { return server->files() == 0; });
  server->flush();
  EXPECT_EQ(server->status(id_).entry->result_gone, ResultGone::deleted);
}

TEST_F(CancelTest, deleting_a_query_whose_end_is_on_its_way_to_the_disk_drops_the_result) {
  TestServer server(directory_);
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  server.journal->hold();
  server.release("q");
  warehouse::run_task(server.loop, server.journal->held(1));
  ASSERT_EQ(server.state(id), State::running);
  ASSERT_EQ(server.files(), 1U) << "it is sealed";

  auto removing = server.begin(server.service->remove(alice, id));
  server.loop.poll();
  server.journal->let_go();
  ASSERT_TRUE(removing.get());
  server.ended(id);
  server.flush();
  server.flush();
  ASSERT_EQ(server.status(id).entry->result_gone, ResultGone::deleted);
  server.until([&] { return server.files() == 0; });
}

}  // namespace
}  // namespace coatcheck::query
