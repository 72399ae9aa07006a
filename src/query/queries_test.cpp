#include "query/queries.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "query/testing/holdable_journal.hpp"
#include "query/testing/started.hpp"
#include "query/testing/test_directory.hpp"
#include "warehouse/testing/run_task.hpp"

namespace coatcheck::query {
namespace {

using journal::Event;
using journal::State;
using Known = Queries::Known;

Queries::Fill nothing() {
  return [](journal::Entry&) {};
}

Deadline never() { return std::chrono::steady_clock::now() + std::chrono::hours(1); }

class QueriesTest : public ::testing::Test {
 protected:
  QueriesTest() : journal_(loop_, *journal::open_sqlite_journal({.file = directory_.path() / "journal.db"}, loop_)) {}
  ~QueriesTest() override {
    queries_->release_waiters();
    journal_.let_go();
    warehouse::run_task(loop_, journal_.close());
    loop_.poll();
  }

  void reopen(QueriesOptions options) {
    queries_.reset();
    queries_.emplace(loop_, journal_, options);
  }

  static journal::Entry entry(std::string key = "", std::string text = "SELECT 1") {
    journal::Entry entry;
    entry.id = make_query_id({});
    entry.submission.principal = "alice";
    entry.submission.warehouse = "main";
    entry.submission.statement.text = std::move(text);
    entry.submission.idempotency_key = std::move(key);
    return entry;
  }

  template <class T>
  T run(async::Task<T> task) {
    return warehouse::run_task(loop_, std::move(task));
  }
  template <class T>
  testing::Started<T> begin(async::Task<T> task) {
    return testing::Started<T>(loop_, std::move(task));
  }

  LivePtr add(journal::Entry entry) { return run(queries_->add(std::move(entry)))->live; }
  LivePtr add() { return add(entry()); }
  void change(const LivePtr& live, Event event) { ASSERT_TRUE(run(queries_->change(live, event, nothing()))); }
  void end(const LivePtr& live) { change(live, Event::canceled); }
  std::optional<journal::Entry> stored(QueryId id) { return *run(journal_.find(id)); }

  // A wait that stands: it has looked at the queries and is counted.
  testing::Started<Result<void>> wait(std::vector<Known> known, Deadline deadline = never()) {
    const std::size_t before = queries_->waiters();
    auto waits = begin(queries_->wait(std::move(known), deadline));
    loop_.restart();
    while (queries_->waiters() == before && !waits.done() && loop_.run_one() > 0) {
    }
    return waits;
  }
  // Turns of the loop enough for whoever was woken, with a way to the disk and back.
  void let_the_loop_turn() { ASSERT_TRUE(run(journal_.forget(Timestamp(), 1))); }

