// A server that goes down in order, and what the next one makes of what it left.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::alice;
using testing::asking;
using testing::at_once;
using testing::never;
using testing::TestServer;
using warehouse::Script;

// So that it can be begun: Started needs a value.
async::Task<bool> drain(Service* service, Deadline deadline) {
  co_await service->drain(deadline);
  co_return true;
}

class DrainTest : public ::testing::Test {
 protected:
  QueryId run_into_stall(TestServer& server, Script script) {
    server.script("q", std::move(script));
    server.start();
    const QueryId id = server.submit("q");
    server.stalled("q");
    return id;
  }

  testing::TestDirectory directory_;
};

TEST_F(DrainTest, a_server_with_nothing_to_do_goes_down_at_once) {
  // Also while it keeps house for the first time, as it does now; the next time is far away.
  TestServer server(directory_, {.options = {.queries = {}, .housekeeping_interval = std::chrono::hours(1)}});
  server.start();
  server.stop(never());
}

TEST_F(DrainTest, everybody_who_waits_is_answered) {
  TestServer server(directory_);
  const QueryId id = run_into_stall(server, {.stall = Script::Stall::in_run});
  const std::uint64_t version = server.status(id).entry->version;
  auto one = server.begin(server.service->wait(alice, id, version, never()));
  auto end = server.begin(server.service->wait_until_ended(alice, id, never()));
  auto any = server.begin(server.service->wait_for_any(alice, {{id, version}}, never()));
  server.until([&] { return server.service->waiters() == 3; });
  auto drained = server.begin(drain(server.service.get(), never()));
  EXPECT_EQ(one.get()->entry->state, State::running);
  EXPECT_EQ(end.get()->entry->state, State::running);
  EXPECT_EQ((*any.get())[0]->entry->state, State::running);
  EXPECT_EQ(server.run(server.service->wait(alice, id, version, never()))->entry->state, State::running)
      << "and nobody waits any more";
  EXPECT_EQ(server.run(server.service->wait_until_ended(alice, id, never()))->entry->state, State::running);
  EXPECT_FALSE(drained.done());
  server.release("q");
  EXPECT_TRUE(drained.get());
}

TEST_F(DrainTest, nothing_more_is_taken) {
  TestServer server(directory_);
  run_into_stall(server, {.stall = Script::Stall::in_run});
  auto drained = server.begin(drain(server.service.get(), never()));
  server.until([&] { return !server.service->accepts(); });
  EXPECT_EQ(server.run(server.service->submit(alice, asking("q"))).error().code, Errc::unavailable);
  server.release("q");
  drained.get();
}

TEST_F(DrainTest, running_queries_may_end_in_their_grace) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  const QueryId running = run_into_stall(server, {.stall = Script::Stall::in_run});
  const QueryId queued = server.submit("q");
  auto drained = server.begin(drain(server.service.get(), never()));
  server.flush();
  EXPECT_FALSE(drained.done());
  server.release("q");
  EXPECT_TRUE(drained.get());
  EXPECT_EQ(server.state(running), State::succeeded);
  EXPECT_EQ(server.state(queued), State::queued) << "it does not begin now";
  EXPECT_EQ(server.main.runs("q"), 1U);
}

TEST_F(DrainTest, a_query_that_is_accepted_while_the_server_goes_down_is_for_the_next_one) {
  QueryId id;
  {
    TestServer server(directory_);
    server.script("q", {});
    server.start();
    server.journal->hold();
    auto submitting = server.begin(server.service->submit(alice, asking("q")));
    warehouse::run_task(server.loop, server.journal->held(1));
    auto drained = server.begin(drain(server.service.get(), never()));
    server.until([&] { return !server.service->accepts(); });
    server.journal->let_go();
    id = submitting.get()->snapshot.entry->id;
    drained.get();
    EXPECT_EQ(server.main.runs("q"), 0U);
  }
  TestServer next(directory_);
  next.script("q", {});
  next.start();
  EXPECT_EQ(next.ended(id).entry->state, State::succeeded);
}

// --- after the grace ----------------------------------------------------------------------------

TEST_F(DrainTest, reads_are_stopped_and_run_again_by_the_next_server) {
  QueryId id;
  {
    TestServer server(directory_);
    id = run_into_stall(server,
                        {.rows = 9, .batch_rows = 1, .stall = Script::Stall::before_batch, .batches_before_stall = 3});
    server.stop(std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
    EXPECT_EQ(server.main.open_executions(), 0U);
    EXPECT_EQ(server.files(), 0U);
  }
  TestServer next(directory_);
  const auto left = next.stored(id);
  EXPECT_EQ(left->state, State::queued);
  EXPECT_EQ(left->attempt, 1);
  EXPECT_EQ(left->crashes, 0) << "it was no crash";
  EXPECT_FALSE(left->started_at);
  next.script("q", {});
  next.start();
  const EntryPtr entry = next.ended(id).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->attempt, 2);
  EXPECT_EQ(entry->crashes, 0);
}

