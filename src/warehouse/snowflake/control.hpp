#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "async/task.hpp"

namespace coatcheck::warehouse::snowflake {

// What one execution was told, and the bell by which it hears of it. Used on the loop's thread; one coroutine waits at
// a time. Shared with the work that it has begun, which may end when the execution is no more.
class Control {
 public:
  explicit Control(async::Executor executor) : executor_(executor), timer_(executor) {}

  async::Executor executor() const { return executor_; }

  bool has_left() const { return left_; }
  bool is_canceled() const { return canceled_; }
  void leave();
  void cancel();
  // The statement had ended before the cancel came.
  void forget_cancel() { canceled_ = false; }

  // Wakes who waits, or the next one.
  void ring();
  // Returns at the next ring, or at one since the last wait.
  async::Task<> wait();
  async::Task<> wait_until(async::Timer::time_point deadline);

 private:
  const async::Executor executor_;
  async::Timer timer_;
  bool left_ = false;
  bool canceled_ = false;
  bool rung_ = false;
};

// A task that runs beside those who wait for it, and whom it may outlive.
template <class T>
struct Aside {
  bool done = false;
  std::optional<T> value;
  std::exception_ptr failure;
  async::asio::cancellation_signal signal;

  void abort() {
    if (!done) signal.emit(async::asio::cancellation_type::terminal);
  }
};

// Starts `task`, which must refer to nothing that may end before it; `control` is rung when it has ended.
template <class T>
std::shared_ptr<Aside<T>> start_aside(std::shared_ptr<Control> control, async::Task<T> task) {
  auto aside = std::make_shared<Aside<T>>();
  const auto executor = control->executor();
  auto ended = [aside, control = std::move(control)](std::exception_ptr failure, T value) {
    aside->done = true;
    aside->failure = failure;
    if (!failure) aside->value = std::move(value);
    control->ring();
  };
  async::asio::co_spawn(executor, std::move(task),
                        async::asio::bind_cancellation_slot(aside->signal.slot(),
                                                            async::asio::bind_executor(executor, std::move(ended))));
  return aside;
}

// Waits for `task`; returns nothing, at once, if it is left: then the task is aborted.
template <class T>
async::Task<std::optional<T>> unless_left(std::shared_ptr<Control> control, async::Task<T> task) {
  auto aside = start_aside(control, std::move(task));
  while (!aside->done && !control->has_left()) co_await control->wait();
  if (!aside->done) aside->abort();
  if (aside->failure) std::rethrow_exception(aside->failure);
  if (control->has_left()) co_return std::nullopt;
  co_return std::move(aside->value);
}

}  // namespace coatcheck::warehouse::snowflake
