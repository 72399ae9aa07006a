#include "async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>

#include <cassert>
#include <iterator>
#include <utility>

namespace coatcheck::async {

TaskGroup::TaskGroup(Executor executor, std::function<void(std::exception_ptr)> on_failure)
    : executor_(executor), on_failure_(std::move(on_failure)) {}

TaskGroup::~TaskGroup() { assert(tasks_.empty() && "join() a TaskGroup before it dies"); }

void TaskGroup::spawn(Task<> task) {
  const auto signal = tasks_.emplace(tasks_.end());
  auto ended = [this, signal](std::exception_ptr failure) {
    tasks_.erase(signal);
    if (tasks_.empty()) wake_joiners();
    if (failure) on_failure_(std::move(failure));
  };
  asio::co_spawn(executor_, std::move(task),
                 asio::bind_cancellation_slot(signal->slot(), asio::bind_executor(executor_, std::move(ended))));
}

void TaskGroup::cancel() {
  // Emitting may end a task at once and erase its signal, so step on before it.
  for (auto signal = tasks_.begin(); signal != tasks_.end();) {
    auto current = signal++;
    current->emit(asio::cancellation_type::terminal);
  }
}

Task<> TaskGroup::join() { [[maybe_unused]] const bool all_ended = co_await join_until(Timer::time_point::max()); }

Task<bool> TaskGroup::join_until(Timer::time_point deadline) {
  struct Joining {
    std::list<Timer*>& joiners;
    std::list<Timer*>::iterator place;
    Joining(std::list<Timer*>& all, Timer& own) : joiners(all), place(all.insert(all.end(), &own)) {}
    Joining(const Joining&) = delete;
    Joining& operator=(const Joining&) = delete;
    ~Joining() { joiners.erase(place); }
  };
  Timer over(executor_, deadline);
  const Joining joining(joiners_, over);
  while (!tasks_.empty() && Timer::clock_type::now() < deadline) {
    [[maybe_unused]] auto [error] = co_await over.async_wait(as_outcome);
  }
  co_return tasks_.empty();
}

void TaskGroup::wake_joiners() {
  for (Timer* const joiner : joiners_) joiner->cancel();
}

}  // namespace coatcheck::async
