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

Error not_now(std::string message) { return {Errc::unavailable, std::move(message)}; }

Error gone(const std::string& message) { return {Errc::gone, message}; }

// What is larger than may be kept will be so the next time too, and so will what the warehouse has let go.
Error fetch_error(const Failure& failure) {
  if (failure.code == warehouse::result_gone_code)
    return gone("the warehouse no longer has the result: " + failure.message);
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
    outcome = co_await fetch_into_spool(std::move(entry), fetch.get());
  } catch (const std::exception& e) {
    broke = e.what();
  }
  if (!broke.empty()) telemetry::error("fetch_broke", {{"query_id", id.to_string()}, {"error", broke}});
  fetch->execution = nullptr;
  fetch->outcome = std::move(outcome);
  fetches_.erase(id);
  for (Waiter& waiter : fetch->waiters) waiter.wake();
}

async::Task<Result<void>> Service::fetch_into_spool(EntryPtr entry, Fetch* fetch) {
  // The last process may have sealed it and gone down before it could say so.
  auto sealed = co_await disk_.run([this, id = entry->id] { return spool_.read(id); });
  if (sealed) co_return co_await take_fetched(std::move(entry), summary_of((*sealed)->manifest()));
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

  auto handle = co_await execution->submit();
  if (!handle) co_return co_await not_fetched(std::move(entry), std::move(handle).error());
  auto cursor = co_await execution->run();
  if (!cursor) co_return co_await not_fetched(std::move(entry), std::move(cursor).error());
  const RowsWanted wanted = rows_wanted(*entry, StatementKind::read);
  auto spooled = co_await spool_rows(spool_, disk_, cursor->get(), wanted);
  if (!spooled) co_return co_await not_fetched(std::move(entry), std::move(spooled).error());
  fail_point("fetch.sealed");
  co_return co_await take_fetched(std::move(entry), summary_of(*spooled));
}

async::Task<Result<void>> Service::not_fetched(EntryPtr entry, Failure failure) {
  telemetry::warn("result_not_fetched", {{"query_id", entry->id.to_string()}, {"error", failure.message}});
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
