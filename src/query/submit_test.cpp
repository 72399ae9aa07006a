// From the submission of a query to its turn.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::alice;
using testing::asking;
using testing::bob;
using testing::TestServer;
using warehouse::Script;

class SubmitTest : public ::testing::Test {
 protected:
  // A server with a query that runs until the test ends, and room for `queued_max` more.
  void start_busy(TestServer& server, std::size_t queued) {
    server.script("busy", {.stall = Script::Stall::in_run});
    server.script("q", {});
    server.start();
    server.submit("busy");
    server.stalled("busy");
    for (std::size_t i = 0; i != queued; ++i) server.submit("q");
  }

  static journal::Submission keyed(std::string text, std::string key) {
    journal::Submission submission = asking(std::move(text));
    submission.idempotency_key = std::move(key);
    return submission;
  }

  static std::size_t known(TestServer& server) {
    return server.run(server.service->history(testing::admin, {}, {}, 100))->snapshots.size();
  }

  testing::TestDirectory directory_;
};

TEST_F(SubmitTest, a_query_is_on_disk_before_it_is_answered_or_seen) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  server.journal->hold();
  auto submitting = server.begin(server.service->submit(alice, keyed("q", "k")));
  warehouse::run_task(server.loop, server.journal->held(1));
  server.loop.poll();
  EXPECT_FALSE(submitting.done());
  EXPECT_EQ(known(server), 0U);
  EXPECT_TRUE(server.main.events().empty());

  server.journal->let_go();
  const auto submitted = submitting.get();
  ASSERT_TRUE(submitted);
  EXPECT_FALSE(submitted->replayed);
  const QueryId id = submitted->snapshot.entry->id;
  EXPECT_EQ(server.stored(id)->submission.statement.text, "q");
  EXPECT_EQ(server.status(id).entry->id, id);
}

TEST_F(SubmitTest, what_was_left_open_is_filled_in) {
  TestServer server(directory_, {.options = {.queries = {}, .result_ttl_default = std::chrono::minutes(5)},
                                 .timeout_default = std::chrono::seconds(7)});
  server.script("q", {});
  server.start();
  journal::Submission submission = asking("q");
  submission.principal = "somebody else";
  const auto entry = server.status(server.submit(std::move(submission))).entry;
  EXPECT_EQ(entry->submission.principal, "alice");
  EXPECT_EQ(entry->submission.warehouse, "main");
  EXPECT_EQ(entry->submission.timeout, std::chrono::seconds(7));
  EXPECT_EQ(entry->submission.result_ttl, std::chrono::minutes(5));
  EXPECT_EQ(entry->submitted_at, server.clock.now());
}

TEST_F(SubmitTest, what_was_asked_for_stays) {
  TestServer server(directory_, {.timeout_default = std::chrono::seconds(7)});
  server.script("q", {});
  server.start();
  journal::Submission submission = asking("q");
  submission.warehouse = "side";
  submission.timeout = std::chrono::seconds(8);
  submission.result_ttl = std::chrono::minutes(6);
  const QueryId id = server.submit(std::move(submission));
  EXPECT_EQ(server.ended(id).entry->submission.timeout, std::chrono::seconds(8));
  EXPECT_EQ(server.status(id).entry->submission.result_ttl, std::chrono::minutes(6));
  EXPECT_EQ(server.side.runs("q"), 1U);
  EXPECT_EQ(server.main.runs("q"), 0U);
}

TEST_F(SubmitTest, the_longest_timeout_holds_for_who_asks_for_none) {
  TestServer server(directory_, {.timeout_max = std::chrono::seconds(9)});
  server.script("q", {});
  server.start();
  EXPECT_EQ(server.status(server.submit("q")).entry->submission.timeout, std::chrono::seconds(9));
}

TEST_F(SubmitTest, what_is_beyond_a_limit_is_refused_by_name) {
  TestServer server(directory_, {.options = {.queries = {}, .result_ttl_max = std::chrono::hours(2)},
                                 .timeout_max = std::chrono::seconds(9)});
  server.start();
  journal::Submission nowhere = asking("q");
  nowhere.warehouse = "moon";
  journal::Submission too_long = asking("q");
  too_long.timeout = std::chrono::seconds(10);
  journal::Submission too_old = asking("q");
  too_old.result_ttl = std::chrono::hours(3);
  const std::vector<std::pair<journal::Submission, std::string>> cases{
      {nowhere, "warehouse"}, {too_long, "timeout"}, {too_old, "result_ttl"}};
  for (const auto& [submission, field] : cases) {
    const auto refused = server.run(server.service->submit(alice, submission));
    ASSERT_FALSE(refused) << field;
    EXPECT_EQ(refused.error().code, Errc::invalid_argument);
    EXPECT_EQ(refused.error().field, field);
  }
  EXPECT_EQ(known(server), 0U);
}

// --- the queue ----------------------------------------------------------------------------------

