// What must be done now and then: results leave when their time is over, history when it is old.
#include <algorithm>
#include <utility>

#include "query/service.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

// At most so many at once, so that housekeeping never holds up the journal for long.
constexpr std::size_t batch_max = 256;

}  // namespace

async::Task<> Service::keep_house() {
  while (!draining_) {
    co_await expire_results();
    for (;;) {
      auto forgotten = co_await journal_.forget(forget_before(), batch_max);
      if (!forgotten) telemetry::warn("history_not_trimmed", {{"error", forgotten.error().message}});
      if (forgotten) queries_.forget(*forgotten);
      if (!forgotten || forgotten->size() < batch_max || draining_) break;
    }
    if (draining_) break;  // It began while the journal worked; nobody cancels the timer a second time.
    house_timer_.expires_after(options_.housekeeping_interval);
    [[maybe_unused]] auto [error] = co_await house_timer_.async_wait(async::as_outcome);
  }
}

// What a script has submitted is known by the history alone: it stays for as long as the script has not ended.
Timestamp Service::forget_before() const {
  Timestamp before = clock_.now() - options_.history_retention;
  for (const QueryId id : queries_.scripts()) before = std::min(before, queries_.live(id)->entry->submitted_at);
  return before;
}

async::Task<> Service::expire_results() {
  for (;;) {
    auto expired = co_await journal_.expired_results(clock_.now(), batch_max);
    if (!expired) {
      telemetry::warn("results_not_expired", {{"error", expired.error().message}});
      co_return;
    }
    for (journal::Entry& entry : *expired) {
      const LivePtr live = queries_.live(entry.id);
      EntryPtr known = live ? live->entry : std::make_shared<const journal::Entry>(std::move(entry));
      probe_.results_expired.Increment();
      co_await drop_result(std::move(known), journal::ResultGone::expired);
    }
    if (expired->size() < batch_max || draining_) co_return;
  }
}

}  // namespace coatcheck::query