TEST_F(DrainTest, a_read_may_outlive_any_number_of_shutdowns) {
  QueryId id;
  {
    TestServer server(directory_);
    id = run_into_stall(server, {.stall = Script::Stall::in_run});
    server.stop(at_once());
  }
  for (int i = 0; i != 3; ++i) {
    TestServer server(directory_);
    server.script("q", {.stall = Script::Stall::in_run});
    server.start();
    server.stalled("q");
    server.stop(at_once());
  }
  TestServer last(directory_);
  last.script("q", {});
  last.start();
  EXPECT_EQ(last.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(last.status(id).entry->attempt, 5);
  EXPECT_EQ(last.status(id).entry->crashes, 0);
}

TEST_F(DrainTest, writes_are_stopped_and_fail) {
  QueryId id;
  {
    TestServer server(directory_);
    id = run_into_stall(server, {.kind = StatementKind::write, .stall = Script::Stall::in_run});
    server.stop(at_once());
  }
  TestServer next(directory_);
  next.script("q", {});
  next.start();
  const EntryPtr entry = next.status(id).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::interrupted);
  next.flush();
  EXPECT_TRUE(next.main.events().empty());
}

TEST_F(DrainTest, queries_that_wait_stay_queued) {
  QueryId id;
  {
    TestServer server(directory_, {.limits = {.running_max = 1}});
    run_into_stall(server, {.stall = Script::Stall::in_run});
    id = server.submit("q");
    server.stop(at_once());
    EXPECT_EQ(server.main.runs("q"), 1U);
  }
  TestServer next(directory_);
  EXPECT_EQ(next.stored(id)->state, State::queued);
  EXPECT_EQ(next.stored(id)->version, 1U);
}

TEST_F(DrainTest, a_query_that_is_being_prepared_stays_queued) {
  QueryId id;
  {
    TestServer server(directory_);
    id = run_into_stall(server, {.stall = Script::Stall::in_prepare});
    auto drained = server.begin(drain(server.service.get(), at_once()));
    server.flush();
    EXPECT_FALSE(drained.done());
    server.release("q");
    drained.get();
    EXPECT_EQ(server.main.runs("q"), 0U);
  }
  TestServer next(directory_);
  EXPECT_EQ(next.stored(id)->state, State::queued);
  EXPECT_EQ(next.stored(id)->attempt, 0);
}

TEST_F(DrainTest, a_cancel_that_was_acknowledged_holds) {
  TestServer server(directory_);
  const QueryId id = run_into_stall(server, {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  server.cancel(id);
  auto drained = server.begin(drain(server.service.get(), at_once()));
  server.flush();
  server.release("q");
  drained.get();
  EXPECT_EQ(server.state(id), State::canceled);
}

// --- a warehouse that does not stop ---------------------------------------------------------------

TEST_F(DrainTest, a_query_whose_prepare_hangs_is_abandoned_and_run_by_the_next_server) {
  testing::TestDirectory left;
  QueryId id;
  {
    TestServer server(directory_, {.options = {.queries = {}, .stop_grace = std::chrono::milliseconds(1)}});
    id = run_into_stall(server, {.stall = Script::Stall::in_prepare});
    EXPECT_FALSE(server.run(server.service->drain(at_once())));
    server.flush();
    left = directory_.copy();
    // A process would end here; a test has to clean up.
    server.release("q");
    EXPECT_TRUE(server.run(server.service->drain(never())));
  }
  TestServer next(left);
  next.script("q", {});
  next.start();
  EXPECT_EQ(next.ended(id).entry->state, State::succeeded);
}

TEST_F(DrainTest, a_query_that_does_not_stop_is_abandoned_and_found_as_after_a_crash) {
  testing::TestDirectory left;
  QueryId id;
  {
    TestServer server(directory_, {.options = {.queries = {}, .stop_grace = std::chrono::milliseconds(1)}});
    id = run_into_stall(server, {.stall = Script::Stall::in_run, .cancel_needs_release = true});
    EXPECT_FALSE(server.run(server.service->drain(at_once())));
    server.flush();
    left = directory_.copy();
    server.release("q");
    EXPECT_TRUE(server.run(server.service->drain(never())));
  }
  TestServer next(left);
  next.script("q", {});
  next.start();
  const EntryPtr entry = next.ended(id).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->crashes, 1);
}

}  // namespace
}  // namespace coatcheck::query
