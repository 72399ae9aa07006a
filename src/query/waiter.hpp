#pragma once

#include <boost/intrusive/list.hpp>

#include "async/task.hpp"
#include "base/clock.hpp"

namespace coatcheck::query {

// A member of an intrusive list that leaves it by dying: a client that goes is forgotten at once.
using SelfUnlinking = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

// Somebody who waits for any of some queries to change. Lives in the frame of the coroutine that waits, and
// costs one timer: its expiry is the deadline, canceling it is the wake-up.
class Waiter : public SelfUnlinking {
 public:
  Waiter(async::Loop& loop, Deadline deadline) : timer_(loop.get_executor(), deadline) {}

  void wake() { timer_.cancel(); }
  async::Timer& timer() { return timer_; }

 private:
  async::Timer timer_;
};

// One query that a waiter is to be told of: the link between the two.
struct Watch : SelfUnlinking {
  explicit Watch(Waiter& of) : waiter(&of) {}
  Waiter* waiter;
};

using Watches = boost::intrusive::list<Watch, boost::intrusive::constant_time_size<false>>;
using Waiters = boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>>;

}  // namespace coatcheck::query
