#include "async/pool.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include "base/result.hpp"

namespace coatcheck::async {
namespace {

// Runs one task on a loop to its end; throws what it threw.
void run(Task<> task) {
  Loop loop;
  std::exception_ptr failure;
  asio::co_spawn(loop, std::move(task), [&failure](std::exception_ptr ended) { failure = ended; });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

Task<> expect_value(Pool* pool) {
  const auto loop_thread = std::this_thread::get_id();
  auto work = [] { return std::this_thread::get_id(); };
  const auto pool_thread = co_await pool->run(work);
  EXPECT_NE(pool_thread, loop_thread);
  EXPECT_EQ(std::this_thread::get_id(), loop_thread);
}

TEST(Pool, work_runs_on_a_thread_of_its_own_and_the_task_goes_on_on_the_loop) {
  Pool pool(1);
  run(expect_value(&pool));
}

Task<> expect_move_only(Pool* pool) {
  auto owned = std::make_unique<int>(7);
  auto work = [owned = std::move(owned)]() mutable { return Result<std::unique_ptr<int>>(std::move(owned)); };
  auto result = co_await pool->run(std::move(work));
  EXPECT_TRUE(result);
  EXPECT_EQ(**result, 7);
}

TEST(Pool, work_may_own_and_return_what_only_moves) {
  Pool pool(1);
  run(expect_move_only(&pool));
}

Task<> expect_throw(Pool* pool) {
  auto work = [] { throw std::runtime_error("from the pool"); };
  co_await pool->run(work);
}

TEST(Pool, what_work_throws_is_thrown_in_the_task) {
  Pool pool(2);
  EXPECT_THROW(run(expect_throw(&pool)), std::runtime_error);
}

// Says when it is gone.
struct Witness {
  std::atomic<bool>* gone;
  std::thread::id* destroyed_on;
  explicit Witness(std::atomic<bool>* flag, std::thread::id* thread) : gone(flag), destroyed_on(thread) {}
  ~Witness() {
    *destroyed_on = std::this_thread::get_id();
    *gone = true;
  }
};

Task<> expect_gone(Pool* pool) {
  for (int i = 0; i != 100; ++i) {
    std::atomic<bool> gone = false;
    std::thread::id destroyed_on;
    auto witness = std::make_unique<Witness>(&gone, &destroyed_on);
    auto work = [witness = std::move(witness)] { return std::this_thread::get_id(); };
    const auto worked_on = co_await pool->run(std::move(work));
    EXPECT_TRUE(gone);
    EXPECT_EQ(destroyed_on, worked_on);
  }
}

TEST(Pool, what_work_holds_is_gone_before_the_task_goes_on) {
  Pool pool(2);
  run(expect_gone(&pool));
}

}  // namespace
}  // namespace coatcheck::async
