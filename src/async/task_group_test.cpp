#include "async/task_group.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <stdexcept>

namespace coatcheck::async {
namespace {

struct TaskGroupTest : ::testing::Test {
  Task<> wait_forever() {
    Timer never(loop.get_executor(), Timer::time_point::max());
    auto [error] = co_await never.async_wait(as_outcome);
    canceled += error == asio::error::operation_aborted ? 1 : 0;
  }

  Task<> count_after(int turns) {
    for (int i = 0; i != turns; ++i) co_await asio::post(loop.get_executor(), use_task);
    ++counted;
  }

  Task<> spawn_another() {
    co_await asio::post(loop.get_executor(), use_task);
    group.spawn(count_after(3));
  }

  Task<> fail() {
    co_await asio::post(loop.get_executor(), use_task);
    throw std::runtime_error("it broke");
  }

  Task<> join() {
    co_await group.join();
    joined = true;
    size_at_join = group.size();
  }

  // Joins until nothing is left to do.
  void run_to_join() {
    asio::co_spawn(loop, join(), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    loop.run();
    loop.restart();
  }

  Loop loop;
  int canceled = 0;
  int counted = 0;
  int failures = 0;
  bool joined = false;
  std::size_t size_at_join = 99;
  TaskGroup group{loop.get_executor(), [this](std::exception_ptr) { ++failures; }};
};

TEST_F(TaskGroupTest, joining_an_empty_group_returns_at_once) {
  run_to_join();
  EXPECT_TRUE(joined);
}

TEST_F(TaskGroupTest, join_waits_for_every_task_also_for_those_spawned_meanwhile) {
  group.spawn(count_after(5));
  group.spawn(spawn_another());
  EXPECT_EQ(group.size(), 2U);
  run_to_join();
  EXPECT_TRUE(joined);
  EXPECT_EQ(size_at_join, 0U);
  EXPECT_EQ(counted, 2);
}

TEST_F(TaskGroupTest, spawn_does_not_run_the_task_before_the_loop_turns) {
  group.spawn(count_after(0));
  EXPECT_EQ(counted, 0);
  run_to_join();
  EXPECT_EQ(counted, 1);
}

TEST_F(TaskGroupTest, canceling_ends_what_every_task_awaits) {
  for (int i = 0; i != 10; ++i) group.spawn(wait_forever());
  asio::post(loop, [this] {
    EXPECT_EQ(canceled, 0);
    group.cancel();
  });
  run_to_join();
  EXPECT_TRUE(joined);
  EXPECT_EQ(canceled, 10);
  EXPECT_EQ(group.size(), 0U);
}

TEST_F(TaskGroupTest, a_task_that_throws_is_reported_and_the_others_go_on) {
  group.spawn(fail());
  group.spawn(count_after(10));
  run_to_join();
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(counted, 1);
  EXPECT_TRUE(joined);
}

TEST_F(TaskGroupTest, several_may_join) {
  group.spawn(count_after(3));
  asio::co_spawn(loop, join(), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
  run_to_join();
  EXPECT_EQ(group.size(), 0U);
  EXPECT_TRUE(joined);
}

TEST_F(TaskGroupTest, spawn_on_the_loops_thread_runs_the_task_at_once) {
  asio::post(loop, [this] {
    group.spawn(count_after(0));
    EXPECT_EQ(counted, 1);
  });
  run_to_join();
}

TEST_F(TaskGroupTest, join_until_says_whether_all_have_ended) {
  bool in_time = true;
  bool at_last = false;
  const auto join_twice = [&]() -> Task<> {
    in_time = co_await group.join_until(Timer::clock_type::now());
    group.cancel();
    at_last = co_await group.join_until(Timer::time_point::max());
  };
  group.spawn(wait_forever());
  asio::co_spawn(loop, join_twice(), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
  loop.run();
  EXPECT_FALSE(in_time);
  EXPECT_TRUE(at_last);
  EXPECT_EQ(canceled, 1);
}

TEST_F(TaskGroupTest, join_until_gives_up_at_its_deadline) {
  bool ended = true;
  const auto join_for_a_while = [&]() -> Task<> {
    ended = co_await group.join_until(Timer::clock_type::now() + std::chrono::milliseconds(1));
    group.cancel();
  };
  group.spawn(wait_forever());
  asio::co_spawn(loop, join_for_a_while(), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
  loop.run();
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace coatcheck::async
