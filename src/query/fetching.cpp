// Results that a detached warehouse keeps until somebody claims them: fetched once for all who do, then served from the
// spool like any other.
#include <algorithm>
#include <utility>

#include "base/fail_point.hpp"
#include "query/service.hpp"
#include "query/spooling.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

// Each holds some partitions in memory.
constexpr std::size_t fetches_max = 16;

// Between two tries for somebody who waits, that is who asks again and again; also as long as one try may take.
constexpr auto tries_apart_max = std::chrono::minutes(15);

Error not_now(std::string message) { return {Errc::unavailable, std::move(message)}; }

Error gone(const std::string& message) { return {Errc::gone, message}; }

// What is larger than may be kept will be so the next time too, as rows that have no form here, and what the warehouse
// has let go.
Error fetch_error(const Failure& failure) {
  if (failure.code == warehouse::result_gone_code)
    return gone("the warehouse no longer has the result: " + failure.message);
  if (failure.category == FailureCategory::statement) return gone("the result cannot be read: " + failure.message);
  if (failure.category != FailureCategory::resources) return not_now(failure.message);
  return failure.retryable ? Error{Errc::resource_exhausted, failure.message} : gone(failure.message);
}

}  // namespace

async::Task<Result<void>> Service::fetch_kept(EntryPtr entry) {
  std::shared_ptr<Fetch> under_way;
  if (const auto known = fetches_.find(entry->id); known != fetches_.end()) {
    under_way = known->second;
  } else {
    if (draining_) co_return not_now("the server is going down");
    if (auto room = stored_.check_room(entry->submission.principal); !room) co_return room;
    if (fetches_.size() >= fetches_max) {
      co_return Error{Errc::resource_exhausted, "too many results are on their way from their warehouses"};
    }
    under_way = std::make_shared<Fetch>();
    fetches_.emplace(entry->id, under_way);
    tasks_.spawn(fetch(entry, under_way));
  }
  Waiter waiter(loop_, std::chrono::steady_clock::now() + options_.fetch_wait);
  under_way->waiters.push_back(waiter);
  if (!under_way->outcome) [[maybe_unused]]
    auto [error] = co_await waiter.timer().async_wait(async::as_outcome);
  if (!under_way->outcome) co_return not_now("the result is on its way from the warehouse; ask again");
  co_return *under_way->outcome;
}

async::Task<> Service::fetch(EntryPtr entry, std::shared_ptr<Fetch> fetch) {
  const QueryId id = entry->id;
  Result<void> outcome = not_now("the result could not be fetched");
  std::string broke;
  try {
    outcome = co_await fetch_into_spool(entry, fetch);
  } catch (const std::exception& e) {
    broke = e.what();
  }
  if (!broke.empty()) telemetry::error("fetch_broke", {{"query_id", id.to_string()}, {"error", broke}});
  fetch->execution = nullptr;
  fetch->outcome = with_patience(*entry, std::move(outcome));
  fetches_.erase(id);
  for (Waiter& waiter : fetch->waiters) waiter.wake();
}

// As long as it is worth to ask again, that is said; but a client that does so for ever would never hear why.
Result<void> Service::with_patience(const journal::Entry& entry, Result<void> outcome) {
  if (outcome || outcome.error().code != Errc::unavailable) {
    unfetched_.erase(entry.id);
    return outcome;
  }
  if (draining_) return outcome;
  const Timestamp now = clock_.now();
  // Who has not asked for so long does not wait any more, and begins anew.
  std::erase_if(unfetched_,
                [now](const auto& each) { return now - each.second.last > each.second.patience + tries_apart_max; });
  const Lane* lane = lane_of(entry.submission);
  const auto patience = lane ? lane->setup.limits.queue_timeout : std::chrono::milliseconds(0);
  auto& unfetched = unfetched_.try_emplace(entry.id, Unfetched{now, now, patience}).first->second;
  unfetched.last = now;
  if (now - unfetched.since < patience) return outcome;
  return Error{Errc::deadline_exceeded, "the warehouse keeps the result, and has not been able to hand it over for " +
                                            to_string(patience) + ": " + outcome.error().message};
}

// Ends a fetch whose warehouse does not begin: one that is down would be asked for ever.
void Service::give_up_at(async::Timer& timer, const std::shared_ptr<Fetch>& fetch) const {
  timer.expires_after(options_.fetch_answer_max);
  timer.async_wait([watched = std::weak_ptr<Fetch>(fetch)](boost::system::error_code error) {
    const auto still = watched.lock();
    if (error || !still || still->is_answered || !still->execution) return;
    still->is_given_up = true;
    still->execution->leave();
  });
}

