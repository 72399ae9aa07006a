#pragma once

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/task.hpp"

namespace coatcheck::warehouse {

// Runs the loop until `task` is done and returns what it returned, for tests. Throws what it threw, and
// std::logic_error if the loop ran out of work first: then the task waits for something that never comes.
template <class T>
T run_task(async::Loop& loop, async::Task<T> task) {
  std::optional<T> outcome;
  std::exception_ptr failure;
  bool done = false;
  async::asio::co_spawn(loop.get_executor(), std::move(task), [&](std::exception_ptr thrown, T value) {
    failure = std::move(thrown);
    outcome = std::move(value);
    done = true;
  });
  loop.restart();
  while (!done && loop.run_one() > 0) {
  }
  if (!done) throw std::logic_error("the task waits for something that never comes");
  if (failure) std::rethrow_exception(failure);
  return std::move(*outcome);
}

inline void run_task(async::Loop& loop, async::Task<> task) {
  std::exception_ptr failure;
  bool done = false;
  async::asio::co_spawn(loop.get_executor(), std::move(task), [&](std::exception_ptr thrown) {
    failure = std::move(thrown);
    done = true;
  });
  loop.restart();
  while (!done && loop.run_one() > 0) {
  }
  if (!done) throw std::logic_error("the task waits for something that never comes");
  if (failure) std::rethrow_exception(failure);
}

// Begins a task; `outcome`, which must outlive it, is set when it has ended. What it throws ends the test.
template <class T>
void begin_task(async::Loop& loop, async::Task<T> task, std::optional<T>& outcome) {
  async::asio::co_spawn(loop.get_executor(), std::move(task), [&outcome](std::exception_ptr thrown, T ended) {
    if (thrown) std::rethrow_exception(thrown);
    outcome = std::move(ended);
  });
}

// Runs the loop until such a task has ended. std::logic_error as run_task().
template <class T>
T& end_task(async::Loop& loop, std::optional<T>& outcome) {
  loop.restart();
  while (!outcome && loop.run_one() > 0) {
  }
  if (!outcome) throw std::logic_error("the task waits for something that never comes");
  return *outcome;
}

}  // namespace coatcheck::warehouse
