#include "results/quota.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"
#include "results/sample_rows.hpp"

namespace coatcheck::results {
namespace {

TEST(Quota, reserves_all_or_nothing_up_to_its_bound) {
  Quota quota(100);
  EXPECT_TRUE(quota.reserve(60));
  EXPECT_FALSE(quota.reserve(41));
  EXPECT_FALSE(quota.reserve(UINT64_MAX));
  EXPECT_TRUE(quota.reserve(40));
  EXPECT_EQ(quota.used(), 100U);
  quota.release(100);
  quota.release(1);
  EXPECT_EQ(quota.used(), 0U);
  quota.count(150);
  EXPECT_FALSE(quota.reserve(0));
}

TEST(Quota, is_never_exceeded_by_threads_together) {
  Quota quota(1000);
  std::vector<std::thread> threads;
  std::atomic<int> got{0};
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i != 1000; ++i) {
        if (quota.reserve(3)) ++got;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, 333);
  EXPECT_EQ(quota.used(), 999U);
}

TEST(SpoolQuota, a_result_that_is_too_large_ends_with_words_for_the_client) {
  testing::MemoryFiles memory;
  const auto spool = *Spool::open(
      {.directory = "/spool", .result_bytes_max = 20'000, .chunk_rows_max = 1'000, .compression = Compression::none},
      memory);
  auto writer = *spool->create(query_id(1), number_schema());
  Result<void> appended = Result<void>::ok();
  for (int i = 0; i != 10 && appended; ++i) appended = writer->append(numbers(0, 1'000));
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, Errc::resource_exhausted);
  EXPECT_EQ(appended.error().message, "the result is larger than 19.5 KiB, the most that is kept of one result");
  EXPECT_EQ(writer->append(numbers(0, 1)).error().code, Errc::resource_exhausted);
  EXPECT_EQ(writer->seal(false).error().code, Errc::resource_exhausted);
  // Its room is free at once, though the writer is still there.
  EXPECT_EQ(spool->bytes_used(), 0U);
  EXPECT_EQ(memory.bytes_used(), 0U);
}

TEST(SpoolQuota, a_full_spool_refuses_until_something_is_removed) {
  testing::MemoryFiles memory;
  const SpoolOptions options{.directory = "/spool", .disk_bytes_max = 12'000, .compression = Compression::none};
  auto spool = *Spool::open(options, memory);
  ASSERT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 1'000)}));
  const auto refused = store(*spool, query_id(2), number_schema(), {numbers(0, 1'000)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_NE(refused.error().message.find("the result spool is full (11.7 KiB)"), std::string::npos);
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
  // What was there before counts as well.
  spool = *Spool::open(options, memory);
  EXPECT_EQ(spool->bytes_used(), memory.bytes_used());
  EXPECT_FALSE(store(*spool, query_id(2), number_schema(), {numbers(0, 1'000)}));
  ASSERT_TRUE(spool->remove(query_id(1)));
  EXPECT_TRUE(store(*spool, query_id(2), number_schema(), {numbers(0, 1'000)}));
}

TEST(SpoolQuota, a_full_disk_is_told_without_the_machines_details) {
  testing::MemoryFiles memory;
  testing::FaultFiles files(memory);
  const auto spool = *Spool::open({.directory = "/spool"}, files);
  auto writer = *spool->create(query_id(1), number_schema());
  ASSERT_TRUE(writer->append(numbers(0, 10)));
  files.fail(2, testing::Fault::no_space);  // The append; the first is the file's creation.
  const auto sealed = writer->seal(false);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().code, Errc::resource_exhausted);
  EXPECT_EQ(sealed.error().message, "the disk that keeps the results is full");
  EXPECT_NE(sealed.error().detail.find("No space left"), std::string::npos);
  EXPECT_EQ(spool->bytes_used(), 0U);
}

}  // namespace
}  // namespace coatcheck::results
