#include "warehouse/snowflake/control.hpp"

namespace coatcheck::warehouse::snowflake {

void Control::leave() {
  left_ = true;
  ring();
}

void Control::cancel() {
  canceled_ = true;
  ring();
}

void Control::ring() {
  rung_ = true;
  timer_.cancel();
}

async::Task<> Control::wait() { co_await wait_until(async::Timer::time_point::max()); }

async::Task<> Control::wait_until(async::Timer::time_point deadline) {
  if (!rung_) {
    timer_.expires_at(deadline);
    [[maybe_unused]] auto [error] = co_await timer_.async_wait(async::as_outcome);
  }
  rung_ = false;
}

}  // namespace coatcheck::warehouse::snowflake
