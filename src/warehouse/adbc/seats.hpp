#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "async/task.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse::adbc {

class Seats;

// The right to one session. Gives itself back when it ends, on the loop's thread.
class Seat {
 public:
  Seat() = default;  // None.
  explicit Seat(std::shared_ptr<Seats> seats) : seats_(std::move(seats)) {}
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&& other) noexcept {
    std::swap(seats_, other.seats_);
    return *this;
  }
  ~Seat();

  explicit operator bool() const { return seats_ != nullptr; }

 private:
  std::shared_ptr<Seats> seats_;
};

// How many sessions there may be at one time. On the loop's thread; lives as long as a seat is taken.
class Seats {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  Seats(async::Executor executor, std::size_t free) : executor_(executor), free_(free) {}

  // Waits for a seat; who has waited longest gets the next one. Fails as timed out when there was none before the
  // deadline, and as canceled when the coroutine was canceled meanwhile.
  static async::Task<Outcome<Seat>> take(std::shared_ptr<Seats> seats, Deadline deadline);

 private:
  friend Seat;
  struct Waiter;

  static void give_back(std::shared_ptr<Seats> seats);

  async::Executor executor_;
  std::size_t free_;
  std::list<Waiter*> waiting_;  // In their order; somebody waits only while nothing is free.
};

}  // namespace coatcheck::warehouse::adbc
