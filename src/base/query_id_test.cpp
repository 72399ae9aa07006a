#include "base/query_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace coatcheck {
namespace {

constexpr const char* sample = "01890a5d-ac96-774b-bcce-b302099a8057";

TEST(QueryId, is_read_in_either_case_and_written_in_lower_case) {
  const auto id = QueryId::parse(sample);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), sample);
  EXPECT_EQ(QueryId::parse("01890A5D-AC96-774B-BCCE-B302099A8057"), id);
}

TEST(QueryId, what_is_not_a_uuid_is_refused) {
  for (const char* text :
       {"", "01890a5d", "01890a5dac96-774b-bcce-b302099a80570", "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcce_b302099a8057", "------------------------------------"}) {
    EXPECT_FALSE(QueryId::parse(text)) << text;
  }
}

TEST(QueryId, made_for_a_time_is_a_version_seven_uuid_of_that_time) {
  const Timestamp far_future = *parse_rfc3339("2100-01-01T00:00:00.005Z");
  const std::string text = make_query_id(far_future).to_string();
  EXPECT_EQ(text.substr(0, 13), "03bb2cc3-d805");
  EXPECT_EQ(text[14], '7');
  EXPECT_NE(std::string("89ab").find(text[19]), std::string::npos);
}

TEST(QueryId, ids_only_go_up_even_when_the_clock_is_set_back) {
  const Timestamp now = *parse_rfc3339("2101-01-01T00:00:00Z");
  QueryId last = make_query_id(now);
  for (int i = 0; i != 10'000; ++i) {
    const QueryId id = make_query_id(i % 2 == 0 ? now : now - std::chrono::hours(1));
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(QueryId, threads_never_make_the_same_id) {
  std::mutex mutex;
  std::set<QueryId> all;
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 1'000; ++i) {
        const QueryId id = make_query_id(Timestamp());
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(all.insert(id).second);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(all.size(), 4'000U);
}

}  // namespace
}  // namespace coatcheck
