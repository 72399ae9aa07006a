// Queries that run on without us, in a warehouse that keeps their results.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::ResultGone;
using journal::State;
using testing::alice;
using testing::asking;
using testing::at_once;
using testing::never;
using testing::TestDirectory;
using testing::TestServer;
using testing::TestSetup;
using warehouse::Cursor;
using warehouse::Script;
using Kind = warehouse::ScriptedWarehouse::Event::Kind;

class DetachedTest : public ::testing::Test {
 protected:
  static TestSetup setup() { return {.capabilities = {.detached = true}}; }

  static std::size_t count(TestServer& server, Kind kind) {
    std::size_t found = 0;
    for (const auto& event : server.main.events()) found += event.kind == kind;
    return found;
  }

  QueryId run_into_stall(TestServer& server, Script script) {
    server.script("q", std::move(script));
    server.start();
    const QueryId id = server.submit("q");
    server.stalled("q");
    server.flush();
    return id;
  }

  static Script kept(std::int64_t rows) {
    return {.rows = rows,
            .kept = Cursor::Kept{.rows = static_cast<std::uint64_t>(rows), .for_time = std::chrono::hours(24)}};
  }

  // Starts, and returns a query whose one row its warehouse has kept. Whoever fetches it stalls until release().
  static QueryId keep_one(TestServer& server) {
    server.script("q", kept(1));
    server.start();
    const QueryId id = server.submit("q");
    server.ended(id);
    Script slow = kept(1);
    slow.stall = Script::Stall::in_run;
    server.script("q", slow);
    return id;
  }

  TestDirectory directory_;
};

