// Several statements that were sent together: a query of its own for the whole, which submits the others.
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
using testing::TestDirectory;
using testing::TestServer;
using warehouse::Script;

class ScriptTest : public ::testing::Test {
 protected:
  static journal::Submission whole() {
    journal::Submission submission = asking("whole");
    submission.form = journal::Form::script;
    return submission;
  }

  // As the script connector submits them.
  static QueryId submit_part(TestServer& server, QueryId script, int n, const std::string& text) {
    journal::Submission submission = asking(text);
    submission.idempotency_key = journal::part_key_prefix(script) + std::to_string(n);
    return server.submit(std::move(submission));
  }

  // A server whose script stands in its stall, with that on disk.
  static QueryId start_whole(TestServer& server, Script script = {.stall = Script::Stall::in_run}) {
    server.script("whole", std::move(script));
    server.start();
    const QueryId id = server.submit(whole());
    server.stalled("whole");
    server.flush();
    return id;
  }

  static bool knows(TestServer& server, QueryId id) {
    return static_cast<bool>(server.run(server.service->status(alice, id)));
  }

  TestDirectory directory_;
};

TEST_F(ScriptTest, crashes_are_not_counted_against_the_whole) {
  std::vector<TestDirectory> left;
  QueryId id;
  {
    TestServer server(directory_);
    id = start_whole(server);
    left.push_back(directory_.copy());
  }
  for (int crash = 0; crash != 3; ++crash) {
    TestServer server(left.back());
    server.script("whole", {.stall = Script::Stall::in_run});
    server.start();
    server.stalled("whole");
    server.flush();
    left.push_back(left.back().copy());
  }
  TestServer last(left.back());
  last.script("whole", {});
  last.start();
  const EntryPtr entry = last.ended(id).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->attempt, 5);
  EXPECT_EQ(entry->crashes, 0);
}

TEST_F(ScriptTest, the_limit_of_rows_is_that_of_its_parts) {
  TestServer server(directory_);
  server.script("whole", {.rows = 5});
  server.start();
  journal::Submission submission = whole();
  submission.row_limit = 2;
  const QueryId id = server.submit(std::move(submission));
  server.ended(id);
  EXPECT_EQ(server.numbers(id).size(), 5U);
}

TEST_F(ScriptTest, what_it_has_submitted_is_remembered_until_it_ends) {
  TestServer server(directory_, {.options = {.queries = {.ended_max = 0},
                                             .history_retention = std::chrono::hours(48),
                                             .housekeeping_interval = std::chrono::milliseconds(1)}});
  server.script("q", {});
  server.script("before", {});
  server.script("whole", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId before = server.submit("before");
  server.ended(before);
  server.clock.advance(std::chrono::hours(1));
  const QueryId script = server.submit(whole());
  server.stalled("whole");
  const QueryId part = submit_part(server, script, 0, "q");
  server.ended(part);
  server.clock.advance(std::chrono::hours(49));
  server.until([&] { return !knows(server, before); });
  EXPECT_TRUE(knows(server, part));
  server.release("whole");
  server.until([&] { return !knows(server, part); });
}

TEST_F(ScriptTest, a_whole_that_was_being_canceled_cancels_its_parts_in_the_next_server) {
  TestServer first(directory_, {.limits = {.running_max = 1}});
  first.script("q", {.stall = Script::Stall::in_run});
  first.script("whole", {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  first.start();
  const QueryId running = first.submit("q");
  first.stalled("q");
  const QueryId script = first.submit(whole());
  first.stalled("whole");
  const QueryId part = submit_part(first, script, 0, "q");
  const QueryId others = submit_part(first, running, 0, "q");
  first.cancel(script);

  const TestDirectory left = directory_.copy();
  TestServer second(left, {.limits = {.running_max = 1}});
  second.script("q", {.stall = Script::Stall::in_run});
  second.script("whole", {});
  second.start();
  EXPECT_EQ(second.state(script), State::canceled);
  EXPECT_EQ(second.state(part), State::canceled);
  EXPECT_EQ(second.state(others), State::queued);
}

TEST_F(ScriptTest, a_whole_that_waits_is_canceled_with_what_it_began_before_the_crash) {
  TestServer first(directory_);
  first.script("q", {.stall = Script::Stall::in_run});
  const QueryId script = start_whole(first);
  const QueryId part = submit_part(first, script, 0, "q");
  first.stalled("q");
  first.flush();

  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {.stall = Script::Stall::in_run});
  second.script("whole", {.stall = Script::Stall::in_prepare});
  second.start();
  second.stalled("q");
  second.stalled("whole");
  ASSERT_EQ(second.state(script), State::queued);
  second.cancel(script);
  EXPECT_EQ(second.ended(part).entry->state, State::canceled);
}

TEST_F(ScriptTest, a_server_that_goes_down_stops_it_and_lets_its_part_end) {
  QueryId script;
  QueryId part;
  {
    TestServer server(directory_);
    server.script("q", {.stall = Script::Stall::in_run});
    script = start_whole(server);
    part = submit_part(server, script, 0, "q");
    server.stalled("q");
    auto drained = server.begin([](Service* service) -> async::Task<bool> {
      co_return co_await service->drain(never());
    }(server.service.get()));
    server.until([&] { return server.main.open_executions() == 1; });
    EXPECT_EQ(server.state(part), State::running);
    server.release("q");
    EXPECT_TRUE(drained.get());
    EXPECT_EQ(server.state(part), State::succeeded);
  }
  TestServer next(directory_);
  EXPECT_EQ(next.stored(script)->state, State::queued);
  next.script("whole", {});
  next.start();
  EXPECT_EQ(next.ended(script).entry->state, State::succeeded);
}

}  // namespace
}  // namespace coatcheck::query
