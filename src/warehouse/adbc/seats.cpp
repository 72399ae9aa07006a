#include "warehouse/adbc/seats.hpp"

#include "warehouse/adbc/errors.hpp"

namespace coatcheck::warehouse::adbc {

// Lives in the coroutine that waits, which may end at any time: then it is out of the queue, and a seat that it was
// given is another's.
struct Seats::Waiter {
  Waiter(Seats& of, Deadline deadline) : seats(of), timer(of.executor_, deadline) { seats.waiting_.push_back(this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { seats.waiting_.remove(this); }

  Seats& seats;
  async::Timer timer;
  Seat seat;
};

Seat::~Seat() {
  if (seats_) Seats::give_back(std::move(seats_));
}

async::Task<Outcome<Seat>> Seats::take(std::shared_ptr<Seats> seats, Deadline deadline) {
  if (seats->free_ > 0) {
    --seats->free_;
    co_return Seat(std::move(seats));
  }
  Waiter waiter(*seats, deadline);
  auto [error] = co_await waiter.timer.async_wait(async::as_outcome);
  if (waiter.seat) co_return std::move(waiter.seat);
  if (error) co_return canceled_failure();
  co_return timeout_failure();
}

void Seats::give_back(std::shared_ptr<Seats> seats) {
  if (seats->waiting_.empty()) {
    ++seats->free_;
    return;
  }
  Waiter& first = *seats->waiting_.front();
  seats->waiting_.pop_front();
  first.seat = Seat(std::move(seats));
  first.timer.cancel();
}

}  // namespace coatcheck::warehouse::adbc