TEST_F(SubmitTest, queries_run_in_the_order_of_their_submission) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  start_busy(server, 0);
  std::vector<QueryId> ids;
  for (int i = 0; i != 4; ++i) ids.push_back(server.submit("q"));
  const Snapshot third = server.status(ids[2]);
  EXPECT_EQ(third.queued->position, 2U);
  EXPECT_EQ(third.queued->running, 1U);
  EXPECT_EQ(third.queued->running_max, 1U);
  EXPECT_EQ(server.main.runs("q"), 0U);

  server.release("busy");
  for (const QueryId id : ids) EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
  std::vector<QueryId> ran;
  for (const auto& event : server.main.events()) {
    if (event.kind == warehouse::ScriptedWarehouse::Event::Kind::ran && event.statement == "q") {
      ran.push_back(event.query);
    }
  }
  EXPECT_EQ(ran, ids);
}

TEST_F(SubmitTest, as_many_run_as_may_and_each_warehouse_counts_its_own) {
  TestServer server(directory_, {.limits = {.running_max = 2}});
  server.script("busy", {.stall = Script::Stall::in_run});
  server.start();
  for (int i = 0; i != 3; ++i) server.submit("busy");
  journal::Submission elsewhere = asking("busy");
  elsewhere.warehouse = "side";
  server.submit(std::move(elsewhere));
  server.stalled("busy", 2);
  warehouse::run_task(server.loop, server.side.stalled("busy"));
  server.flush();
  EXPECT_EQ(server.main.runs("busy"), 2U);
  const auto warehouses = server.service->warehouses();
  ASSERT_EQ(warehouses.size(), 2U);
  EXPECT_TRUE(warehouses[0].is_default);
  EXPECT_EQ(warehouses[0].running, 2U);
  EXPECT_EQ(warehouses[0].queued, 1U);
  EXPECT_EQ(warehouses[1].running, 1U);
  EXPECT_EQ(warehouses[1].queued, 0U);
}

TEST_F(SubmitTest, the_values_that_are_bound_to_unfinished_queries_have_a_limit) {
  const auto bound = [](std::string text, std::size_t values) {
    journal::Submission submission = asking(std::move(text));
    submission.statement.parameter_rows = ParameterRows(1, std::vector<Parameter>(values, Parameter{.value = true}));
    return submission;
  };
  testing::TestDirectory left = [&] {
    TestServer server(directory_, {.options = {.queries = {}, .bound_values_max = 5}});
    start_busy(server, 0);
    server.submit(bound("busy", 3));
    server.stalled("busy", 2);
    auto refused = server.run(server.service->submit(alice, bound("q", 3)));
    EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
    EXPECT_EQ(known(server), 2U);
    server.ended(server.submit(bound("q", 2)));
    server.ended(server.submit(bound("q", 2)));  // What has ended counts no more.
    server.flush();
    return directory_.copy();
  }();
  TestServer next(left, {.options = {.queries = {}, .bound_values_max = 5}});
  start_busy(next, 0);
  next.stalled("busy", 3);
  EXPECT_FALSE(next.run(next.service->submit(alice, bound("q", 3))));
  next.release("busy");
  next.until([&] { return next.main.open_executions() == 0; });
  EXPECT_TRUE(next.run(next.service->submit(alice, bound("q", 3))));
}

TEST_F(SubmitTest, a_full_queue_refuses_and_records_nothing) {
  TestServer server(directory_, {.limits = {.running_max = 1, .queued_max = 1}});
  start_busy(server, 1);
  const auto refused = server.run(server.service->submit(alice, keyed("q", "new")));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_EQ(known(server), 2U);
  journal::Submission elsewhere = asking("q");
  elsewhere.warehouse = "side";
  EXPECT_TRUE(server.run(server.service->submit(alice, std::move(elsewhere)))) << "another queue is not full";
}

TEST_F(SubmitTest, submissions_under_way_count_for_the_queue) {
  TestServer server(directory_, {.limits = {.running_max = 1, .queued_max = 1}});
  start_busy(server, 0);
  server.journal->hold();
  auto first = server.begin(server.service->submit(alice, asking("q")));
  warehouse::run_task(server.loop, server.journal->held(1));
  EXPECT_EQ(server.run(server.service->submit(alice, asking("q"))).error().code, Errc::resource_exhausted);
  server.journal->let_go();
  EXPECT_TRUE(first.get());
}

TEST_F(SubmitTest, a_place_in_the_queue_comes_back) {
  TestServer server(directory_, {.limits = {.running_max = 1, .queued_max = 1}});
  start_busy(server, 0);
  // Refused by the journal, replayed, canceled: none of them keeps the place.
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  EXPECT_FALSE(server.run(server.service->submit(alice, asking("q"))));
  server.journal->refuse(std::nullopt);
  const QueryId first = server.submit(keyed("q", "k"));
  server.cancel(first);
  EXPECT_TRUE(server.run(server.service->submit(alice, keyed("q", "k")))->replayed);
  EXPECT_TRUE(server.run(server.service->submit(alice, asking("q"))));
}

