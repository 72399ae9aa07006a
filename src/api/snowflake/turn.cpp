#include "api/snowflake/turn.hpp"

#include <boost/asio/this_coro.hpp>

namespace coatcheck::api::snowflake {

namespace {

// Stands in the queue while it lives.
class Place {
 public:
  Place(std::list<async::Timer*>& queue, async::Timer* timer) : queue_(queue), at_(queue.insert(queue.end(), timer)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { queue_.erase(at_); }

 private:
  std::list<async::Timer*>& queue_;
  std::list<async::Timer*>::iterator at_;
};

}  // namespace

async::Task<Turn::Held> Turn::take() {
  while (taken_) {
    async::Timer woken(co_await async::asio::this_coro::executor);
    woken.expires_at(async::Timer::time_point::max());
    const Place place(waiters_, &woken);
    // Whoever is woken and finds that somebody else was faster, or is canceled, looks again.
    co_await woken.async_wait(async::as_outcome);
  }
  taken_ = true;
  co_return Held(this);
}

void Turn::give_back() {
  taken_ = false;
  if (!waiters_.empty()) waiters_.front()->cancel();
}

}  // namespace coatcheck::api::snowflake
