// Several principals at one server: whose turn it is, and how much one may have.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::alice;
using testing::asking;
using testing::at_once;
using testing::bob;
using testing::TestServer;
using testing::TestSetup;
using warehouse::Script;
using Kind = warehouse::ScriptedWarehouse::Event::Kind;

class FairnessTest : public ::testing::Test {
 protected:
  static TestSetup one_place() { return {.limits = {.running_max = 1}}; }
  static TestSetup alice_limited(ShareLimits limits, std::size_t running_max = 4) {
    TestSetup setup{.limits = {.running_max = running_max}};
    setup.options.named.emplace("alice", limits);
    return setup;
  }

  // A server where a query of Alice runs until "busy" is released.
  static void start_busy(TestServer& server) {
    server.script("busy", {.stall = Script::Stall::in_run});
    server.script("q", {});
    server.script("other", {});
    server.start();
    server.submit("busy");
    server.stalled("busy");
  }

  static journal::Submission at_side(std::string text) {
    journal::Submission submission = asking(std::move(text));
    submission.warehouse = "side";
    return submission;
  }
  static journal::Submission with_priority(std::string text, int priority) {
    journal::Submission submission = asking(std::move(text));
    submission.priority = priority;
    return submission;
  }

  static Result<Service::Submitted> try_submit(TestServer& server, const principals::Principal& asker,
                                               journal::Submission submission) {
    return server.run(server.service->submit(asker, std::move(submission)));
  }
  static QueryId submit(TestServer& server, const principals::Principal& asker, journal::Submission submission) {
    auto submitted = try_submit(server, asker, std::move(submission));
    EXPECT_TRUE(submitted);
    return submitted->snapshot.entry->id;
  }

  // What "main" has started, in this order.
  static std::vector<std::string> ran(TestServer& server) {
    std::vector<std::string> statements;
    for (const auto& event : server.main.events()) {
      if (event.kind == Kind::ran) statements.push_back(event.statement);
    }
    return statements;
  }

  testing::TestDirectory directory_;
};

TEST_F(FairnessTest, who_floods_the_queue_delays_others_by_one_query) {
  TestServer server(directory_, one_place());
  start_busy(server);
  std::vector<testing::Started<Result<Service::Submitted>>> flood;
  for (int i = 0; i != 1000; ++i) flood.push_back(server.begin(server.service->submit(alice, asking("q"))));
  for (auto& one : flood) ASSERT_TRUE(one.get());
  const QueryId bobs = submit(server, bob, asking("other"));
  EXPECT_EQ(server.status(bobs).queued->position, 0U);
  const QueryId bobs_next = submit(server, bob, asking("other"));
  EXPECT_EQ(server.status(bobs_next).queued->position, 2U) << "one of each before it";

  server.release("busy");
  EXPECT_EQ(server.ended(bobs_next).entry->state, State::succeeded);
  const auto statements = ran(server);
  ASSERT_GE(statements.size(), 4U);
  EXPECT_EQ(std::vector(statements.begin(), statements.begin() + 4),
            (std::vector<std::string>{"busy", "other", "q", "other"}));
  server.stop(at_once());
}

TEST_F(FairnessTest, a_principals_running_queries_are_limited_over_all_warehouses_and_nobody_elses) {
  TestServer server(directory_, alice_limited({.running_max = 1}));
  start_busy(server);
  const QueryId here = submit(server, alice, asking("q"));
  const QueryId there = submit(server, alice, at_side("q"));
  const QueryId bobs = submit(server, bob, asking("other"));
  EXPECT_EQ(server.ended(bobs).entry->state, State::succeeded);
  EXPECT_EQ(server.state(here), State::queued);
  EXPECT_EQ(server.state(there), State::queued);

  server.release("busy");
  EXPECT_EQ(server.ended(there).entry->state, State::succeeded) << "the end at one warehouse lets it run at the other";
  EXPECT_EQ(server.ended(here).entry->state, State::succeeded);
}

TEST_F(FairnessTest, a_principal_whose_limit_is_reached_is_told_so_and_others_are_served) {
  TestServer server(directory_, alice_limited({.queued_max = 2}, 1));
  start_busy(server);
  submit(server, alice, asking("q"));
  journal::Submission keyed = at_side("busy");
  submit(server, alice, keyed);  // It can run at once, so it does not wait.
  journal::Submission named = at_side("q");
  named.idempotency_key = "k";
  const QueryId last = submit(server, alice, named);

  for (const journal::Submission& more : {asking("q"), at_side("q")}) {
    const auto refused = try_submit(server, alice, more);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
    EXPECT_EQ(refused.error().message, "principal 'alice' has as many queries waiting as it may have (2)");
    EXPECT_EQ(refused.error().field, "");
  }
  const auto again = try_submit(server, alice, named);
  ASSERT_TRUE(again) << "who comes again for an answer needs no place";
  EXPECT_TRUE(again->replayed);
  EXPECT_TRUE(try_submit(server, bob, asking("other")));

  EXPECT_EQ(server.cancel(last).entry->state, State::canceled);
  EXPECT_TRUE(try_submit(server, alice, asking("q"))) << "a canceled one takes no place";
  EXPECT_FALSE(try_submit(server, alice, asking("q")));
}

