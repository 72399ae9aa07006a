#include "query/admission.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace coatcheck::query {
namespace {

class AdmissionTest : public ::testing::Test {
 protected:
  // A query that was accepted and waits.
  QueryId enter(Admission& admission, Deadline leave_by = {}) { return enter(admission, "ann", 0, leave_by); }
  QueryId enter(Admission& admission, std::string principal, int priority = 0, Deadline leave_by = {}) {
    const QueryId id = make_query_id({});
    admission.enter(std::move(principal), priority, id, leave_by);
    return id;
  }
  // Whose turn it is, one after the other, while nobody ends.
  static std::string turns(Admission& admission) {
    std::string names;
    while (const auto place = admission.take_next()) names += place->principal + " ";
    return names;
  }
  // The same with one at a time.
  static std::string turns_one_by_one(Admission& admission) {
    std::string names;
    while (const auto place = admission.take_next()) {
      names += place->principal + " ";
      admission.release(place->principal);
    }
    return names;
  }
  static bool reserve(Admission& admission, const std::string& principal = "ann") {
    return admission.reserve(principal) == Admission::Room::yes;
  }

  Shares shares_;
};

TEST_F(AdmissionTest, takes_as_many_as_may_run_and_as_may_wait) {
  Admission admission({.running_max = 1, .queued_max = 2}, shares_);
  EXPECT_TRUE(reserve(admission));
  EXPECT_TRUE(reserve(admission));
  EXPECT_TRUE(reserve(admission));
  EXPECT_FALSE(reserve(admission));
  admission.unreserve("ann");
  EXPECT_TRUE(reserve(admission));
}

TEST_F(AdmissionTest, who_waits_takes_a_place_and_who_runs_does_not) {
  Admission admission({.running_max = 1, .queued_max = 1}, shares_);
  enter(admission);
  enter(admission);
  EXPECT_FALSE(reserve(admission));
  ASSERT_TRUE(admission.take_next());
  EXPECT_FALSE(reserve(admission)) << "one runs, one waits";
  admission.release("ann");
  EXPECT_TRUE(reserve(admission)) << "the one that waits can run now";
}

TEST_F(AdmissionTest, without_a_queue_only_what_can_run_at_once_is_taken) {
  Admission admission({.running_max = 2, .queued_max = 0}, shares_);
  enter(admission);
  ASSERT_TRUE(admission.take_next());
  EXPECT_TRUE(reserve(admission));
  EXPECT_FALSE(reserve(admission));
}

TEST_F(AdmissionTest, enter_asks_no_limit) {
  Admission admission({.running_max = 1, .queued_max = 1}, shares_);
  for (int i = 0; i != 5; ++i) enter(admission);
  EXPECT_EQ(admission.queued(), 5U);
  EXPECT_FALSE(reserve(admission));
}

TEST_F(AdmissionTest, first_come_first_served) {
  Admission admission({.running_max = 10}, shares_);
  const std::vector<QueryId> ids{enter(admission), enter(admission), enter(admission)};
  for (const QueryId id : ids) EXPECT_EQ(admission.take_next()->id, id);
  EXPECT_FALSE(admission.take_next());
  EXPECT_EQ(admission.running(), 3U);
  EXPECT_EQ(admission.queued(), 0U);
}

TEST_F(AdmissionTest, the_order_is_that_of_coming_and_not_of_ids) {
  Admission admission({.running_max = 10}, shares_);
  const QueryId older = make_query_id({});
  const QueryId newer = make_query_id({});
  admission.enter("ann", 0, newer, {});
  admission.enter("ann", 0, older, {});
  EXPECT_EQ(admission.take_next()->id, newer);
}

TEST_F(AdmissionTest, nobody_is_taken_while_all_places_to_run_are_taken) {
  Admission admission({.running_max = 1}, shares_);
  enter(admission);
  const QueryId second = enter(admission);
  ASSERT_TRUE(admission.take_next());
  EXPECT_FALSE(admission.take_next());
  EXPECT_EQ(admission.position(second), 0U);
  admission.release("ann");
  EXPECT_EQ(admission.running(), 0U);
  EXPECT_EQ(admission.take_next()->id, second);
}

TEST_F(AdmissionTest, a_position_is_how_many_are_before) {
  Admission admission({.running_max = 1}, shares_);
  const QueryId first = enter(admission);
  const QueryId second = enter(admission);
  const QueryId third = enter(admission);
  EXPECT_EQ(admission.position(first), 0U);
  EXPECT_EQ(admission.position(third), 2U);
  EXPECT_TRUE(admission.remove(second));
  EXPECT_EQ(admission.position(third), 1U);
  EXPECT_EQ(admission.position(second), std::nullopt);
  ASSERT_EQ(admission.take_next()->id, first);
  EXPECT_EQ(admission.position(third), 0U);
  EXPECT_EQ(admission.position(first), std::nullopt) << "it runs";
}

TEST_F(AdmissionTest, only_who_waits_can_be_removed) {
  Admission admission({.running_max = 1}, shares_);
  const QueryId runs = enter(admission);
  const QueryId waits = enter(admission);
  ASSERT_EQ(admission.take_next()->id, runs);
  EXPECT_FALSE(admission.remove(runs));
  EXPECT_FALSE(admission.remove(make_query_id({})));
  EXPECT_TRUE(admission.remove(waits));
  EXPECT_FALSE(admission.remove(waits));
  EXPECT_EQ(admission.running(), 1U);
  EXPECT_EQ(admission.queued(), 0U);
}

TEST_F(AdmissionTest, who_has_waited_longest_is_the_first_in_line) {
  Admission admission({.running_max = 1}, shares_);
  EXPECT_FALSE(admission.longest_waiting());
  const Deadline soon{std::chrono::seconds(1)};
  const Deadline late{std::chrono::seconds(2)};
  const QueryId first = enter(admission, late);
  const QueryId second = enter(admission, soon);
  EXPECT_EQ(admission.longest_waiting()->id, first);
  EXPECT_EQ(admission.longest_waiting()->leave_by, late);
  admission.remove(first);
  EXPECT_EQ(admission.longest_waiting()->id, second);
  EXPECT_EQ(admission.longest_waiting()->leave_by, soon);
}

TEST_F(AdmissionTest, who_is_put_back_stands_where_it_stood) {
  Admission admission({.running_max = 1}, shares_);
  const QueryId first = enter(admission);
  const QueryId second = enter(admission);
  const auto place = admission.remove(first);
  ASSERT_TRUE(place);
  EXPECT_EQ(admission.position(second), 0U);
  admission.put_back(*place);
  EXPECT_EQ(admission.position(first), 0U);
  EXPECT_EQ(admission.position(second), 1U);
}

TEST_F(AdmissionTest, principals_are_served_in_turn) {
  Admission admission({.running_max = 1}, shares_);
  for (int i = 0; i != 4; ++i) enter(admission, "flood");
  ASSERT_EQ(admission.take_next()->principal, "flood");
  enter(admission, "bob");
  enter(admission, "cleo");
  enter(admission, "bob");
  admission.release("flood");
  EXPECT_EQ(turns_one_by_one(admission), "bob cleo bob flood flood flood ");
}

TEST_F(AdmissionTest, the_next_place_goes_to_who_has_least_running) {
  Admission admission({.running_max = 4}, shares_);
  for (int i = 0; i != 9; ++i) enter(admission, "flood");
  EXPECT_EQ(turns(admission), "flood flood flood flood ");
  for (int i = 0; i != 2; ++i) enter(admission, "bob");
  admission.release("flood");
  EXPECT_EQ(turns(admission), "bob ");
  admission.release("flood");
  EXPECT_EQ(turns(admission), "bob ");
  admission.release("flood");
  EXPECT_EQ(turns(admission), "flood ");
}

TEST_F(AdmissionTest, whose_queries_take_long_does_not_come_to_hold_all_places) {
  Admission admission({.running_max = 2}, shares_);
  for (int i = 0; i != 9; ++i) {
    enter(admission, "slow");
    enter(admission, "quick");
  }
  EXPECT_EQ(turns(admission), "quick slow ");
  for (int i = 0; i != 5; ++i) {
    admission.release("quick");
    ASSERT_EQ(turns(admission), "quick ");
  }
}

TEST_F(AdmissionTest, who_waits_alone_takes_all_places_and_loses_no_turn_later) {
  Admission admission({.running_max = 1}, shares_);
  for (int i = 0; i != 100; ++i) enter(admission, "early");
  for (int i = 0; i != 50; ++i) {
    ASSERT_TRUE(admission.take_next());
    admission.release("early");
  }
  // Whoever comes anew has saved up nothing, and is not behind either.
  for (int i = 0; i != 3; ++i) enter(admission, "late");
  std::string names;
  for (int i = 0; i != 6; ++i) {
    names += admission.take_next()->principal + " ";
    admission.release(names.ends_with("late ") ? "late" : "early");
  }
  EXPECT_EQ(names, "late early late early late early ");
}

TEST_F(AdmissionTest, a_weight_is_how_many_turns_one_has_for_another_ones_one) {
  shares_ = Shares({}, {{"heavy", {.weight = 3}}});
  Admission admission({.running_max = 1}, shares_);
  for (int i = 0; i != 30; ++i) {
    enter(admission, "heavy");
    enter(admission, "light");
  }
  std::map<std::string, int> turns;
  for (int i = 0; i != 20; ++i) {
    const auto place = admission.take_next();
    ++turns[place->principal];
    admission.release(place->principal);
  }
  EXPECT_EQ(turns["heavy"], 15);
  EXPECT_EQ(turns["light"], 5);
}

TEST_F(AdmissionTest, of_one_principals_queries_the_urgent_go_first_and_nobody_elses_wait_for_them) {
  Admission admission({.running_max = 1}, shares_);
  const QueryId usual = enter(admission, "ann");
  const QueryId urgent = enter(admission, "ann", 1);
  const QueryId later = enter(admission, "ann", -1);
  const QueryId other = enter(admission, "bob");
  EXPECT_EQ(admission.position(urgent), 0U);
  EXPECT_EQ(admission.position(other), 1U);
  EXPECT_EQ(admission.position(usual), 2U);
  EXPECT_EQ(admission.position(later), 3U);
  for (const QueryId id : {urgent, other, usual, later}) {
    const auto place = admission.take_next();
    ASSERT_EQ(place->id, id);
    admission.release(place->principal);
  }
}

TEST_F(AdmissionTest, a_position_among_many_is_the_turn_that_it_will_be) {
  shares_ = Shares({}, {{"heavy", {.weight = 2}}});
  Admission admission({.running_max = 1}, shares_);
  std::map<QueryId, std::size_t> expected;
  for (int i = 0; i != 6; ++i) {
    for (const char* name : {"ann", "heavy", "bob"}) expected[enter(admission, name)] = 0;
  }
  for (auto& [id, position] : expected) position = *admission.position(id);
  for (std::size_t turn = 0; turn != expected.size(); ++turn) {
    const auto place = admission.take_next();
    const std::size_t said = expected[place->id];
    EXPECT_LE(said > turn ? said - turn : turn - said, 2U) << "it was said to be " << said << ", and is " << turn;
    admission.release(place->principal);
  }
}

TEST_F(AdmissionTest, a_principal_has_no_more_than_its_limits_in_all_warehouses_together) {
  shares_ = Shares({.running_max = 2, .queued_max = 1}, {});
  Admission here({.running_max = 4}, shares_);
  Admission there({.running_max = 4}, shares_);
  enter(here, "ann");
  enter(there, "ann");
  enter(there, "ann");
  enter(there, "bob");
  EXPECT_EQ(turns(here), "ann ");
  EXPECT_EQ(turns(there), "ann bob ");
  EXPECT_EQ(here.reserve("ann"), Admission::Room::no_more_of_the_same);
  EXPECT_EQ(here.reserve("bob"), Admission::Room::yes);
  here.release("ann");
  EXPECT_EQ(turns(there), "ann ") << "what ended elsewhere makes room";
  EXPECT_EQ(here.reserve("ann"), Admission::Room::yes);
}

TEST_F(AdmissionTest, a_principal_may_have_a_limit_to_what_waits_and_none_to_what_runs) {
  shares_ = Shares({.queued_max = 1}, {});
  Admission admission({.running_max = 1}, shares_);
  enter(admission, "ann");
  enter(admission, "ann");
  EXPECT_EQ(turns(admission), "ann ");
  EXPECT_EQ(admission.reserve("ann"), Admission::Room::no_more_of_the_same) << "one runs, one waits";
  admission.release("ann");
  EXPECT_EQ(admission.reserve("ann"), Admission::Room::yes) << "the one that waits can run now";
}

TEST_F(AdmissionTest, what_has_begun_elsewhere_counts_as_running_and_can_be_made_to_wait) {
  shares_ = Shares({.running_max = 1}, {});
  Admission admission({.running_max = 4}, shares_);
  const QueryId first = make_query_id({});
  const Admission::Place place = admission.enter_running("ann", 0, first, {});
  const QueryId second = enter(admission, "ann");
  EXPECT_EQ(admission.running(), 1U);
  EXPECT_FALSE(admission.take_next());
  admission.release("ann");
  admission.put_back(place);
  EXPECT_EQ(admission.position(first), 0U);
  EXPECT_EQ(admission.position(second), 1U);
}

TEST_F(AdmissionTest, a_full_warehouse_is_not_the_principals_fault) {
  Admission admission({.running_max = 1, .queued_max = 1}, shares_);
  enter(admission, "ann");
  enter(admission, "ann");
  EXPECT_EQ(admission.reserve("bob"), Admission::Room::no_more_here);
}

TEST_F(AdmissionTest, nothing_is_remembered_of_who_has_nothing_here) {
  Admission admission({.running_max = 4}, shares_);
  for (int i = 0; i != 100; ++i) {
    const std::string name = "principal " + std::to_string(i);
    ASSERT_TRUE(reserve(admission, name));
    const QueryId id = enter(admission, name);
    admission.unreserve(name);
    if (i % 2 == 0) {
      EXPECT_EQ(admission.take_next()->id, id);
      admission.release(name);
    } else {
      EXPECT_TRUE(admission.remove(id));
    }
    EXPECT_EQ(shares_.running(name) + shares_.queued(name), 0U);
  }
  EXPECT_EQ(admission.queued() + admission.running(), 0U);
}

}  // namespace
}  // namespace coatcheck::query
