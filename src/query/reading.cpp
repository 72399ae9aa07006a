// What front doors only look at: status, waiting, claim, history. Nothing here changes a query.
#include <algorithm>
#include <utility>

#include "query/service.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

bool may_see(const principals::Principal& asker, const journal::Entry& entry) {
  return asker.role == principals::Role::admin || asker.name == entry.submission.principal;
}

bool is_among(journal::State state, const std::vector<journal::State>& states) {
  return states.empty() || std::find(states.begin(), states.end(), state) != states.end();
}

// Statements that one warehouse describes at a time.
constexpr std::size_t describing_max = 64;

// The one answer for what is not there and for what is somebody else's.
Error no_such_query() { return {Errc::not_found, "there is no such query"}; }

// A reader that holds the place as long as anybody holds it.
std::shared_ptr<const results::Reader> held_with(std::shared_ptr<const results::Reader> reader, Hold place) {
  struct Both {
    Hold place;
    std::shared_ptr<const results::Reader> reader;
  };
  auto both = std::make_shared<const Both>(Both{.place = std::move(place), .reader = std::move(reader)});
  return {both, both->reader.get()};
}

std::string words_for(Limit limit) {
  switch (limit) {
    case Limit::queued: return "queries waiting";
    case Limit::waiting: return "requests waiting for news";
    case Limit::claims: return "results being sent";
    case Limit::stored: return "bytes stored";
  }
  return "";
}

std::uint64_t max_of(const ShareLimits& limits, Limit limit) {
  switch (limit) {
    case Limit::queued: return limits.queued_max;
    case Limit::waiting: return limits.waiting_max;
    case Limit::claims: return limits.claims_max;
    case Limit::stored: return limits.stored_max;
  }
  return ShareLimits::none;
}

}  // namespace

async::Task<Result<EntryPtr>> Service::find(principals::Principal asker, QueryId id) {
  auto found = co_await queries_.find(id);
  if (!found && found.error().code != Errc::not_found) co_return std::move(found).error();
  if (!found || !may_see(asker, **found)) co_return no_such_query();
  co_return *std::move(found);
}

Snapshot Service::snapshot_of(EntryPtr entry) const {
  Snapshot snapshot{.entry = std::move(entry)};
  if (journal::is_final(snapshot.entry->state)) return snapshot;
  if (const LivePtr live = queries_.live(snapshot.entry->id); live && live->execution) {
    snapshot.progress = live->execution->progress();
  }
  if (snapshot.entry->state == journal::State::queued) {
    if (const Lane* lane = lane_of(snapshot.entry->submission)) {
      const std::string& principal = snapshot.entry->submission.principal;
      const Shares& shares = lane->admission.shares();
      snapshot.queued = Snapshot::Queued{.position = lane->admission.position(snapshot.entry->id).value_or(0),
                                         .is_reachable = !lane->is_down,
                                         .running = lane->admission.running(),
                                         .running_max = lane->admission.limits().running_max,
                                         .principal_running = shares.running(principal),
                                         .principal_running_max = shares.limits_of(principal).running_max};
    }
  }
  return snapshot;
}

async::Task<Result<Snapshot>> Service::status(principals::Principal asker, QueryId id) {
  probe_.status_reads.Increment();
  auto found = co_await find(std::move(asker), id);
  if (!found) co_return std::move(found).error();
  co_return snapshot_of(*std::move(found));
}

async::Task<Result<Snapshot>> Service::find_by_key(principals::Principal asker, std::string idempotency_key) {
  probe_.status_reads.Increment();
  auto found = co_await journal_.find_by_key(std::move(asker.name), std::move(idempotency_key));
  if (!found) co_return std::move(found).error();
  if (!*found) co_return no_such_query();
  // What is in memory may be newer.
  if (const LivePtr live = queries_.live((*found)->id)) co_return snapshot_of(live->entry);
  co_return snapshot_of(std::make_shared<const journal::Entry>(**std::move(found)));
}

Result<Hold> Service::hold(Holds& holds, const std::string& principal, Limit limit) {
  const std::uint64_t most = max_of(shares_.limits_of(principal), limit);
  if (auto place = holds.take(principal, most)) return *std::move(place);
  probe_.limit_met(limit);
  return Error{Errc::resource_exhausted, "principal '" + principal + "' has as many " + words_for(limit) +
                                             " as it may have (" + std::to_string(most) + ")"};
}

Result<Hold> Service::hold_wait(const principals::Principal& asker) {
  return hold(waiting_, asker.name, Limit::waiting);
}