TEST_F(DetachedTest, the_start_is_on_record_before_it_is_submitted_and_the_handle_after) {
  TestServer server(directory_, setup());
  const QueryId id = run_into_stall(server, {.kind = StatementKind::unknown, .stall = Script::Stall::in_submit});
  EXPECT_EQ(server.stored(id)->state, State::running);
  EXPECT_EQ(server.stored(id)->handle, "");
  server.script("other", {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  const QueryId other = server.submit("other");
  server.stalled("other");
  EXPECT_EQ(server.stored(other)->handle, "handle of " + other.to_string());
}

TEST_F(DetachedTest, what_was_submitted_is_found_again_after_a_crash) {
  TestServer first(directory_, setup());
  const QueryId id = run_into_stall(first, {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  const TestDirectory left = directory_.copy();
  TestServer second(left, setup());
  second.script("q", {.kind = StatementKind::unknown});
  second.start();
  const EntryPtr entry = second.ended(id).entry;
  EXPECT_EQ(entry->state, State::succeeded);
  EXPECT_EQ(entry->attempt, 1);
  EXPECT_EQ(entry->crashes, 0);
  EXPECT_EQ(count(second, Kind::found), 1U);
  EXPECT_EQ(count(second, Kind::submitted), 0U);
}

TEST_F(DetachedTest, what_may_have_been_submitted_is_asked_for_as_the_same_request) {
  TestServer first(directory_, setup());
  const QueryId id = run_into_stall(first, {.kind = StatementKind::unknown, .stall = Script::Stall::in_submit});
  const TestDirectory left = directory_.copy();
  TestServer second(left, setup());
  second.script("q", {.kind = StatementKind::unknown});
  second.start();
  EXPECT_EQ(second.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(count(second, Kind::submitted_again), 1U);
  EXPECT_EQ(count(second, Kind::submitted), 0U);
}

TEST_F(DetachedTest, what_could_not_be_submitted_waits_and_is_asked_for_as_the_same_request) {
  TestServer server(directory_, setup());
  const Failure down{.category = FailureCategory::unavailable, .message = "no route", .retryable = true};
  server.script("q", {.kind = StatementKind::unknown, .submit_fails = down});
  server.start();
  const QueryId id = server.submit("q");
  server.until([&] { return !server.service->warehouses().front().is_reachable; });
  EXPECT_EQ(server.state(id), State::queued);
  EXPECT_EQ(server.service->warehouses().front().last_trouble->message, "no route");
  server.script("q", {.kind = StatementKind::unknown});
  EXPECT_EQ(server.ended(id).entry->state, State::succeeded);
  EXPECT_EQ(count(server, Kind::submitted), 1U);
  EXPECT_EQ(count(server, Kind::submitted_again), 1U);
}

TEST_F(DetachedTest, crashes_do_not_count_however_many) {
  std::vector<TestDirectory> left;
  QueryId id;
  {
    TestServer server(directory_, setup());
    id = run_into_stall(server, {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
    left.push_back(directory_.copy());
  }
  for (int i = 0; i != 3; ++i) {
    TestServer server(left.back(), setup());
    server.script("q", {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
    server.start();
    server.stalled("q");
    server.flush();
    left.push_back(left.back().copy());
  }
  TestServer last(left.back(), setup());
  last.script("q", {.kind = StatementKind::unknown});
  last.start();
  EXPECT_EQ(last.ended(id).entry->state, State::succeeded);
}

TEST_F(DetachedTest, a_shutdown_leaves_it_at_once_and_cancels_nothing) {
  QueryId id;
  {
    TestServer server(directory_, setup());
    id = run_into_stall(server, {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
    server.stop(never());
    EXPECT_EQ(count(server, Kind::left), 1U);
    EXPECT_EQ(count(server, Kind::cancel_asked), 0U);
  }
  TestServer next(directory_, setup());
  EXPECT_EQ(next.stored(id)->state, State::running);
  next.script("q", {.kind = StatementKind::unknown});
  next.start();
  EXPECT_EQ(next.ended(id).entry->state, State::succeeded);
}

TEST_F(DetachedTest, a_cancel_that_a_crash_cut_off_is_told_again) {
  TestServer first(directory_, setup());
  const QueryId id = run_into_stall(
      first, {.kind = StatementKind::unknown, .stall = Script::Stall::in_run, .cancel_needs_release = true});
  first.cancel(id);
  const TestDirectory left = directory_.copy();
  TestServer second(left, setup());
  second.script("q", {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  second.start();
  EXPECT_EQ(second.ended(id).entry->state, State::canceled);
  EXPECT_EQ(count(second, Kind::cancel_asked), 1U);
}

TEST_F(DetachedTest, its_time_goes_on_while_the_server_is_down) {
  journal::Submission limited = asking("q");
  limited.timeout = std::chrono::hours(1);
  TestServer first(directory_, setup());
  first.script("q", {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  first.start();
  const QueryId id = first.submit(std::move(limited));
  first.stalled("q");
  first.flush();
  const TestDirectory left = directory_.copy();
  TestServer second(left, setup());
  second.clock.advance(std::chrono::hours(2));
  second.script("q", {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  second.start();
  const EntryPtr entry = second.ended(id).entry;
  EXPECT_EQ(entry->state, State::failed);
  EXPECT_EQ(entry->failure->category, FailureCategory::timeout);
}

TEST_F(DetachedTest, it_takes_its_place_among_those_that_run) {
  TestSetup one_at_a_time = setup();
  one_at_a_time.limits.running_max = 1;
  TestServer first(directory_, one_at_a_time);
  run_into_stall(first, {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  const QueryId waiting = first.submit("q");
  const TestDirectory left = directory_.copy();
  TestServer second(left, one_at_a_time);
  second.script("q", {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  second.start();
  second.stalled("q");
  EXPECT_EQ(second.state(waiting), State::queued);
  EXPECT_EQ(second.service->warehouses().front().running, 1U);
  second.release("q");
  EXPECT_EQ(second.ended(waiting).entry->state, State::succeeded);
}

TEST_F(DetachedTest, a_warehouse_that_is_no_longer_detached_fails_it) {
  TestServer first(directory_, setup());
  const QueryId id = run_into_stall(first, {.kind = StatementKind::unknown, .stall = Script::Stall::in_run});
  const TestDirectory left = directory_.copy();
  TestServer second(left);
  second.script("q", {});
  second.start();
  EXPECT_EQ(second.ended(id).entry->failure->category, FailureCategory::interrupted);
}

// --- kept results -------------------------------------------------------------------------------

TEST_F(DetachedTest, a_kept_result_is_fetched_when_it_is_claimed_and_once_for_all) {
  TestServer server(directory_, setup());
  server.script("q", kept(5));
  server.start();
  const QueryId id = server.submit("q");
  const EntryPtr entry = server.ended(id).entry;
  EXPECT_TRUE(entry->result->kept_by_warehouse);
  EXPECT_EQ(entry->result->rows, 5U);
  EXPECT_EQ(server.files(), 0U);
  EXPECT_EQ(server.main.runs("q"), 1U);

  Script slow = kept(5);
  slow.stall = Script::Stall::in_run;
  server.script("q", slow);
  std::vector<testing::Started<Result<Service::Claim>>> claims;
  for (int i = 0; i != 100; ++i) claims.push_back(server.begin(server.service->claim(alice, id)));
  server.stalled("q");
  server.release("q");
  for (auto& claim : claims) {
    const auto claimed = claim.get();
    ASSERT_TRUE(claimed);
    ASSERT_TRUE(claimed->reader) << claimed->reader.error().message;
    EXPECT_EQ((*claimed->reader)->manifest().rows, 5U);
    EXPECT_FALSE(claimed->snapshot.entry->result->kept_by_warehouse);
  }
  EXPECT_EQ(server.main.runs("q"), 2U);
  EXPECT_EQ(server.numbers(id), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(server.main.runs("q"), 2U) << "from the spool alone";
  EXPECT_EQ(server.stored(id)->result->chunks, 1U);
}

TEST_F(DetachedTest, a_kept_result_has_the_limit_of_rows_too) {
  TestServer server(directory_, setup());
  server.script("q", kept(5));
  server.start();
  journal::Submission limited = asking("q");
  limited.row_limit = 3;
  const QueryId id = server.submit(std::move(limited));
  EXPECT_EQ(server.ended(id).entry->result->rows, 3U);
  EXPECT_TRUE(server.status(id).entry->result->truncated);
  EXPECT_EQ(server.numbers(id).size(), 3U);
}

TEST_F(DetachedTest, who_cannot_wait_for_a_kept_result_is_asked_to_come_again) {
  TestSetup impatient = setup();
  impatient.options.fetch_wait = std::chrono::milliseconds(1);
  TestServer server(directory_, impatient);
  const QueryId id = keep_one(server);
  EXPECT_EQ(server.run(server.service->claim(alice, id))->reader.error().code, Errc::unavailable);
  server.release("q");
  server.until([&] { return !server.status(id).entry->result->kept_by_warehouse; });
  EXPECT_EQ(server.numbers(id).size(), 1U);
}

TEST_F(DetachedTest, a_result_that_the_warehouse_no_longer_has_is_gone) {
  TestServer server(directory_, setup());
  server.script("q", kept(1));
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  server.script("q", {.run_fails = Failure{.category = FailureCategory::unavailable,
                                           .code = warehouse::result_gone_code,
                                           .message = "No such handle."}});
  const auto claim = server.run(server.service->claim(alice, id));
  EXPECT_EQ(claim->reader.error().code, Errc::gone);
  EXPECT_EQ(claim->reader.error().message, "the warehouse no longer has the result: No such handle.");
  EXPECT_EQ(server.status(id).entry->result_gone, ResultGone::expired);
  EXPECT_EQ(server.run(server.service->claim(alice, id))->reader.error().code, Errc::gone);
  EXPECT_EQ(server.main.runs("q"), 2U) << "it is not asked twice";
}

TEST_F(DetachedTest, a_warehouse_that_is_down_keeps_it_for_later) {
  TestServer server(directory_, setup());
  server.script("q", kept(1));
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  server.main.go_down();
  const auto claim = server.run(server.service->claim(alice, id));
  EXPECT_EQ(claim->reader.error().code, Errc::unavailable);
  EXPECT_EQ(claim->reader.error().message, "The warehouse is down.");
  EXPECT_FALSE(server.service->warehouses().front().is_reachable);
  server.main.come_back();
  EXPECT_EQ(server.numbers(id).size(), 1U);
  server.until([&] { return server.service->warehouses().front().is_reachable; });
}

TEST_F(DetachedTest, who_waits_for_it_is_told_in_the_end_that_the_warehouse_cannot_be_reached) {
  TestSetup patient = setup();
  patient.limits.queue_timeout = std::chrono::hours(1);
  TestServer server(directory_, patient);
  server.script("q", kept(1));
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  server.main.go_down();
  const auto claim_error = [&] { return server.run(server.service->claim(alice, id))->reader.error(); };
  for (int minutes = 0; minutes < 60; minutes += 10) {
    EXPECT_EQ(claim_error().code, Errc::unavailable) << minutes;
    server.clock.advance(std::chrono::minutes(10));
  }
  for (int i = 0; i != 2; ++i) {
    EXPECT_EQ(claim_error().code, Errc::deadline_exceeded);
    EXPECT_EQ(claim_error().message,
              "the warehouse keeps the result, and has not been able to hand it over for 1h: The warehouse is down.");
  }
  server.main.come_back();
  EXPECT_EQ(server.numbers(id).size(), 1U) << "nothing is lost";
}

TEST_F(DetachedTest, who_comes_back_after_a_long_time_begins_to_wait_anew) {
  TestSetup patient = setup();
  patient.limits.queue_timeout = std::chrono::hours(1);
  TestServer server(directory_, patient);
  server.script("q", kept(1));
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  server.main.go_down();
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(server.run(server.service->claim(alice, id))->reader.error().code, Errc::unavailable) << i;
    server.clock.advance(std::chrono::hours(2));
  }
  server.main.come_back();
}

TEST_F(DetachedTest, a_warehouse_that_does_not_begin_to_hand_it_over_is_asked_again_by_the_next_who_claims) {
  TestSetup impatient = setup();
  impatient.options.fetch_answer_max = std::chrono::milliseconds(1);
  TestServer server(directory_, impatient);
  const QueryId id = keep_one(server);
  const auto claim = server.run(server.service->claim(alice, id));
  EXPECT_EQ(claim->reader.error().code, Errc::unavailable);
  EXPECT_EQ(claim->reader.error().message, "the warehouse did not begin to hand the result over within 1ms");
  EXPECT_EQ(server.main.open_executions(), 0U);
  EXPECT_EQ(count(server, Kind::left), 1U);
  server.script("q", kept(1));
  EXPECT_EQ(server.numbers(id).size(), 1U);
}

TEST_F(DetachedTest, a_kept_result_with_a_value_that_has_no_form_here_is_refused_for_good) {
  TestServer server(directory_, setup());
  server.script("q", kept(1));
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  Script odd = kept(1);
  odd.next_fails = Failure{.category = FailureCategory::statement, .sqlstate = "22008", .message = "Cast it."};
  server.script("q", odd);
  const auto claim = server.run(server.service->claim(alice, id));
  EXPECT_EQ(claim->reader.error().code, Errc::gone);
  EXPECT_EQ(claim->reader.error().message, "the result cannot be read: Cast it.");
  EXPECT_EQ(server.status(id).entry->result_gone, ResultGone::no) << "the warehouse has it";
}

TEST_F(DetachedTest, a_kept_result_that_is_larger_than_may_be_kept_here_is_refused_for_good) {
  TestSetup small = setup();
  small.result_bytes_max = 10'000;
  TestServer server(directory_, small);
  server.script("q", kept(100'000));
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  for (int i = 0; i != 2; ++i) {
    const auto claim = server.run(server.service->claim(alice, id));
    EXPECT_EQ(claim->reader.error().code, Errc::gone);
    EXPECT_TRUE(claim->reader.error().message.starts_with("the result is larger than"))
        << claim->reader.error().message;
  }
  EXPECT_EQ(server.files(), 0U);
  EXPECT_TRUE(server.status(id).entry->result->kept_by_warehouse) << "until somebody allows more";
}

TEST_F(DetachedTest, a_result_that_is_deleted_while_it_is_fetched_leaves_no_file) {
  TestServer server(directory_, setup());
  const QueryId id = keep_one(server);
  auto claim = server.begin(server.service->claim(alice, id));
  server.stalled("q");
  ASSERT_TRUE(server.run(server.service->remove(alice, id)));
  server.release("q");
  EXPECT_EQ(claim.get()->reader.error().code, Errc::gone);
  EXPECT_EQ(server.files(), 0U);
}

TEST_F(DetachedTest, a_fetch_that_was_sealed_before_a_crash_is_taken_as_it_is) {
  TestServer first(directory_, setup());
  first.script("q", kept(2));
  first.start();
  const QueryId id = first.submit("q");
  first.ended(id);
  const TestDirectory before = directory_.copy();  // With the journal as it was before the fetch.
  first.numbers(id);
  std::filesystem::copy(directory_.path() / "results", before.path() / "results",
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  TestServer second(before, setup());
  second.script("q", kept(2));
  second.start();
  EXPECT_TRUE(second.status(id).entry->result->kept_by_warehouse);
  EXPECT_EQ(second.numbers(id).size(), 2U);
  EXPECT_EQ(second.main.runs("q"), 0U);
  EXPECT_FALSE(second.stored(id)->result->kept_by_warehouse);
}

TEST_F(DetachedTest, a_shutdown_does_not_wait_for_a_fetch) {
  TestServer server(directory_, setup());
  const QueryId id = keep_one(server);
  auto claim = server.begin(server.service->claim(alice, id));
  server.stalled("q");
  auto drained = server.begin(
      [](Service* service) -> async::Task<bool> { co_return co_await service->drain(never()); }(server.service.get()));
  EXPECT_EQ(claim.get()->reader.error().code, Errc::unavailable);
  EXPECT_TRUE(drained.get());
}

}  // namespace
}  // namespace coatcheck::query
