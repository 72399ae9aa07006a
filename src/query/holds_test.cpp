#include "query/holds.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace coatcheck::query {
namespace {

TEST(Holds, a_principal_holds_no_more_than_it_may_and_others_hold_theirs) {
  Holds holds;
  const auto first = holds.take("alice", 2);
  const auto second = holds.take("alice", 2);
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(holds.take("alice", 2));
  EXPECT_TRUE(holds.take("bob", 2));
  EXPECT_EQ(holds.held("alice"), 2U);
  EXPECT_EQ(holds.held("bob"), 0U) << "let go at once";
}

TEST(Holds, a_place_is_free_when_the_last_copy_is_gone) {
  Holds holds;
  auto place = holds.take("alice", 1);
  auto copy = place;
  place.reset();
  EXPECT_FALSE(holds.take("alice", 1));
  copy.reset();
  EXPECT_TRUE(holds.take("alice", 1));
}

TEST(Holds, a_place_may_outlive_them) {
  std::optional<Hold> place;
  {
    Holds holds;
    place = holds.take("alice", 1);
  }
  ASSERT_TRUE(place);
  place.reset();
}

TEST(Holds, places_are_let_go_by_any_thread) {
  Holds holds;
  for (int round = 0; round != 100; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i) {
      auto place = holds.take("alice", 4);
      ASSERT_TRUE(place);
      threads.emplace_back([place = *std::move(place)]() mutable { place.reset(); });
    }
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(holds.held("alice"), 0U);
  }
}

}  // namespace
}  // namespace coatcheck::query
