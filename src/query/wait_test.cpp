// Waiting for queries, and who may ask about which.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::admin;
using testing::alice;
using testing::asking;
using testing::at_once;
using testing::bob;
using testing::never;
using testing::TestServer;
using warehouse::Script;
using Asked = Service::Asked;
using Snapshots = Result<std::vector<std::optional<Snapshot>>>;

class WaitTest : public ::testing::Test {
 protected:
  WaitTest() {
    server_.script("q", {.stall = Script::Stall::in_run});
    server_.script("quick", {});
    server_.start();
  }

  // A query that runs until "q" is released.
  QueryId running(const principals::Principal& principal = alice) {
    const QueryId id = server_.run(server_.service->submit(principal, asking("q")))->snapshot.entry->id;
    server_.stalled("q", ++running_);
    return id;
  }
  std::uint64_t version(QueryId id) { return server_.status(id).entry->version; }

  template <class T>
  testing::Started<T> standing(async::Task<T> task) {
    auto waits = server_.begin(std::move(task));
    const std::size_t waiters = server_.service->waiters() + 1;
    server_.until([&] { return waits.done() || server_.service->waiters() == waiters; });
    return waits;
  }

  testing::TestDirectory directory_;
  TestServer server_{directory_};
  int running_ = 0;
};

// --- one ----------------------------------------------------------------------------------------

TEST_F(WaitTest, a_wait_is_answered_with_the_news) {
  const QueryId id = running();
  auto waits = standing(server_.service->wait(alice, id, version(id), never()));
  EXPECT_FALSE(waits.done());
  EXPECT_EQ(server_.service->waiters(), 1U);
  server_.release("q");
  const auto news = waits.get();
  ASSERT_TRUE(news);
  EXPECT_EQ(news->entry->state, State::succeeded);
  EXPECT_EQ(server_.service->waiters(), 0U);
}

TEST_F(WaitTest, a_wait_without_news_is_answered_at_its_deadline) {
  const QueryId id = running();
  const auto same = server_.run(
      server_.service->wait(alice, id, version(id), std::chrono::steady_clock::now() + std::chrono::milliseconds(20)));
  ASSERT_TRUE(same);
  EXPECT_EQ(same->entry->state, State::running);
  EXPECT_EQ(server_.service->waiters(), 0U);
}

TEST_F(WaitTest, who_knows_an_older_version_is_answered_at_once) {
  const QueryId id = running();
  const auto news = server_.run(server_.service->wait(alice, id, version(id) - 1, Deadline::max()));
  EXPECT_EQ(news->entry->state, State::running);
}

TEST_F(WaitTest, nobody_waits_for_a_query_that_has_ended) {
  const QueryId id = server_.submit("quick");
  server_.ended(id);
  const auto same = server_.run(server_.service->wait(alice, id, version(id), Deadline::max()));
  EXPECT_EQ(same->entry->state, State::succeeded);
}

