#pragma once

#include <list>
#include <utility>

#include "async/task.hpp"

namespace coatcheck::api::snowflake {

// Lets one coroutine of the loop at a time do something that has awaits in it.
//
//   const Turn::Held held = co_await turn.take();
//
// Has nothing of the loop while nobody waits, so it may outlive it.
class Turn {
 public:
  class Held {
   public:
    explicit Held(Turn* turn) : turn_(turn) {}
    Held(Held&& other) noexcept : turn_(std::exchange(other.turn_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (turn_ != nullptr) turn_->give_back();
    }

   private:
    Turn* turn_;
  };

  // Waits until nobody has it. A waiter that is canceled throws, and has not had it. The turn must outlive what
  // it gives.
  async::Task<Held> take();

 private:
  using Waiters = std::list<async::Timer*>;  // First come first; each timer is in its waiter's frame.

  void give_back();

  bool taken_ = false;
  Waiters waiters_;
};

}  // namespace coatcheck::api::snowflake