// Who is answered at once takes no place.
Result<Hold> Service::hold_until(const principals::Principal& asker, Deadline deadline, Counted counted) {
  if (counted == Counted::no || deadline <= std::chrono::steady_clock::now()) return Hold();
  return hold_wait(asker);
}

std::optional<Service::Quota> Service::quota(const std::string& principal, Limit limit) const {
  const std::uint64_t most = max_of(shares_.limits_of(principal), limit);
  if (most == ShareLimits::none) return std::nullopt;
  std::uint64_t taken = 0;
  switch (limit) {
    case Limit::queued: taken = shares_.queued(principal); break;
    case Limit::waiting: taken = waiting_.held(principal); break;
    case Limit::claims: taken = claims_.held(principal); break;
    case Limit::stored: taken = stored_.of(principal); break;
  }
  return Quota{.max = most, .left = most - std::min(most, taken)};
}

async::Task<Result<void>> Service::wait_for_news(const principals::Principal& asker, QueryId id, std::uint64_t known,
                                                 Deadline deadline, Counted counted) {
  std::vector<Queries::Known> one;
  Hold place;
  // What is not in memory has ended. Nobody waits for what he may not see.
  const LivePtr live = queries_.live(id);
  if (live && live->entry->version == known && !journal::is_final(live->entry->state) && may_see(asker, *live->entry)) {
    auto held = hold_until(asker, deadline, counted);
    if (!held) return refused(std::move(held).error());
    place = *std::move(held);
    probe_.waits.Increment();
    one.push_back({id, known});
  }
  return queries_.wait(one, deadline, std::move(place));
}

async::Task<Result<void>> Service::refused(Error error) { co_return error; }

async::Task<Result<Snapshot>> Service::wait(principals::Principal asker, QueryId id, std::uint64_t known,
                                            Deadline deadline, Counted counted) {
  auto waited = co_await wait_for_news(asker, id, known, deadline, counted);
  if (!waited) co_return std::move(waited).error();
  co_return co_await status(std::move(asker), id);
}

async::Task<Result<Snapshot>> Service::wait_until_ended(principals::Principal asker, QueryId id, Deadline deadline,
                                                        Counted counted) {
  for (;;) {
    auto now = co_await status(asker, id);
    if (!now) co_return now;
    if (journal::is_final(now->entry->state) || draining_ || std::chrono::steady_clock::now() >= deadline)
      co_return now;
    auto changed = co_await wait(asker, id, now->entry->version, deadline, counted);
    if (!changed) co_return changed;
  }
}

async::Task<Result<std::vector<std::optional<Snapshot>>>> Service::wait_for_any(principals::Principal asker,
                                                                                std::vector<Asked> asked,
                                                                                Deadline deadline) {
  // First what is there: somebody else's query must not end the wait, for that would tell of it.
  std::vector<Queries::Known> known;
  bool news = false;
  for (const Asked& one : asked) {
    auto found = co_await find(asker, one.id);
    if (!found && found.error().code != Errc::not_found) co_return std::move(found).error();
    if (!found) continue;
    if (!one.known || *one.known != (*found)->version) news = true;
    known.push_back({one.id, (*found)->version});
  }
  if (!news && !known.empty()) {
    auto place = hold_until(asker, deadline, Counted::yes);
    if (!place) co_return std::move(place).error();
    probe_.waits.Increment();
    auto waited = co_await queries_.wait(known, deadline, *std::move(place));
    if (!waited) co_return std::move(waited).error();
  }

  std::vector<std::optional<Snapshot>> snapshots;
  snapshots.reserve(asked.size());
  for (const Asked& one : asked) {
    auto now = co_await status(asker, one.id);
    if (!now && now.error().code != Errc::not_found) co_return std::move(now).error();
    snapshots.push_back(now ? std::optional(*std::move(now)) : std::nullopt);
  }
  co_return snapshots;
}

async::Task<Result<Service::Described>> Service::describe(principals::Principal asker, journal::Submission submission) {
  if (draining_) co_return Error{Errc::unavailable, "the server is going down"};
  submission.principal = asker.name;
  auto lane = check(submission);
  if (!lane) co_return std::move(lane).error();
  warehouse::Request request{.query = make_query_id(clock_.now()),
                             .attempt = 1,
                             .statement = std::move(submission.statement),
                             .principal = submission.principal,
                             .session = submission.session,
                             .describe_only = true};
  if ((*lane)->describing >= describing_max)
    co_return Error{Errc::resource_exhausted, "too many statements are being described", "warehouse"};
  struct Describing {
    std::size_t& count;
    explicit Describing(std::size_t& of) : count(of) { ++count; }
    ~Describing() { --count; }
  };
  const Describing counted((*lane)->describing);
  auto prepared = co_await (*lane)->setup.connector->prepare(std::move(request));
  if (!prepared) co_return Described(std::move(prepared).error());
  co_return Described((*prepared)->description());
}

