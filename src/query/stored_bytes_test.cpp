#include "query/stored_bytes.hpp"

#include <gtest/gtest.h>

#include "results/spool.hpp"

namespace coatcheck::query {
namespace {

class StoredBytesTest : public ::testing::Test {
 protected:
  static QueryId id(int n) { return make_query_id(Timestamp(std::chrono::milliseconds(n))); }

  Shares shares_{{}, {{"alice", {.stored_max = 100}}}};
  StoredBytes stored_{shares_};
  QueryId first_ = id(1);
  QueryId second_ = id(2);
};

TEST_F(StoredBytesTest, a_result_that_grows_counts_once_as_large_as_it_is) {
  for (const std::uint64_t bytes : {10U, 60U, 40U}) EXPECT_TRUE(stored_.grow(first_, "alice", bytes));
  stored_.count(second_, "alice", 5);
  stored_.count(second_, "alice", 7);
  EXPECT_EQ(stored_.of("alice"), 47U);
  EXPECT_EQ(stored_.of("bob"), 0U);
}

TEST_F(StoredBytesTest, all_results_of_a_principal_are_limited_together_to_the_byte) {
  EXPECT_TRUE(stored_.grow(first_, "alice", 60));
  EXPECT_TRUE(stored_.grow(second_, "alice", 40));
  const auto refused = stored_.grow(second_, "alice", 41);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_STREQ(refused.error().field.c_str(), storage_full);
  EXPECT_EQ(refused.error().message,
            "principal 'alice' has as many bytes of results stored as it may have (100 B): delete some, or let them "
            "expire");
  EXPECT_EQ(stored_.of("alice"), 100U) << "as before";
  EXPECT_FALSE(stored_.grow(second_, "alice", UINT64_MAX)) << "no overflow";
}

TEST_F(StoredBytesTest, what_alone_is_too_large_is_told_apart) {
  stored_.count(first_, "alice", 60);
  EXPECT_EQ(stored_.grow(second_, "alice", 101).error().field, results::result_itself);
  EXPECT_EQ(stored_.grow(second_, "alice", 100).error().field, storage_full);
}

TEST_F(StoredBytesTest, what_is_counted_without_asking_may_be_more_and_then_nothing_grows) {
  stored_.count(first_, "alice", 150);
  EXPECT_EQ(stored_.of("alice"), 150U);
  EXPECT_FALSE(stored_.grow(second_, "alice", 1));
  stored_.count(first_, "alice", 99);
  EXPECT_TRUE(stored_.grow(second_, "alice", 1));
}

TEST_F(StoredBytesTest, there_is_room_to_begin_as_long_as_one_byte_is_left) {
  EXPECT_TRUE(stored_.check_room("alice"));
  stored_.count(first_, "alice", 99);
  EXPECT_TRUE(stored_.check_room("alice"));
  stored_.count(first_, "alice", 100);
  EXPECT_FALSE(stored_.check_room("alice"));
  EXPECT_TRUE(stored_.check_room("bob"));
}

TEST_F(StoredBytesTest, what_is_gone_does_not_count_and_is_forgotten_only_once) {
  stored_.count(first_, "alice", 60);
  stored_.count(second_, "alice", 30);
  stored_.forget(first_);
  stored_.forget(first_);
  EXPECT_EQ(stored_.of("alice"), 30U);
  stored_.forget(second_);
  EXPECT_EQ(stored_.of("alice"), 0U);
}

}  // namespace
}  // namespace coatcheck::query