TEST_F(FairnessTest, a_query_whose_time_in_the_queue_is_over_takes_no_place) {
  TestSetup setup = alice_limited({.queued_max = 1}, 1);
  setup.limits.queue_timeout = std::chrono::milliseconds(1);
  TestServer server(directory_, setup);
  start_busy(server);
  for (int i = 0; i != 3; ++i) {
    const QueryId id = submit(server, alice, asking("q"));
    EXPECT_EQ(server.ended(id).entry->failure->category, FailureCategory::queue_timeout);
  }
}

TEST_F(FairnessTest, the_limits_of_who_is_not_named_are_everybodys) {
  TestSetup setup = alice_limited({}, 1);
  setup.options.others.queued_max = 1;
  TestServer server(directory_, setup);
  start_busy(server);
  for (int i = 0; i != 3; ++i) EXPECT_TRUE(try_submit(server, alice, asking("q")));
  EXPECT_TRUE(try_submit(server, bob, asking("other")));
  EXPECT_FALSE(try_submit(server, bob, asking("other")));
}

TEST_F(FairnessTest, what_the_server_runs_itself_counts_against_nobody) {
  TestServer server(directory_, alice_limited({.running_max = 1, .queued_max = 0}));
  start_busy(server);
  server.script("whole", {});
  journal::Submission whole = asking("whole");
  whole.form = journal::Form::script;
  EXPECT_EQ(server.ended(submit(server, alice, whole)).entry->state, State::succeeded);
  EXPECT_FALSE(try_submit(server, alice, asking("q")));
}

TEST_F(FairnessTest, after_a_restart_the_limits_hold_for_what_was_left) {
  const TestSetup setup = alice_limited({.running_max = 1, .queued_max = 1});
  TestServer first(directory_);
  start_busy(first);
  first.flush();
  const QueryId more = submit(first, alice, asking("busy"));
  const QueryId last = submit(first, alice, at_side("busy"));
  const testing::TestDirectory left = directory_.copy();

  TestServer second(left, setup);
  second.script("busy", {.stall = Script::Stall::in_run});
  second.script("other", {});
  second.start();
  second.stalled("busy");
  EXPECT_EQ(second.main.runs("busy") + second.side.runs("busy"), 1U);
  EXPECT_FALSE(try_submit(second, alice, asking("busy")));
  EXPECT_EQ(second.ended(submit(second, bob, asking("other"))).entry->state, State::succeeded);
  second.release("busy");
  EXPECT_EQ(second.ended(more).entry->state, State::succeeded) << "what was accepted is promised, whatever the limits";
  EXPECT_EQ(second.ended(last).entry->state, State::succeeded);
}

TEST_F(FairnessTest, what_ran_on_elsewhere_counts_as_running_after_a_restart) {
  TestSetup setup = alice_limited({.running_max = 1});
  setup.capabilities.detached = true;
  TestServer first(directory_, setup);
  start_busy(first);
  first.flush();
  const testing::TestDirectory left = directory_.copy();

  TestServer second(left, setup);
  second.script("busy", {.stall = Script::Stall::in_run});
  second.script("q", {});
  second.start();
  second.stalled("busy");
  const QueryId waits = submit(second, alice, at_side("q"));
  second.flush();
  EXPECT_EQ(second.state(waits), State::queued);
  second.release("busy");
  EXPECT_EQ(second.ended(waits).entry->state, State::succeeded);
}

TEST_F(FairnessTest, of_one_principals_queries_the_urgent_go_first_also_after_a_restart) {
  const std::vector<std::pair<std::string, int>> asked{{"later", -1}, {"usual", 0}, {"urgent", 100}};
  TestServer first(directory_, one_place());
  start_busy(first);
  for (const auto& [text, priority] : asked) submit(first, alice, with_priority(text, priority));
  first.flush();
  const testing::TestDirectory left = directory_.copy();
  TestServer second(left, one_place());
  for (TestServer* server : {&first, &second}) {
    for (const auto& one : asked) server->script(one.first, {});
  }

  first.release("busy");
  const std::vector<std::string> in_order{"busy", "urgent", "usual", "later"};
  first.until([&] { return ran(first).size() == in_order.size(); });
  EXPECT_EQ(ran(first), in_order);

  second.script("busy", {});
  second.start();
  second.until([&] { return ran(second).size() == in_order.size(); });
  EXPECT_EQ(ran(second), (std::vector<std::string>{"urgent", "busy", "usual", "later"}));
}

}  // namespace
}  // namespace coatcheck::query