// --- claim --------------------------------------------------------------------------------------

async::Task<Result<Service::Claim>> Service::claim(principals::Principal asker, QueryId id, Counted counted) {
  auto found = co_await find(asker, id);
  if (!found) co_return std::move(found).error();
  Claim claim{.snapshot = snapshot_of(*found), .reader = Error{Errc::conflict, "the query has no result to claim"}};
  const journal::Entry& entry = **found;
  if (entry.state != journal::State::succeeded) co_return claim;
  if (entry.result_gone != journal::ResultGone::no || (entry.result && entry.result->expires_at <= clock_.now())) {
    claim.reader = Error{Errc::gone, entry.result_gone == journal::ResultGone::deleted ? "the result was deleted"
                                                                                       : "the result has expired"};
    co_return claim;
  }
  Hold place;
  if (counted == Counted::yes) {
    auto held = hold(claims_, asker.name.empty() ? entry.submission.principal : asker.name, Limit::claims);
    if (!held) co_return std::move(held).error();
    place = *std::move(held);
  }
  if (entry.result && entry.result->kept_by_warehouse) {
    auto fetched = co_await fetch_kept(*found);
    if (!fetched) {
      claim.reader = std::move(fetched).error();
      co_return claim;
    }
    auto now = co_await queries_.find(id);
    if (now) claim.snapshot = snapshot_of(*std::move(now));
  }
  claim.reader = co_await disk_.run([this, id] { return spool_.read(id); });
  if (claim.reader && place) claim.reader = held_with(*std::move(claim.reader), std::move(place));
  if (!claim.reader) {
    telemetry::error("result_unreadable", {{"query_id", id.to_string()}, {"error", claim.reader.error().message}});
  }
  co_return claim;
}

// --- history ------------------------------------------------------------------------------------

async::Task<Result<Service::HistoryPage>> Service::history(principals::Principal asker, journal::HistoryFilter filter,
                                                           std::optional<QueryId> from, std::size_t limit) {
  if (asker.role != principals::Role::admin) filter.principal = asker.name;
  const std::vector<journal::State> states = filter.states;
  auto page = co_await journal_.history(std::move(filter), from, limit);
  if (!page) co_return std::move(page).error();
  HistoryPage shown{.snapshots = {}, .next = page->next};
  shown.snapshots.reserve(page->entries.size());
  for (journal::Entry& entry : page->entries) {
    const LivePtr live = queries_.live(entry.id);
    // It may have moved on since the journal was read: then it is no longer what was asked for.
    if (live && !is_among(live->entry->state, states)) continue;
    shown.snapshots.push_back(
        snapshot_of(live ? live->entry : std::make_shared<const journal::Entry>(std::move(entry))));
  }
  probe_.status_reads.Increment(static_cast<double>(shown.snapshots.size()));
  co_return shown;
}

std::vector<WarehouseStatus> Service::warehouses() const {
  std::vector<WarehouseStatus> statuses;
  for (const auto& lane : lanes_) {
    if (lane->setup.form != journal::Form::statement) continue;
    statuses.push_back({.name = lane->setup.name,
                        .kind = lane->setup.kind,
                        .is_default = lane == lanes_.front(),
                        .running = lane->admission.running(),
                        .running_max = lane->setup.limits.running_max,
                        .queued = lane->admission.queued(),
                        .queued_max = lane->setup.limits.queued_max,
                        .is_reachable = lane->is_reachable(),
                        .last_trouble = lane->last_trouble,
                        .status_requests = lane->setup.connector->status_requests()});
  }
  return statuses;
}

std::optional<std::chrono::milliseconds> Service::timeout_max(const std::string& warehouse) const {
  if (warehouse.empty()) return lanes_.front()->setup.timeout_max;
  for (const auto& lane : lanes_) {
    if (lane->setup.form == journal::Form::statement && lane->setup.name == warehouse) return lane->setup.timeout_max;
  }
  return std::nullopt;
}

std::optional<std::string> Service::find_warehouse(std::string_view name) const {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  for (const auto& lane : lanes_) {
    if (lane->setup.form != journal::Form::statement) continue;
    const std::string& known = lane->setup.name;
    if (std::equal(known.begin(), known.end(), name.begin(), name.end(),
                   [&](char a, char b) { return lower(a) == lower(b); })) {
      return known;
    }
  }
  return std::nullopt;
}

}  // namespace coatcheck::query
