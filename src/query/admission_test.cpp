#include "query/admission.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace coatcheck::query {
namespace {

class AdmissionTest : public ::testing::Test {
 protected:
  // A query that was accepted and waits.
  QueryId enter(Admission& admission, Deadline leave_by = {}) {
    const QueryId id = make_query_id({});
    admission.enter(id, leave_by);
    return id;
  }
};

TEST_F(AdmissionTest, takes_as_many_as_may_run_and_as_may_wait) {
  Admission admission({.running_max = 1, .queued_max = 2});
  EXPECT_TRUE(admission.reserve());
  EXPECT_TRUE(admission.reserve());
  EXPECT_TRUE(admission.reserve());
  EXPECT_FALSE(admission.reserve());
  admission.unreserve();
  EXPECT_TRUE(admission.reserve());
}

TEST_F(AdmissionTest, who_waits_takes_a_place_and_who_runs_does_not) {
  Admission admission({.running_max = 1, .queued_max = 1});
  enter(admission);
  enter(admission);
  EXPECT_FALSE(admission.reserve());
  ASSERT_TRUE(admission.take_next());
  EXPECT_FALSE(admission.reserve()) << "one runs, one waits";
  admission.release();
  EXPECT_TRUE(admission.reserve()) << "the one that waits can run now";
}

TEST_F(AdmissionTest, without_a_queue_only_what_can_run_at_once_is_taken) {
  Admission admission({.running_max = 2, .queued_max = 0});
  enter(admission);
  ASSERT_TRUE(admission.take_next());
  EXPECT_TRUE(admission.reserve());
  EXPECT_FALSE(admission.reserve());
}

TEST_F(AdmissionTest, enter_asks_no_limit) {
  Admission admission({.running_max = 1, .queued_max = 1});
  for (int i = 0; i != 5; ++i) enter(admission);
  EXPECT_EQ(admission.queued(), 5U);
  EXPECT_FALSE(admission.reserve());
}

TEST_F(AdmissionTest, first_come_first_served) {
  Admission admission({.running_max = 10});
  const std::vector<QueryId> ids{enter(admission), enter(admission), enter(admission)};
  for (const QueryId id : ids) EXPECT_EQ(admission.take_next()->id, id);
  EXPECT_FALSE(admission.take_next());
  EXPECT_EQ(admission.running(), 3U);
  EXPECT_EQ(admission.queued(), 0U);
}

TEST_F(AdmissionTest, the_order_is_that_of_coming_and_not_of_ids) {
  Admission admission({.running_max = 10});
  const QueryId older = make_query_id({});
  const QueryId newer = make_query_id({});
  admission.enter(newer, {});
  admission.enter(older, {});
  EXPECT_EQ(admission.take_next()->id, newer);
}

TEST_F(AdmissionTest, nobody_is_taken_while_all_places_to_run_are_taken) {
  Admission admission({.running_max = 1});
  enter(admission);
  const QueryId second = enter(admission);
  ASSERT_TRUE(admission.take_next());
  EXPECT_FALSE(admission.take_next());
  EXPECT_EQ(admission.position(second), 0U);
  admission.release();
  EXPECT_EQ(admission.running(), 0U);
  EXPECT_EQ(admission.take_next()->id, second);
}

TEST_F(AdmissionTest, a_position_is_how_many_are_before) {
  Admission admission({.running_max = 1});
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
  Admission admission({.running_max = 1});
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
  Admission admission({.running_max = 1});
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
  Admission admission({.running_max = 1});
  const QueryId first = enter(admission);
  const QueryId second = enter(admission);
  const auto place = admission.remove(first);
  ASSERT_TRUE(place);
  EXPECT_EQ(admission.position(second), 0U);
  admission.put_back(*place);
  EXPECT_EQ(admission.position(first), 0U);
  EXPECT_EQ(admission.position(second), 1U);
}

}  // namespace
}  // namespace coatcheck::query
