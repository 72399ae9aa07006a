#include "warehouse/adbc/seats.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <optional>

#include "warehouse/testing/run_task.hpp"

namespace coatcheck::warehouse::adbc {
namespace {

class SeatsTest : public ::testing::Test {
 protected:
  using Taken = std::optional<Outcome<Seat>>;

  // Begins to wait for a seat; `signal` cancels the wait.
  void begin(Taken& taken, async::asio::cancellation_signal& signal) {
    auto ended = [&taken](std::exception_ptr, Outcome<Seat> seat) { taken = std::move(seat); };
    async::asio::co_spawn(loop_, Seats::take(seats_, Seats::Deadline::max()),
                          async::asio::bind_cancellation_slot(signal.slot(), std::move(ended)));
    poll();
  }

  void poll() {
    loop_.restart();
    loop_.poll();
  }

  async::Loop loop_;
  std::shared_ptr<Seats> seats_ = std::make_shared<Seats>(loop_.get_executor(), 1);
  Outcome<Seat> first_ = run_task(loop_, Seats::take(seats_, Seats::Deadline::max()));
  Taken second_;
  Taken third_;
  async::asio::cancellation_signal cancel_second_;
  async::asio::cancellation_signal cancel_third_;
};

TEST_F(SeatsTest, a_wait_that_is_canceled_is_out_of_the_queue) {
  begin(second_, cancel_second_);
  begin(third_, cancel_third_);
  cancel_second_.emit(async::asio::cancellation_type::terminal);
  poll();
  ASSERT_TRUE(second_);
  ASSERT_FALSE(*second_);
  EXPECT_EQ(second_->error().category, FailureCategory::canceled);
  *first_ = Seat();
  poll();
  ASSERT_TRUE(third_);
  EXPECT_TRUE(*third_);
}

// A coroutine that waits for a seat and then for something else, where it learns that it was canceled.
async::Task<> take_and_go_on(std::shared_ptr<Seats> seats, async::Task<> other) {
  auto seat = co_await Seats::take(std::move(seats), Seats::Deadline::max());
  co_await std::move(other);
}
async::Task<> nothing() { co_return; }

TEST_F(SeatsTest, a_seat_given_to_somebody_who_is_canceled_is_the_next_ones) {
  std::exception_ptr thrown;
  async::asio::co_spawn(loop_, take_and_go_on(seats_, nothing()),
                        async::asio::bind_cancellation_slot(
                            cancel_second_.slot(), [&](std::exception_ptr failure) { thrown = std::move(failure); }));
  poll();
  begin(third_, cancel_third_);
  cancel_second_.emit(async::asio::cancellation_type::terminal);  // On its way …
  *first_ = Seat();                                               // … when it is given the seat.
  poll();
  EXPECT_TRUE(thrown);
  ASSERT_TRUE(third_);
  EXPECT_TRUE(*third_);
}

TEST(Seats, whose_loop_ends_wait_no_more) {
  auto loop = std::make_unique<async::Loop>();
  auto seats = std::make_shared<Seats>(loop->get_executor(), 1);
  auto first = run_task(*loop, Seats::take(seats, Seats::Deadline::max()));
  for (int i = 0; i < 2; ++i) {
    async::asio::co_spawn(*loop, take_and_go_on(seats, nothing()), [](std::exception_ptr) {});
  }
  loop->restart();
  loop->poll();
  *first = Seat();  // It is the second one's, which never learns of it.
  loop.reset();
  EXPECT_EQ(seats.use_count(), 1);
}

}  // namespace
}  // namespace coatcheck::warehouse::adbc
