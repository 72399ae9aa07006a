// Claiming results, until their time is over; and the history.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "query/testing/test_server.hpp"
#include "results/layout.hpp"

namespace coatcheck::query {
namespace {

using journal::ResultGone;
using journal::State;
using testing::admin;
using testing::alice;
using testing::asking;
using testing::bob;
using testing::TestServer;
using warehouse::Script;

class ClaimTest : public ::testing::Test {
 protected:
  static Errc claim_error(TestServer& server, QueryId id) {
    const auto claim = server.run(server.service->claim(alice, id));
    EXPECT_EQ(claim->snapshot.entry->id, id);
    return claim->reader ? Errc::no_outcome : claim->reader.error().code;
  }

  static std::vector<QueryId> history(TestServer& server, const principals::Principal& asker,
                                      journal::HistoryFilter filter = {}) {
    const auto page = server.run(server.service->history(asker, std::move(filter), {}, 100));
    std::vector<QueryId> ids;
    for (const Snapshot& snapshot : page->snapshots) ids.push_back(snapshot.entry->id);
    return ids;
  }

  testing::TestDirectory directory_;
};

TEST_F(ClaimTest, a_result_is_claimed_as_often_as_wanted) {
  TestServer server(directory_);
  server.script("q", {.rows = 3});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  for (int i = 0; i != 3; ++i) EXPECT_EQ(server.numbers(id), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(server.main.runs("q"), 1U);
}

TEST_F(ClaimTest, there_is_nothing_to_claim_of_what_has_not_succeeded) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("q", {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  server.start();
  const QueryId id = server.submit("q");
  const QueryId failed = server.submit("no such statement");
  server.stalled("q");
  EXPECT_EQ(claim_error(server, failed), Errc::conflict) << "queued";
  EXPECT_EQ(claim_error(server, id), Errc::conflict) << "running";
  server.cancel(id);
  EXPECT_EQ(claim_error(server, id), Errc::conflict) << "canceling";
  server.release("q");
  server.ended(id);
  EXPECT_EQ(claim_error(server, id), Errc::conflict) << "canceled";
  server.ended(failed);
  EXPECT_EQ(claim_error(server, failed), Errc::conflict) << "failed";
}

TEST_F(ClaimTest, a_deleted_result_is_gone) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  ASSERT_TRUE(server.run(server.service->remove(alice, id)));
  EXPECT_EQ(claim_error(server, id), Errc::gone);
}

TEST_F(ClaimTest, a_result_is_gone_when_its_time_is_over_even_before_it_is_removed) {
  TestServer server(directory_, {.options = {.queries = {}, .housekeeping_interval = std::chrono::hours(1)}});
  server.script("q", {});
  server.start();
  journal::Submission submission = asking("q");
  submission.result_ttl = std::chrono::minutes(5);
  const QueryId id = server.submit(std::move(submission));
  server.ended(id);
  server.clock.advance(std::chrono::minutes(5) - std::chrono::microseconds(1));
  EXPECT_EQ(claim_error(server, id), Errc::no_outcome);
  server.clock.advance(std::chrono::microseconds(1));
  EXPECT_EQ(claim_error(server, id), Errc::gone);
}

TEST_F(ClaimTest, a_damaged_result_is_no_result) {
  TestServer server(directory_);
  server.script("q", {.rows = 100});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  std::filesystem::resize_file(results::sealed_path(directory_.path() / "results", id), 100);
  EXPECT_EQ(claim_error(server, id), Errc::corrupt);
}

// --- housekeeping -------------------------------------------------------------------------------

TEST_F(ClaimTest, results_leave_when_their_time_is_over) {
  TestServer server(directory_, {.options = {.queries = {}, .housekeeping_interval = std::chrono::milliseconds(1)}});
  server.script("q", {});
  server.start();
  journal::Submission early = asking("q");
  early.result_ttl = std::chrono::minutes(1);
  const QueryId expires = server.submit(std::move(early));
  const QueryId stays = server.submit("q");
  server.ended(expires);
  server.ended(stays);
  ASSERT_EQ(server.files(), 2U);
  server.clock.advance(std::chrono::minutes(2));
  server.until([&] { return server.files() == 1; });
  const EntryPtr entry = server.status(expires).entry;
  EXPECT_EQ(entry->state, State::succeeded) << "it did succeed";
  EXPECT_EQ(entry->result_gone, ResultGone::expired);
  EXPECT_EQ(server.stored(expires)->result_gone, ResultGone::expired);
  EXPECT_EQ(claim_error(server, expires), Errc::gone);
  EXPECT_EQ(claim_error(server, stays), Errc::no_outcome);
}

TEST_F(ClaimTest, results_leave_also_when_their_query_left_the_memory) {
  TestServer server(directory_,
                    {.options = {.queries = {.ended_max = 0}, .housekeeping_interval = std::chrono::milliseconds(1)}});
  server.script("q", {});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  server.clock.advance(std::chrono::hours(25));
  server.until([&] { return server.files() == 0; });
  EXPECT_EQ(server.status(id).entry->result_gone, ResultGone::expired);
}

TEST_F(ClaimTest, old_history_is_forgotten) {
  TestServer server(directory_, {.options = {.queries = {.ended_max = 0},
                                             .history_retention = std::chrono::hours(48),
                                             .housekeeping_interval = std::chrono::milliseconds(1)}});
  server.script("q", {});
  server.start();
  const QueryId old = server.submit("q");
  server.ended(old);
  server.clock.advance(std::chrono::hours(47));
  const QueryId recent = server.submit("q");
  server.ended(recent);
  server.clock.advance(std::chrono::hours(2));
  server.until([&] { return history(server, alice) == std::vector<QueryId>{recent}; });
  EXPECT_EQ(server.run(server.service->status(alice, old)).error().code, Errc::not_found);
}

TEST_F(ClaimTest, what_is_forgotten_no_longer_answers_from_memory) {
  TestServer server(directory_, {.options = {.queries = {},
                                             .history_retention = std::chrono::hours(48),
                                             .housekeeping_interval = std::chrono::milliseconds(1)}});
  server.script("q", {});
  server.start();
  const QueryId old = server.submit("q");
  server.ended(old);
  server.clock.advance(std::chrono::hours(49));
  server.until([&] { return history(server, alice).empty(); });
  server.flush();
  EXPECT_EQ(server.run(server.service->status(alice, old)).error().code, Errc::not_found);
}

// --- history ------------------------------------------------------------------------------------

TEST_F(ClaimTest, everybody_sees_their_own_history_newest_first) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  const QueryId first = server.submit("q");
  const QueryId of_bob = server.run(server.service->submit(bob, asking("q")))->snapshot.entry->id;
  const QueryId second = server.submit("q");
  EXPECT_EQ(history(server, alice), (std::vector<QueryId>{second, first}));
  EXPECT_EQ(history(server, alice, {.principal = "bob"}), (std::vector<QueryId>{second, first}));
  EXPECT_EQ(history(server, bob), (std::vector<QueryId>{of_bob}));
  EXPECT_EQ(history(server, admin), (std::vector<QueryId>{second, of_bob, first}));
  EXPECT_EQ(history(server, admin, {.principal = "bob"}), (std::vector<QueryId>{of_bob}));
}

TEST_F(ClaimTest, history_comes_in_pages) {
  TestServer server(directory_);
  server.script("q", {});
  server.start();
  const QueryId first = server.submit("q");
  const QueryId second = server.submit("q");
  const QueryId third = server.submit("q");
  const auto page = server.run(server.service->history(alice, {}, {}, 2));
  ASSERT_EQ(page->snapshots.size(), 2U);
  EXPECT_EQ(page->snapshots[0].entry->id, third);
  EXPECT_EQ(page->snapshots[1].entry->id, second);
  ASSERT_TRUE(page->next);
  const auto rest = server.run(server.service->history(alice, {}, page->next, 2));
  ASSERT_EQ(rest->snapshots.size(), 1U);
  EXPECT_EQ(rest->snapshots[0].entry->id, first);
  EXPECT_FALSE(rest->next);
}

TEST_F(ClaimTest, history_shows_what_status_shows) {
  TestServer server(directory_, {.limits = {.running_max = 1}});
  server.script("q", {.progress = 0.5, .stall = Script::Stall::in_run});
  server.start();
  const QueryId running = server.submit("q");
  server.stalled("q");
  server.submit("q");
  server.submit("q");
  const auto page = server.run(server.service->history(alice, {}, {}, 10));
  ASSERT_EQ(page->snapshots.size(), 3U);
  EXPECT_EQ(page->snapshots[2].entry->id, running);
  EXPECT_EQ(page->snapshots[2].entry->state, State::running) << "noted, if not on disk yet";
  EXPECT_EQ(page->snapshots[2].progress, 0.5);
  EXPECT_EQ(page->snapshots[0].queued->position, 1U);
  EXPECT_EQ(page->snapshots[1].queued->position, 0U);
}

}  // namespace
}  // namespace coatcheck::query
