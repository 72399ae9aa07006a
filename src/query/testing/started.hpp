#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "async/task.hpp"

namespace coatcheck::query::testing {

// A task that was started and left under way. The loop must have ended it before what it uses dies.
template <class T>
class Started {
 public:
  Started(async::Loop& loop, async::Task<T> task) : loop_(&loop), state_(std::make_shared<State>()) {
    async::asio::co_spawn(loop.get_executor(), std::move(task),
                          async::asio::bind_cancellation_slot(state_->signal.slot(),
                                                              [state = state_](std::exception_ptr failure, T value) {
                                                                state->failure = std::move(failure);
                                                                state->value = std::move(value);
                                                                state->done = true;
                                                              }));
  }

  bool done() const { return state_->done; }
  void cancel() { state_->signal.emit(async::asio::cancellation_type::terminal); }

  // Runs the loop until it has ended.
  void join() {
    loop_->restart();
    while (!state_->done && loop_->run_one() > 0) {
    }
    if (!state_->done) throw std::logic_error("the task waits for something that never comes");
  }

  // Runs the loop until it has ended, and returns what it returned or throws what it threw.
  T get() {
    join();
    if (state_->failure) std::rethrow_exception(state_->failure);
    return *std::move(state_->value);
  }

 private:
  struct State {
    async::asio::cancellation_signal signal;
    std::exception_ptr failure;
    std::optional<T> value;
    bool done = false;
  };
  async::Loop* loop_;
  std::shared_ptr<State> state_;
};

}  // namespace coatcheck::query::testing
