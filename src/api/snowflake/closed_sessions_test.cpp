#include "api/snowflake/closed_sessions.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <span>
#include <string>
#include <vector>

#include "api/snowflake/testing/run.hpp"
#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"

namespace coatcheck::api::snowflake {
namespace {

using coatcheck::testing::Fault;
using coatcheck::testing::FaultFiles;
using coatcheck::testing::MemoryFiles;
using testing::run;

constexpr Timestamp now{std::chrono::seconds(1'800'000'000)};
constexpr Timestamp later = now + std::chrono::hours(4);
constexpr std::size_t many = 1'000'000;

class ClosedSessionsTest : public ::testing::Test {
 protected:
  ClosedSessions open(Timestamp at = now, std::size_t count_max = many) {
    auto closed = ClosedSessions::open("/data/sessions", faults_, at, count_max);
    if (!closed) throw std::runtime_error(closed.error().message);
    return *std::move(closed);
  }

  MemoryFiles files_;
  FaultFiles faults_{files_};
  async::Pool disk_{2};
};

TEST_F(ClosedSessionsTest, a_closed_session_stays_closed_across_a_power_cut) {
  ClosedSessions closed = open();
  EXPECT_FALSE(closed.contains(7));
  ASSERT_TRUE(run(closed.add(7, later, disk_)));
  EXPECT_TRUE(closed.contains(7));
  for (int restart = 0; restart != 3; ++restart) {
    files_.power_cut(MemoryFiles::Unsynced::drop);
    EXPECT_TRUE(open().contains(7)) << restart;
  }
  EXPECT_EQ(files_.list("/data/sessions")->size(), 1U) << "one log";
}

TEST_F(ClosedSessionsTest, is_forgotten_when_its_tokens_have_expired) {
  ClosedSessions closed = open();
  ASSERT_TRUE(run(closed.add(7, later, disk_)));
  EXPECT_TRUE(open(later - std::chrono::seconds(1)).contains(7));
  run(closed.sweep(later - std::chrono::seconds(1), disk_));
  EXPECT_TRUE(closed.contains(7));
  run(closed.sweep(later, disk_));
  EXPECT_FALSE(closed.contains(7));
  EXPECT_FALSE(open(later).contains(7));
}

TEST_F(ClosedSessionsTest, a_close_that_was_answered_is_kept_whatever_fails) {
  for (const Fault fault : {Fault::io_error, Fault::no_space, Fault::late, Fault::halt}) {
    for (std::uint64_t n = 1;; ++n) {
      MemoryFiles memory;
      FaultFiles files(memory);
      auto closed = ClosedSessions::open("/data/sessions", files, now, many);
      ASSERT_TRUE(run(closed->add(1, later, disk_)));
      files.fail(n, fault);
      std::vector<std::uint64_t> answered = {1};
      for (const std::uint64_t id : {2U, 3U, 4U}) {
        if (run(closed->add(id, later, disk_))) answered.push_back(id);
        EXPECT_TRUE(closed->contains(id)) << "closed at once in any case";
      }
      const bool fired = files.fired();
      files.heal();
      memory.power_cut(MemoryFiles::Unsynced::tear);
      const auto again = ClosedSessions::open("/data/sessions", files, now, many);
      ASSERT_TRUE(again) << again.error().message;
      for (const std::uint64_t id : answered) EXPECT_TRUE(again->contains(id)) << n << " lost " << id;
      if (!fired) break;
    }
  }
}

TEST_F(ClosedSessionsTest, after_a_failed_write_the_next_close_writes_both) {
  ClosedSessions closed = open();
  faults_.fail(2, Fault::io_error);  // The sync.
  EXPECT_FALSE(run(closed.add(1, later, disk_)));
  EXPECT_TRUE(run(closed.add(2, later, disk_)));
  files_.power_cut(MemoryFiles::Unsynced::drop);
  const ClosedSessions again = open();
  EXPECT_TRUE(again.contains(1));
  EXPECT_TRUE(again.contains(2));
}

async::Task<void> add(ClosedSessions* closed, std::uint64_t id, async::Pool* disk, int* done) {
  auto added = co_await closed->add(id, later, *disk);
  EXPECT_TRUE(added);
  ++*done;
}

TEST_F(ClosedSessionsTest, closes_at_the_same_time_share_their_syncs) {
  ClosedSessions closed = open();
  const std::uint64_t before = faults_.syncs();
  async::Loop loop;
  int done = 0;
  for (std::uint64_t id = 1; id != 101; ++id) {
    async::asio::co_spawn(loop, add(&closed, id, &disk_, &done), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  EXPECT_EQ(done, 100);
  EXPECT_LE(faults_.syncs() - before, 2U) << "the first, and all that came meanwhile";
  files_.power_cut(MemoryFiles::Unsynced::drop);
  const ClosedSessions again = open();
  for (std::uint64_t id = 1; id != 101; ++id) EXPECT_TRUE(again.contains(id));
}

TEST_F(ClosedSessionsTest, what_a_crash_left_of_a_line_is_passed_over) {
  const std::string text =
      "7 1800014400\nx 1\n8 18000144\n9007199254740992 1800014400\n0 1800014400\n12 1800014400 1\n"
      "9 1800014400\n\n10 18000144";
  files_.put("/data/sessions/closed-5", std::as_bytes(std::span(text)));
  files_.put("/data/sessions/closed-x", std::as_bytes(std::span(text)));
  const ClosedSessions closed = open();
  EXPECT_TRUE(closed.contains(7));
  EXPECT_TRUE(closed.contains(9));
  for (const std::uint64_t id : {0ULL, 8ULL, 10ULL, 12ULL, 9007199254740992ULL})
    EXPECT_FALSE(closed.contains(id)) << id;
}

TEST_F(ClosedSessionsTest, past_the_limit_the_oldest_close_is_forgotten) {
  ClosedSessions closed = open(now, 2);
  for (const std::uint64_t id : {1U, 2U, 2U, 3U}) ASSERT_TRUE(run(closed.add(id, later, disk_)));
  EXPECT_FALSE(closed.contains(1));
  EXPECT_TRUE(closed.contains(2));
  EXPECT_TRUE(closed.contains(3));
}

}  // namespace
}  // namespace coatcheck::api::snowflake