  testing::TestDirectory directory_;
  async::Loop loop_{1};
  testing::HoldableJournal journal_;
  std::optional<Queries> queries_{std::in_place, loop_, journal_, QueriesOptions{}};
};

// --- add, change, note, amend -------------------------------------------------------------------

TEST_F(QueriesTest, an_added_query_is_on_disk_and_in_memory) {
  const auto added = run(queries_->add(entry()));
  ASSERT_TRUE(added);
  EXPECT_FALSE(added->replayed);
  EXPECT_EQ(added->entry->version, 1U);
  EXPECT_EQ(queries_->live(added->entry->id), added->live);
  EXPECT_EQ(stored(added->entry->id), *added->entry);
}

TEST_F(QueriesTest, a_used_key_gives_the_earlier_query_as_it_is_now) {
  const LivePtr first = add(entry("k"));
  change(first, Event::started);
  const auto again = run(queries_->add(entry("k")));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->live, nullptr);
  EXPECT_EQ(again->entry, first->entry);
}

TEST_F(QueriesTest, a_used_key_finds_a_query_that_left_the_memory) {
  reopen({.ended_max = 0});
  const LivePtr first = add(entry("k"));
  end(first);
  ASSERT_EQ(queries_->live(first->entry->id), nullptr);
  const auto again = run(queries_->add(entry("k")));
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(*again->entry, *first->entry);
}

TEST_F(QueriesTest, what_the_journal_refuses_is_not_there) {
  journal_.refuse(Error{Errc::io_error, "no"});
  journal::Entry refused = entry();
  const QueryId id = refused.id;
  EXPECT_EQ(run(queries_->add(std::move(refused))).error().code, Errc::io_error);
  EXPECT_EQ(queries_->live(id), nullptr);
}

TEST_F(QueriesTest, a_change_is_seen_when_it_is_on_disk_and_not_before) {
  const LivePtr live = add();
  journal_.hold();
  auto changing = begin(queries_->change(live, Event::started, [](journal::Entry& entry) { entry.attempt = 7; }));
  warehouse::run_task(loop_, journal_.held(1));
  EXPECT_EQ(live->head->state, State::running);
  EXPECT_EQ(live->entry->state, State::queued);
  EXPECT_EQ((*run(queries_->find(live->entry->id)))->version, 1U);

  journal_.let_go();
  ASSERT_TRUE(changing.get());
  EXPECT_EQ(live->entry->state, State::running);
  EXPECT_EQ(live->entry->version, 2U);
  EXPECT_EQ(live->entry->attempt, 7);
  EXPECT_EQ(stored(live->entry->id), *live->entry);
}

TEST_F(QueriesTest, a_change_that_the_lifecycle_forbids_is_a_conflict_and_leaves_no_trace) {
  const LivePtr live = add();
  EXPECT_EQ(run(queries_->change(live, Event::succeeded, nothing())).error().code, Errc::conflict);
  EXPECT_EQ(queries_->note(live, Event::succeeded, nothing()).error().code, Errc::conflict);
  EXPECT_EQ(live->head, live->entry);
  EXPECT_EQ(live->entry->version, 1U);
  EXPECT_EQ(stored(live->entry->id)->version, 1U);
}

TEST_F(QueriesTest, of_two_ends_that_meet_the_first_wins) {
  const LivePtr live = add();
  change(live, Event::started);
  journal_.hold();
  auto first = begin(queries_->change(live, Event::canceled, nothing()));
  warehouse::run_task(loop_, journal_.held(1));
  EXPECT_EQ(run(queries_->change(live, Event::succeeded, nothing())).error().code, Errc::conflict);
  journal_.let_go();
  EXPECT_TRUE(first.get());
  EXPECT_EQ(stored(live->entry->id)->state, State::canceled);
}

TEST_F(QueriesTest, changes_under_way_together_keep_their_order) {
  const LivePtr live = add();
  journal_.hold();
  auto first = begin(queries_->change(live, Event::started, nothing()));
  auto second = begin(queries_->change(live, Event::cancel_requested, nothing()));
  auto third = begin(queries_->change(live, Event::canceled, nothing()));
  warehouse::run_task(loop_, journal_.held(3));
  journal_.let_go();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(second.get());
  EXPECT_TRUE(third.get());
  EXPECT_EQ(live->entry->state, State::canceled);
  EXPECT_EQ(live->entry->version, 4U);
  EXPECT_EQ(stored(live->entry->id), *live->entry);
}

TEST_F(QueriesTest, a_note_is_seen_at_once_and_on_disk_with_the_next_change) {
  const LivePtr live = add();
  ASSERT_TRUE(queries_->note(live, Event::started, [](journal::Entry& entry) { entry.attempt = 1; }));
  EXPECT_EQ(live->entry->state, State::running);
  EXPECT_EQ(live->entry->version, 2U);
  change(live, Event::cancel_requested);
  EXPECT_EQ(stored(live->entry->id)->attempt, 1);
  EXPECT_EQ(stored(live->entry->id)->version, 3U);
}

TEST_F(QueriesTest, an_amendment_leaves_the_state_and_makes_a_version) {
  const LivePtr live = add();
  ASSERT_TRUE(run(queries_->amend(live->entry, [](journal::Entry& entry) { entry.crashes = 1; })));
  EXPECT_EQ(live->entry->state, State::queued);
  EXPECT_EQ(live->entry->version, 2U);
  EXPECT_EQ(stored(live->entry->id)->crashes, 1);
}

TEST_F(QueriesTest, what_is_no_longer_in_memory_can_be_amended) {
  reopen({.ended_max = 0});
  const LivePtr live = add();
  end(live);
  ASSERT_EQ(queries_->live(live->entry->id), nullptr);
  ASSERT_TRUE(run(queries_->amend(live->entry, [](journal::Entry& entry) { entry.crashes = 1; })));
  EXPECT_EQ(stored(live->entry->id)->crashes, 1);
  EXPECT_EQ(stored(live->entry->id)->version, 3U);
}

TEST_F(QueriesTest, a_change_that_the_journal_refuses_can_be_made_later) {
  const LivePtr live = add();
  journal_.refuse(Error{Errc::resource_exhausted, "too much"});
  EXPECT_EQ(run(queries_->try_change(live, Event::started, nothing())).error().code, Errc::resource_exhausted);
  EXPECT_EQ(live->entry->state, State::queued);
  journal_.refuse(std::nullopt);
  EXPECT_TRUE(run(queries_->try_change(live, Event::started, nothing())));
  EXPECT_EQ(stored(live->entry->id)->state, State::running);
}

TEST_F(QueriesTest, a_change_goes_on_until_the_journal_takes_it) {
  const LivePtr live = add();
  journal_.refuse(Error{Errc::resource_exhausted, "too much"});
  auto changing = begin(queries_->change(live, Event::started, nothing()));
  run(journal_.refused(2));
  EXPECT_FALSE(changing.done());
  EXPECT_EQ(live->head->state, State::queued);
  journal_.refuse(std::nullopt);
  EXPECT_TRUE(changing.get());
  EXPECT_EQ(stored(live->entry->id)->state, State::running);
}

TEST_F(QueriesTest, an_amendment_goes_on_until_the_journal_takes_it) {
  const LivePtr live = add();
  journal_.refuse(Error{Errc::resource_exhausted, "too much"});
  auto amending = begin(queries_->amend(live->entry, [](journal::Entry& entry) { entry.crashes = 1; }));
  run(journal_.refused(2));
  EXPECT_FALSE(amending.done());
  journal_.refuse(std::nullopt);
  EXPECT_TRUE(amending.get());
  EXPECT_EQ(stored(live->entry->id)->crashes, 1);
}

TEST_F(QueriesTest, a_change_that_waits_for_the_journal_asks_the_lifecycle_again) {
  const LivePtr live = add();
  journal_.refuse(Error{Errc::resource_exhausted, "too much"});
  auto starting = begin(queries_->change(live, Event::started, nothing()));
  run(journal_.refused(1));
  journal_.refuse(std::nullopt);
  EXPECT_TRUE(run(queries_->try_change(live, Event::canceled, nothing())));
  EXPECT_EQ(starting.get().error().code, Errc::conflict);
  EXPECT_EQ(stored(live->entry->id)->state, State::canceled);
}

TEST_F(QueriesTest, a_change_gives_up_when_the_journal_is_broken) {
  const LivePtr live = add();
  journal_.refuse(Error{Errc::resource_exhausted, "too much"});
  auto changing = begin(queries_->change(live, Event::started, nothing()));
  run(journal_.refused(1));
  journal_.refuse(Error{Errc::io_error, "the disk is full"});
  EXPECT_EQ(changing.get().error().code, Errc::io_error);
}

TEST_F(QueriesTest, what_is_forgotten_leaves_the_memory_and_makes_room_there) {
  reopen({.ended_max = 2});
  const LivePtr first = add();
  const LivePtr second = add();
  const LivePtr unfinished = add();
  end(first);
  end(second);
  queries_->forget({first->entry->id, make_query_id({}), unfinished->entry->id});
  EXPECT_EQ(queries_->live(first->entry->id), nullptr);
  EXPECT_NE(queries_->live(unfinished->entry->id), nullptr) << "what has not ended is never forgotten";
  end(unfinished);
  EXPECT_NE(queries_->live(second->entry->id), nullptr) << "there is room for two";
  EXPECT_NE(queries_->live(unfinished->entry->id), nullptr);
}

TEST_F(QueriesTest, finds_what_is_in_memory_what_is_on_disk_and_nothing_else) {
  reopen({.ended_max = 0});
  const LivePtr live = add();
  const LivePtr ended = add();
  end(ended);
  EXPECT_EQ(*run(queries_->find(live->entry->id)), live->entry);
  EXPECT_EQ(**run(queries_->find(ended->entry->id)), *ended->entry);
  EXPECT_EQ(run(queries_->find(make_query_id({}))).error().code, Errc::not_found);
}

// --- waiting ------------------------------------------------------------------------------------

TEST_F(QueriesTest, a_wait_ends_with_a_change) {
  const LivePtr live = add();
  auto waits = wait({{live->entry->id, 1}});
  EXPECT_EQ(queries_->waiters(), 1U);
  EXPECT_FALSE(waits.done());
  change(live, Event::started);
  EXPECT_TRUE(waits.get());
  EXPECT_EQ(queries_->waiters(), 0U);
}

TEST_F(QueriesTest, a_note_and_an_amendment_end_a_wait_too) {
  const LivePtr live = add();
  auto first = wait({{live->entry->id, 1}});
  ASSERT_TRUE(queries_->note(live, Event::started, nothing()));
  EXPECT_TRUE(first.get());
  auto second = wait({{live->entry->id, 2}});
  ASSERT_TRUE(run(queries_->amend(live->entry, nothing())));
  EXPECT_TRUE(second.get());
}

TEST_F(QueriesTest, everybody_who_waits_for_a_query_is_woken_and_nobody_else) {
  const LivePtr live = add();
  const LivePtr other = add();
  auto one = wait({{live->entry->id, 1}});
  auto two = wait({{live->entry->id, 1}});
  auto three = wait({{other->entry->id, 1}});
  EXPECT_EQ(queries_->waiters(), 3U);
  change(live, Event::started);
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  let_the_loop_turn();
  EXPECT_FALSE(three.done());
  EXPECT_EQ(queries_->waiters(), 1U);
}

TEST_F(QueriesTest, any_of_many_ends_a_wait) {
  const LivePtr first = add();
  const LivePtr second = add();
  auto waits = wait({{first->entry->id, 1}, {second->entry->id, 1}});
  change(second, Event::started);
  EXPECT_TRUE(waits.get());
  // The link to the other one has gone with the waiter.
  EXPECT_TRUE(first->watches.empty());
  change(first, Event::started);
}

TEST_F(QueriesTest, the_same_query_twice_is_one_wait) {
  const LivePtr live = add();
  auto waits = wait({{live->entry->id, 1}, {live->entry->id, 1}});
  EXPECT_EQ(queries_->waiters(), 1U);
  change(live, Event::started);
  EXPECT_TRUE(waits.get());
}

TEST_F(QueriesTest, who_knows_less_than_there_is_does_not_wait) {
  const LivePtr live = add();
  change(live, Event::started);
  EXPECT_TRUE(run(queries_->wait({{live->entry->id, 1}}, Deadline::max())));
  // Nor who claims to know more: it has seen something that a crash took back.
  EXPECT_TRUE(run(queries_->wait({{live->entry->id, 9}}, Deadline::max())));
}

TEST_F(QueriesTest, nobody_waits_for_what_cannot_change) {
  const LivePtr live = add();
  end(live);
  EXPECT_TRUE(run(queries_->wait({{live->entry->id, live->entry->version}}, Deadline::max())));
  EXPECT_TRUE(run(queries_->wait({{make_query_id({}), 1}}, Deadline::max())));
  EXPECT_TRUE(run(queries_->wait({}, Deadline::max())));
}

TEST_F(QueriesTest, a_wait_ends_at_its_deadline) {
  const LivePtr live = add();
  EXPECT_TRUE(run(queries_->wait({{live->entry->id, 1}}, std::chrono::steady_clock::now())));
  auto waits = wait({{live->entry->id, 1}}, std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_TRUE(waits.get());
  EXPECT_EQ(live->entry->version, 1U);
  EXPECT_EQ(queries_->waiters(), 0U);
}

TEST_F(QueriesTest, releasing_answers_everybody_now_and_later) {
  const LivePtr live = add();
  const LivePtr other = add();
  auto one = wait({{live->entry->id, 1}});
  auto two = wait({{other->entry->id, 1}});
  queries_->release_waiters();
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(two.get());
  EXPECT_TRUE(run(queries_->wait({{live->entry->id, 1}}, Deadline::max())));
}

TEST_F(QueriesTest, a_waiter_that_is_canceled_is_forgotten_at_once) {
  const LivePtr live = add();
  auto leaves = wait({{live->entry->id, 1}});
  auto stays = wait({{live->entry->id, 1}});
  leaves.cancel();
  leaves.join();
  EXPECT_EQ(queries_->waiters(), 1U);
  EXPECT_EQ(live->watches.size(), 1U);
  change(live, Event::started);
  EXPECT_TRUE(stays.get());
}

TEST_F(QueriesTest, too_many_waiters_are_refused) {
  reopen({.waiters_max = 1});
  const LivePtr live = add();
  auto waits = wait({{live->entry->id, 1}});
  EXPECT_EQ(run(queries_->wait({{live->entry->id, 1}}, never())).error().code, Errc::resource_exhausted);
  change(live, Event::started);
  ASSERT_TRUE(waits.get());
  auto next = wait({{live->entry->id, 2}});
  EXPECT_FALSE(next.done()) << "there is room again";
}

// --- memory -------------------------------------------------------------------------------------

TEST_F(QueriesTest, of_ended_queries_the_newest_stay_in_memory) {
  reopen({.ended_max = 2});
  std::vector<LivePtr> lives;
  for (int i = 0; i != 4; ++i) lives.push_back(add());
  for (const LivePtr& live : {lives[1], lives[0], lives[3]}) end(live);
  EXPECT_EQ(queries_->live(lives[1]->entry->id), nullptr) << "it ended first";
  EXPECT_EQ(queries_->live(lives[0]->entry->id), lives[0]);
  EXPECT_EQ(queries_->live(lives[3]->entry->id), lives[3]);
  EXPECT_EQ(queries_->live(lives[2]->entry->id), lives[2]) << "it has not ended";
}

TEST_F(QueriesTest, ended_queries_leave_the_memory_by_weight) {
  reopen({.ended_bytes_max = 100'000});
  const LivePtr heavy = add(entry("", std::string(60'000, 'x')));
  const LivePtr light = add();
  end(heavy);
  end(light);
  EXPECT_NE(queries_->live(heavy->entry->id), nullptr);
  const LivePtr heavy_too = add(entry("", std::string(60'000, 'y')));
  EXPECT_NE(queries_->live(heavy->entry->id), nullptr) << "who has not ended is not counted";
  end(heavy_too);
  EXPECT_EQ(queries_->live(heavy->entry->id), nullptr);
  EXPECT_NE(queries_->live(light->entry->id), nullptr) << "that was enough";
  EXPECT_NE(queries_->live(heavy_too->entry->id), nullptr);
}

TEST_F(QueriesTest, parameters_and_failures_have_weight) {
  reopen({.ended_bytes_max = 100'000});
  journal::Entry with_parameter = entry();
  with_parameter.submission.statement.parameters.push_back({.value = std::string(60'000, 'x')});
  const LivePtr first = add(std::move(with_parameter));
  end(first);
  const LivePtr second = add();
  ASSERT_TRUE(run(queries_->change(second, Event::failed, [](journal::Entry& entry) {
    entry.failure = Failure{.message = std::string(60'000, 'x')};
  })));
  EXPECT_EQ(queries_->live(first->entry->id), nullptr);
  EXPECT_NE(queries_->live(second->entry->id), nullptr);
}

TEST_F(QueriesTest, rows_of_parameters_stay_until_the_end) {
  journal::Entry with_rows = entry();
  const ParameterRows rows(1, {{.value = "a"}, {.value = "b"}});
  with_rows.submission.statement.parameter_rows = rows;
  const LivePtr live = add(std::move(with_rows));
  ASSERT_TRUE(run(queries_->change(live, Event::started, [](journal::Entry&) {})));
  EXPECT_EQ(live->entry->submission.statement.parameter_rows, rows);
  end(live);
  EXPECT_TRUE(live->entry->submission.statement.parameter_rows.empty());
}

TEST_F(QueriesTest, who_waited_is_woken_by_an_end_that_leaves_the_memory_at_once) {
  reopen({.ended_max = 0});
  const LivePtr live = add();
  auto waits = wait({{live->entry->id, 1}});
  end(live);
  EXPECT_TRUE(waits.get());
  EXPECT_EQ((*run(queries_->find(live->entry->id)))->state, State::canceled);
}

// --- stopping -----------------------------------------------------------------------------------

TEST_F(QueriesTest, the_first_reason_to_stop_is_the_one_that_counts) {
  const LivePtr live = add();
  live->stop(StopReason::canceled);
  live->stop(StopReason::shutting_down);
  EXPECT_EQ(live->stopped_for, StopReason::canceled);
}

TEST_F(QueriesTest, stopping_all_leaves_out_what_has_ended) {
  const LivePtr live = add();
  const LivePtr ended = add();
  end(ended);
  queries_->stop_all(StopReason::shutting_down);
  EXPECT_EQ(live->stopped_for, StopReason::shutting_down);
  EXPECT_EQ(ended->stopped_for, StopReason::none);
}

}  // namespace
}  // namespace coatcheck::query