TEST_F(WaitTest, waiting_for_the_end_passes_over_other_news) {
  server_.script("slow", {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  const QueryId id = server_.submit("slow");
  auto waits = standing(server_.service->wait_until_ended(alice, id, never()));
  server_.stalled("slow");
  ASSERT_EQ(server_.cancel(id).entry->state, State::canceling);
  server_.flush();
  EXPECT_FALSE(waits.done()) << "it was started and is being canceled, but has not ended";
  server_.release("slow");
  EXPECT_EQ(waits.get()->entry->state, State::canceled);
}

TEST_F(WaitTest, waiting_for_the_end_is_answered_at_its_deadline) {
  const QueryId id = running();
  EXPECT_EQ(server_.run(server_.service->wait_until_ended(alice, id, at_once()))->entry->state, State::running);
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  EXPECT_EQ(server_.run(server_.service->wait_until_ended(alice, id, later))->entry->state, State::running);
}

TEST_F(WaitTest, a_client_that_leaves_is_forgotten) {
  const QueryId id = running();
  auto one = standing(server_.service->wait(alice, id, version(id), never()));
  auto all = standing(server_.service->wait_until_ended(alice, id, never()));
  auto any = standing(server_.service->wait_for_any(alice, {{id, version(id)}}, never()));
  EXPECT_EQ(server_.service->waiters(), 3U);
  one.cancel();
  all.cancel();
  any.cancel();
  one.join();
  all.join();
  any.join();
  EXPECT_EQ(server_.service->waiters(), 0U);
  server_.release("q");
  EXPECT_EQ(server_.ended(id).entry->state, State::succeeded);
}

// --- many ---------------------------------------------------------------------------------------

TEST_F(WaitTest, many_are_answered_in_the_order_asked) {
  const QueryId first = running();
  const QueryId second = running();
  const QueryId unknown = make_query_id({});
  const Snapshots found =
      server_.run(server_.service->wait_for_any(alice, {{second, {}}, {unknown, {}}, {first, {}}}, never()));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ((*found)[0]->entry->id, second);
  EXPECT_FALSE((*found)[1]);
  EXPECT_EQ((*found)[2]->entry->id, first);
}

TEST_F(WaitTest, one_that_changes_answers_for_all) {
  const QueryId runs = running();
  server_.script("other", {.stall = Script::Stall::in_run});
  const QueryId ends = server_.submit("other");
  server_.stalled("other");
  auto waits = standing(server_.service->wait_for_any(alice, {{runs, version(runs)}, {ends, version(ends)}}, never()));
  EXPECT_FALSE(waits.done());
  server_.release("other");
  const Snapshots found = waits.get();
  EXPECT_EQ((*found)[0]->entry->state, State::running);
  EXPECT_EQ((*found)[1]->entry->state, State::succeeded);
}

TEST_F(WaitTest, one_that_is_new_to_the_client_answers_at_once) {
  const QueryId runs = running();
  const QueryId ended = server_.submit("quick");
  const std::uint64_t before = version(ended);
  server_.ended(ended);
  EXPECT_TRUE(server_.run(server_.service->wait_for_any(alice, {{runs, version(runs)}, {ended, {}}}, Deadline::max())));
  EXPECT_TRUE(
      server_.run(server_.service->wait_for_any(alice, {{runs, version(runs)}, {ended, before}}, Deadline::max())));
}

TEST_F(WaitTest, one_that_has_ended_does_not_keep_others_from_waiting) {
  const QueryId runs = running();
  const QueryId ended = server_.submit("quick");
  server_.ended(ended);
  auto waits =
      standing(server_.service->wait_for_any(alice, {{ended, version(ended)}, {runs, version(runs)}}, never()));
  EXPECT_FALSE(waits.done());
  server_.release("q");
  EXPECT_EQ((*waits.get())[1]->entry->state, State::succeeded);
}

TEST_F(WaitTest, many_without_news_are_answered_at_the_deadline) {
  const QueryId id = running();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  const Snapshots found = server_.run(server_.service->wait_for_any(alice, {{id, version(id)}}, deadline));
  EXPECT_EQ((*found)[0]->entry->state, State::running);
}

TEST_F(WaitTest, somebody_elses_query_neither_ends_a_wait_nor_is_told_of) {
  const QueryId mine = running();
  server_.script("theirs", {.stall = Script::Stall::in_run});
  const QueryId theirs = server_.run(server_.service->submit(bob, asking("theirs")))->snapshot.entry->id;
  server_.stalled("theirs");
  auto waits = standing(server_.service->wait_for_any(alice, {{mine, version(mine)}, {theirs, {}}}, never()));
  EXPECT_FALSE(waits.done()) << "that it is there would be news";
  auto guess =
      standing(server_.service->wait_for_any(alice, {{mine, version(mine)}, {theirs, version(theirs)}}, never()));
  server_.release("theirs");
  server_.ended(theirs);
  server_.flush();
  EXPECT_FALSE(waits.done());
  EXPECT_FALSE(guess.done());
  server_.release("q");
  for (auto* wait : {&waits, &guess}) {
    const Snapshots found = wait->get();
    EXPECT_EQ((*found)[0]->entry->state, State::succeeded);
    EXPECT_FALSE((*found)[1]);
  }
}

TEST_F(WaitTest, only_unknown_ones_are_answered_like_only_somebody_elses) {
  const QueryId theirs = running(bob);
  const Snapshots found =
      server_.run(server_.service->wait_for_any(alice, {{theirs, version(theirs)}}, Deadline::max()));
  const Snapshots nothing =
      server_.run(server_.service->wait_for_any(alice, {{make_query_id({}), 1}}, Deadline::max()));
  EXPECT_FALSE((*found)[0]);
  EXPECT_FALSE((*nothing)[0]);
}

TEST_F(WaitTest, too_many_waiters_are_refused) {
  testing::TestDirectory directory;
  TestServer server(directory, {.options = {.queries = {.waiters_max = 0}}});
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  const std::uint64_t known = server.status(id).entry->version;
  EXPECT_EQ(server.run(server.service->wait(alice, id, known, never())).error().code, Errc::resource_exhausted);
  EXPECT_EQ(server.run(server.service->wait_until_ended(alice, id, never())).error().code, Errc::resource_exhausted);
  EXPECT_EQ(server.run(server.service->wait_for_any(alice, {{id, known}}, never())).error().code,
            Errc::resource_exhausted);
}

// --- whose it is --------------------------------------------------------------------------------

TEST_F(WaitTest, somebody_elses_query_looks_like_none_in_every_call) {
  const QueryId live = running();
  const QueryId ended = server_.submit("quick");
  server_.ended(ended);
  Service& service = *server_.service;
  using Ask = std::function<std::optional<Error>(QueryId)>;
  const auto error_of = [](const auto& outcome) { return outcome ? std::nullopt : std::optional(outcome.error()); };
  const std::vector<Ask> asks{
      [&](QueryId id) { return error_of(server_.run(service.status(bob, id))); },
      [&](QueryId id) { return error_of(server_.run(service.wait(bob, id, 1, never()))); },
      [&](QueryId id) { return error_of(server_.run(service.wait_until_ended(bob, id, never()))); },
      [&](QueryId id) { return error_of(server_.run(service.claim(bob, id))); },
      [&](QueryId id) { return error_of(server_.run(service.cancel(bob, id))); },
      [&](QueryId id) { return error_of(server_.run(service.remove(bob, id))); },
  };
  for (std::size_t i = 0; i != asks.size(); ++i) {
    const auto of_none = asks[i](make_query_id({}));
    ASSERT_TRUE(of_none) << i;
    EXPECT_EQ(of_none->code, Errc::not_found) << i;
    for (const QueryId id : {live, ended}) {
      const auto refused = asks[i](id);
      ASSERT_TRUE(refused) << i;
      EXPECT_EQ(refused->code, of_none->code) << i;
      EXPECT_EQ(refused->message, of_none->message) << i;
    }
  }
  EXPECT_EQ(server_.state(live), State::running);
  EXPECT_EQ(server_.status(ended).entry->result_gone, journal::ResultGone::no);
}

TEST_F(WaitTest, an_administrator_may_ask_about_everybodys) {
  const QueryId id = running();
  EXPECT_TRUE(server_.run(server_.service->status(admin, id)));
  EXPECT_TRUE(server_.run(server_.service->cancel(admin, id)));
  EXPECT_EQ(server_.ended(id).entry->state, State::canceled);
}

}  // namespace
}  // namespace coatcheck::query
