#pragma once

#include <boost/asio/cancellation_signal.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <list>

#include "async/task.hpp"

namespace coatcheck::async {

// The background tasks of one owner: counted, cancelable, joined. Used on the loop's thread only.
//
// Declare it as the owner's last member, and co_await join() before the owner dies: then `*this` is safe
// in its tasks.
class TaskGroup {
 public:
  // `on_failure` is told of every exception that ends a task; it must not throw.
  TaskGroup(Executor executor, std::function<void(std::exception_ptr)> on_failure);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts `task`: on the loop's thread at once, so that it may even have ended when this returns; before the
  // loop runs, at its first turn.
  void spawn(Task<> task);

  // Asks every task to end: what it awaits fails with operation_aborted.
  void cancel();

  // Returns when no task is left. Tasks may still be spawned meanwhile, and are waited for too.
  Task<> join();

  // The same, but only until `deadline`; returns whether no task is left.
  Task<bool> join_until(Timer::time_point deadline);

  std::size_t size() const { return tasks_.size(); }

 private:
  void wake_joiners();

  Executor executor_;
  std::function<void(std::exception_ptr)> on_failure_;
  std::list<asio::cancellation_signal> tasks_;
  std::list<Timer*> joiners_;  // Canceled when the last task ends: each ends at its joiner's deadline.
};

}  // namespace coatcheck::async