Failure Service::not_handed_over(const Lane& lane) const {
  const std::string why = lane.is_silent ? ": " + lane.last_trouble->message : std::string();
  return {.category = FailureCategory::unavailable,
          .message = "the warehouse did not begin to hand the result over within " +
                     to_string(options_.fetch_answer_max) + why,
          .retryable = true};
}

async::Task<Result<void>> Service::fetch_into_spool(EntryPtr entry, std::shared_ptr<Fetch> fetch) {
  // The last process may have sealed it and gone down before it could say so.
  auto sealed = co_await disk_.run([this, id = entry->id] { return spool_.read(id); });
  if (sealed) {
    const results::Manifest& manifest = (*sealed)->manifest();
    stored_.count(entry->id, entry->submission.principal, manifest.bytes);
    co_return co_await take_fetched(std::move(entry), summary_of(manifest));
  }
  Lane* lane = lane_of(entry->submission);
  if (!lane || !lane->setup.connector->capabilities().detached) {
    co_return not_now("warehouse '" + entry->submission.warehouse + "', which keeps the result, is not configured");
  }
  warehouse::Request request = request_for(*entry);
  auto prepared = co_await lane->setup.connector->prepare(std::move(request));
  if (!prepared) co_return co_await not_fetched(std::move(entry), std::move(prepared).error());
  const std::unique_ptr<warehouse::Execution> execution = *std::move(prepared);
  if (draining_) co_return not_now("the server is going down");
  fetch->execution = execution.get();
  fail_point("fetch.begun");

  async::Timer answer_by(loop_.get_executor());
  give_up_at(answer_by, fetch);
  auto handle = co_await execution->submit();
  if (!handle && fetch->is_given_up) handle = not_handed_over(*lane);
  if (!handle) co_return co_await not_fetched(std::move(entry), std::move(handle).error());
  auto cursor = co_await execution->run();
  fetch->is_answered = true;
  answer_by.cancel();
  if (!cursor && fetch->is_given_up) cursor = not_handed_over(*lane);
  if (!cursor) co_return co_await not_fetched(std::move(entry), std::move(cursor).error());
  const RowsWanted wanted = rows_wanted(*entry, StatementKind::read);
  auto spooled = co_await spool_rows(spool_, stored_, disk_, cursor->get(), wanted);
  if (!spooled) co_return co_await not_fetched(std::move(entry), std::move(spooled).error());
  fail_point("fetch.sealed");
  co_return co_await take_fetched(std::move(entry), summary_of(*spooled));
}

async::Task<Result<void>> Service::not_fetched(EntryPtr entry, Failure failure) {
  telemetry::warn("result_not_fetched", {{"query_id", entry->id.to_string()}, {"error", failure.message}});
  Lane* lane = lane_of(entry->submission);
  if (lane && failure.category == FailureCategory::unavailable && failure.retryable) note_trouble(*lane, failure);
  if (failure.code == warehouse::result_gone_code) co_await drop_result(std::move(entry), journal::ResultGone::expired);
  co_return fetch_error(failure);
}

async::Task<Result<void>> Service::take_fetched(EntryPtr entry, journal::ResultSummary summary) {
  const QueryId id = entry->id;
  auto now = co_await queries_.find(id);
  if (now && (*now)->result && (*now)->result_gone == journal::ResultGone::no) {
    summary.expires_at = (*now)->ended_at.value_or((*now)->submitted_at) + (*now)->submission.result_ttl;
    Queries::Fill fill = [summary](journal::Entry& changed) { changed.result = summary; };
    auto amended = co_await queries_.amend(*std::move(now), std::move(fill));
    if (amended) {
      fail_point("fetch.recorded");
      probe_.rows_spooled.Increment(static_cast<double>(summary.rows));
      telemetry::info("result_fetched",
                      {{"query_id", id.to_string()}, {"rows", summary.rows}, {"bytes", summary.bytes}});
      co_return Result<void>::ok();
    }
    telemetry::error("fetch_not_recorded", {{"query_id", id.to_string()}, {"error", amended.error().message}});
  }
  // Deleted or expired while it was fetched: nobody wants the file.
  auto removed = co_await disk_.run([this, id] { return spool_.remove(id); });
  stored_.forget(id);
  if (!removed)
    telemetry::error("result_not_removed", {{"query_id", id.to_string()}, {"error", removed.error().message}});
  co_return gone("the result was dropped while it was fetched");
}

void Service::leave_fetches() {
  for (const auto& [id, fetch] : fetches_) {
    if (fetch->execution) fetch->execution->leave();
    for (Waiter& waiter : fetch->waiters) waiter.wake();
  }
}

}  // namespace coatcheck::query