TEST_F(SubmitTest, who_waits_too_long_fails_without_having_run) {
  TestServer server(directory_, {.limits = {.running_max = 1, .queue_timeout = std::chrono::milliseconds(20)}});
  start_busy(server, 0);
  const QueryId first = server.submit("q");
  const QueryId second = server.submit("q");
  for (const QueryId id : {first, second}) {
    const auto entry = server.ended(id).entry;
    EXPECT_EQ(entry->state, State::failed);
    EXPECT_EQ(entry->failure->category, FailureCategory::queue_timeout);
    EXPECT_TRUE(entry->failure->retryable);
    EXPECT_FALSE(entry->started_at);
  }
  EXPECT_EQ(server.service->warehouses()[0].queued, 0U);
  server.release("busy");
  server.flush();
  EXPECT_EQ(server.main.runs("q"), 0U);
}

TEST_F(SubmitTest, the_time_of_waiting_ends_with_the_turn) {
  TestServer server(directory_, {.limits = {.running_max = 1, .queue_timeout = std::chrono::milliseconds(20)}});
  start_busy(server, 0);
  const QueryId late = server.submit("q");
  ASSERT_EQ(server.ended(late).entry->state, State::failed);
  const auto warehouses = server.service->warehouses();
  EXPECT_EQ(warehouses[0].running, 1U) << "the one that runs has outlived the same time";
}

// --- idempotency keys ---------------------------------------------------------------------------

TEST_F(SubmitTest, the_same_key_and_request_are_the_same_query) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  const QueryId id = server.submit(keyed("q", "k"));
  server.ended(id);
  const auto again = server.run(server.service->submit(alice, keyed("q", "k")));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->snapshot.entry->id, id);
  EXPECT_EQ(again->snapshot.entry->state, State::succeeded) << "as it is now";
  EXPECT_EQ(server.main.runs("q"), 1U);
}

TEST_F(SubmitTest, two_at_the_same_time_with_one_key_are_one_query) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  auto one = server.begin(server.service->submit(alice, keyed("q", "k")));
  auto two = server.begin(server.service->submit(alice, keyed("q", "k")));
  const auto first = one.get();
  const auto second = two.get();
  EXPECT_EQ(first->snapshot.entry->id, second->snapshot.entry->id);
  EXPECT_NE(first->replayed, second->replayed);
  server.ended(first->snapshot.entry->id);
  server.flush();
  EXPECT_EQ(server.main.runs("q"), 1U);
}

TEST_F(SubmitTest, a_key_used_for_something_else_is_a_conflict) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  server.submit(keyed("q", "k"));
  EXPECT_EQ(server.run(server.service->submit(alice, keyed("other", "k"))).error().code, Errc::conflict);
  EXPECT_EQ(known(server), 1U);
}

TEST_F(SubmitTest, a_key_is_its_principals_own) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  server.submit(keyed("q", "k"));
  const auto of_bob = server.run(server.service->submit(bob, keyed("q", "k")));
  ASSERT_TRUE(of_bob);
  EXPECT_FALSE(of_bob->replayed);
}

TEST_F(SubmitTest, a_used_key_needs_no_place_in_the_queue) {
  TestServer server(directory_, {.limits = {.running_max = 1, .queued_max = 1}});
  start_busy(server, 0);
  const QueryId id = server.submit(keyed("q", "k"));
  const auto again = server.run(server.service->submit(alice, keyed("q", "k")));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->snapshot.entry->id, id);
  EXPECT_EQ(server.run(server.service->submit(alice, keyed("other", "k"))).error().code, Errc::conflict);
  EXPECT_EQ(server.run(server.service->submit(bob, keyed("q", "k"))).error().code, Errc::resource_exhausted);
}

// --- when nothing can be taken ------------------------------------------------------------------

TEST_F(SubmitTest, a_broken_journal_takes_nothing_more) {
  TestServer server(directory_);
  server.start();
  EXPECT_TRUE(server.service->accepts());
  server.journal->refuse(Error{Errc::io_error, "the disk is full"});
  EXPECT_EQ(server.run(server.service->submit(alice, asking("q"))).error().code, Errc::unavailable);
  EXPECT_FALSE(server.service->accepts());
  EXPECT_EQ(server.run(server.service->submit(alice, asking("q"))).error().code, Errc::unavailable);
}

TEST_F(SubmitTest, a_journal_that_is_busy_is_not_broken) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  server.journal->refuse(Error{Errc::resource_exhausted, "too much waits"});
  EXPECT_EQ(server.run(server.service->submit(alice, asking("q"))).error().code, Errc::resource_exhausted);
  EXPECT_TRUE(server.service->accepts());
  server.journal->refuse(std::nullopt);
  EXPECT_EQ(server.ended(server.submit("q")).entry->state, State::succeeded);
}

}  // namespace
}  // namespace coatcheck::query
