#include "scan/service_stored.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <utility>

#include "async/task.hpp"
#include "query/service.hpp"
#include "scan/recognizer.hpp"

namespace coatcheck::scan {

namespace {

using journal::State;
using warehouse::Outcome;

constexpr std::size_t page_size = 100;

// How often a query is looked at whose service wakes nobody any more, because it goes down.
constexpr auto look_interval = std::chrono::milliseconds(50);

Failure unavailable(std::string message) {
  return {.category = FailureCategory::unavailable, .message = std::move(message), .retryable = true};
}

// What the service could not do, for whoever scans `id`.
Failure failure_of(const Error& error, QueryId id) {
  if (error.code == Errc::not_found) return not_found(id.to_string());
  if (error.code == Errc::resource_exhausted || error.code == Errc::unavailable) return unavailable(error.message);
  return {.category = FailureCategory::internal,
          .message = "The result of query " + id.to_string() + " cannot be read.",
          .retryable = error.code == Errc::io_error};
}

Failure expired(QueryId id) {
  return {.category = FailureCategory::statement,
          .code = "000710",
          .sqlstate = "02000",
          .message = "Result for query " + id.to_string() + " has expired"};
}

Failure no_result(QueryId id) {
  return {.category = FailureCategory::statement,
          .code = "000711",
          .sqlstate = "02000",
          .message = "Query " + id.to_string() + " has no result because it failed"};
}

// Snowflake's order: what has not ended counts as what ended last.
bool comes_before(const std::shared_ptr<const journal::Entry>& left,
                  const std::shared_ptr<const journal::Entry>& right) {
  const auto ended = [](const journal::Entry& entry) { return entry.ended_at.value_or(Timestamp::max()); };
  if (ended(*left) != ended(*right)) return ended(*left) > ended(*right);
  return left->id > right->id;
}

}  // namespace

Failure still_running(QueryId id) {
  return {.category = FailureCategory::unavailable,
          .message = "Query " + id.to_string() + " is still running: it has no result yet",
          .retryable = true};
}

// The entries of an answer, within their limit of bytes.
struct ServiceStored::Collected {
  std::uint64_t bytes_left;
  Entries entries = {};

  // Whether there was room.
  bool add(std::shared_ptr<const journal::Entry> entry) {
    const auto bytes = entry->submission.statement.text.size();
    if (bytes > bytes_left) return false;
    bytes_left -= bytes;
    entries.push_back(std::move(entry));
    return true;
  }

  static Failure too_large() {
    return {.category = FailureCategory::resources,
            .message = "The statements of this history are too long to be shown at once: lower RESULT_LIMIT."};
  }
};

async::Task<Outcome<Stored::Reader>> ServiceStored::result(std::string principal, QueryId id, Deadline deadline) {
  if (service_ == nullptr) co_return unavailable("The server is starting.");
  const auto asker = principals::principal_of_query(principal, options_.everyone_sees_all);
  for (;;) {
    const auto now = co_await service_->wait_until_ended(asker, id, deadline, query::Service::Counted::no);
    if (!now) co_return failure_of(now.error(), id);
    const State state = now->entry->state;
    if (state == State::failed || state == State::canceled) co_return no_result(id);
    if (state == State::succeeded) break;
    if (std::chrono::steady_clock::now() >= deadline) co_return still_running(id);
    // The service goes down and wakes nobody. The query may still end in its grace; else this execution is stopped.
    async::Timer pause(co_await async::asio::this_coro::executor, look_interval);
    [[maybe_unused]] auto [error] = co_await pause.async_wait(async::as_outcome);
  }
  auto claim = co_await service_->claim(asker, id, query::Service::Counted::no);
  if (!claim) co_return failure_of(claim.error(), id);
  if (claim->reader) co_return *std::move(claim->reader);
  if (claim->reader.error().code == Errc::gone) co_return expired(id);
  co_return failure_of(claim->reader.error(), id);
}

async::Task<Outcome<Stored::Entries>> ServiceStored::history(std::string principal, HistoryRequest request) {
  if (service_ == nullptr) co_return unavailable("The server is starting.");
  Outcome<Entries> found;
  if (request.ids) {
    found = co_await by_id(std::move(principal), std::move(request));
  } else {
    found = co_await by_time(std::move(principal), std::move(request));
  }
  if (found) std::ranges::sort(*found, comes_before);
  co_return found;
}

async::Task<Outcome<Stored::Entries>> ServiceStored::by_id(std::string principal, HistoryRequest request) {
  const auto asker = principals::principal_of_query(principal, options_.everyone_sees_all);
  std::set<QueryId> ids;
  for (const auto& text : *request.ids) {
    if (const auto id = QueryId::parse(text)) ids.insert(*id);
  }
  Collected collected{.bytes_left = options_.statement_bytes_max};
  for (const auto& id : ids) {
    const auto found = co_await service_->status(asker, id);
    if (!found && found.error().code == Errc::not_found) continue;
    if (!found) co_return failure_of(found.error(), id);
    if (lets_through(request, *found->entry) && !collected.add(found->entry)) co_return Collected::too_large();
  }
  co_return std::move(collected.entries);
}

async::Task<Outcome<Stored::Entries>> ServiceStored::by_time(std::string principal, HistoryRequest request) {
  const auto asker = principals::principal_of_query(principal, options_.everyone_sees_all);
  const auto limit = static_cast<std::size_t>(request.limit);
  Collected collected{.bytes_left = options_.statement_bytes_max};
  std::optional<QueryId> from;
  for (std::size_t looked_at = 0; looked_at < options_.looked_at_max; looked_at += page_size) {
    journal::HistoryFilter filter;
    // Nothing ends before it is submitted.
    if (request.end_until) filter.until = *request.end_until + std::chrono::microseconds(1);
    auto page = co_await service_->history(asker, std::move(filter), from, page_size);
    if (!page) co_return unavailable("The history cannot be read.");
    for (auto& snapshot : page->snapshots) {
      if (!lets_through(request, *snapshot.entry)) continue;
      if (!collected.add(std::move(snapshot.entry))) co_return Collected::too_large();
      if (collected.entries.size() == limit) co_return std::move(collected.entries);
    }
    from = page->next;
    if (!from) break;
  }
  co_return std::move(collected.entries);
}

}  // namespace coatcheck::scan
