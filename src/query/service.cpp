#include "query/service.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

bool may_see(const principals::Principal& asker, const journal::Entry& entry) {
  return asker.role == principals::Role::admin || asker.name == entry.submission.principal;
}

bool is_among(journal::State state, const std::vector<journal::State>& states) {
  return states.empty() || std::find(states.begin(), states.end(), state) != states.end();
}

// The one answer for what is not there and for what is somebody else's.
Error no_such_query() { return {Errc::not_found, "there is no such query"}; }

std::string words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

}  // namespace

Service::Service(async::Loop& loop, journal::Journal& journal, results::Spool& spool, async::Pool& disk,
                 const Clock& clock, telemetry::Registry& registry, Options options,
                 std::vector<WarehouseSetup> warehouses)
    : loop_(loop),
      journal_(journal),
      spool_(spool),
      disk_(disk),
      clock_(clock),
      options_(options),
      probe_(registry),
      queries_(loop, journal, options.queries),
      runner_(loop, queries_, spool, disk, clock, probe_),
      house_timer_(loop.get_executor()),
      tasks_(loop.get_executor(),
             [](std::exception_ptr failure) { telemetry::error("task_failed", {{"error", words_of(failure)}}); }) {
  assert(!warehouses.empty());
  for (WarehouseSetup& setup : warehouses) {
    const AdmissionLimits limits = setup.limits;
    lanes_.push_back(std::make_unique<Lane>(Lane{
        .setup = std::move(setup), .admission = Admission(limits), .next_timeout = async::Timer(loop.get_executor())}));
  }
}

Service::~Service() = default;

// --- submit -------------------------------------------------------------------------------------

async::Task<Result<Service::Submitted>> Service::submit(principals::Principal asker, journal::Submission submission) {
  if (draining_) co_return Error{Errc::unavailable, "the server is going down"};
  if (!journal_.writable()) co_return Error{Errc::unavailable, "the server cannot write its journal"};

  submission.principal = asker.name;
  auto checked = check(submission);
  if (!checked) co_return std::move(checked).error();
  Lane& lane = **checked;

  if (!lane.admission.reserve()) {
    // A client that lost its answer comes again for it: that needs no place in the queue.
    if (!submission.idempotency_key.empty()) {
      auto earlier = co_await journal_.find_by_key(submission.principal, submission.idempotency_key);
      if (!earlier) co_return std::move(earlier).error();
      if (*earlier) {
        const LivePtr live = queries_.live((*earlier)->id);
        co_return replay(live ? live->entry : std::make_shared<const journal::Entry>(**std::move(earlier)),
                         submission.fingerprint);
      }
    }
    probe_.refused.Increment();
    co_return Error{Errc::resource_exhausted, "the queue of warehouse '" + lane.setup.name + "' is full", "warehouse"};
  }

  const Timestamp now = clock_.now();
  journal::Entry entry;
  entry.id = make_query_id(now);
  entry.submitted_at = now;
  entry.submission = std::move(submission);
  const std::string fingerprint = entry.submission.fingerprint;
  auto added = co_await queries_.add(std::move(entry));
  if (!added) {
    lane.admission.unreserve();
    if (added.error().code != Errc::io_error) co_return std::move(added).error();
    telemetry::error("journal_broken", {{"error", added.error().message}});
    co_return Error{Errc::unavailable, "the server cannot write its journal"};
  }
  // From here on the query is on disk, and its id answers.

  if (added->replayed) {
    lane.admission.unreserve();
    co_return replay(added->entry, fingerprint);
  }

  probe_.submitted.Increment();
  telemetry::info(
      "query_submitted",
      {{"query_id", added->entry->id.to_string()}, {"principal", asker.name}, {"warehouse", lane.setup.name}});
  lane.admission.unreserve();
  enqueue(lane, added->entry->id, added->entry->submitted_at);
  co_return Submitted{.snapshot = snapshot_of(added->live->entry), .replayed = false};
}

Result<Service::Submitted> Service::replay(EntryPtr earlier, const std::string& fingerprint) {
  if (earlier->submission.fingerprint != fingerprint) {
    return Error{Errc::conflict, "this idempotency key was used for another request", "Idempotency-Key"};
  }
  probe_.replayed.Increment();
  return Submitted{.snapshot = snapshot_of(std::move(earlier)), .replayed = true};
}

Result<Service::Lane*> Service::check(journal::Submission& submission) {
  if (submission.warehouse.empty()) submission.warehouse = lanes_.front()->setup.name;
  Lane* lane = lane_of(submission.warehouse);
  if (!lane) return Error{Errc::invalid_argument, "there is no warehouse '" + submission.warehouse + "'", "warehouse"};

  if (!submission.timeout) submission.timeout = lane->setup.timeout_default;
  const auto timeout_max = lane->setup.timeout_max;
  if (timeout_max && (!submission.timeout || *submission.timeout > *timeout_max)) {
    if (submission.timeout) {
      return Error{Errc::invalid_argument, "may be at most " + to_string(*timeout_max) + " for this warehouse",
                   "timeout"};
    }
    submission.timeout = timeout_max;
  }

  if (submission.result_ttl.count() == 0) submission.result_ttl = options_.result_ttl_default;
  if (submission.result_ttl > options_.result_ttl_max) {
    return Error{Errc::invalid_argument, "may be at most " + to_string(options_.result_ttl_max), "result_ttl"};
  }
  return lane;
}

Service::Lane* Service::lane_of(const std::string& warehouse) {
  for (const auto& lane : lanes_) {
    if (lane->setup.name == warehouse) return lane.get();
  }
  return nullptr;
}

// --- the queue ----------------------------------------------------------------------------------

void Service::enqueue(Lane& lane, QueryId id, Timestamp submitted_at) {
  const auto waited = std::max(clock_.now() - submitted_at, std::chrono::microseconds(0));
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(lane.setup.limits.queue_timeout) - waited;
  lane.admission.enter(id, std::chrono::steady_clock::now() + left);
  dispatch(lane);
  // Whoever has waited longest may be another now.
  if (lane.admission.queued() == 1) lane.next_timeout.cancel();
}

void Service::dispatch(Lane& lane) {
  while (!draining_) {
    const std::optional<QueryId> id = lane.admission.take_next();
    if (!id) return;
    LivePtr live = queries_.live(*id);
    assert(live && "a query that waits is in memory");
    tasks_.spawn(run(&lane, std::move(live)));
  }
}

async::Task<> Service::run(Lane* lane, LivePtr live) {
  std::string broke;
  try {
    co_await runner_.run(live, lane->setup.connector);
  } catch (const std::exception& e) {
    broke = e.what();
  }
  if (!broke.empty()) {
    telemetry::error("query_run_broke", {{"query_id", live->head->id.to_string()}, {"error", broke}});
    live->execution = nullptr;
    Failure failure{.category = FailureCategory::internal,
                    .code = "INTERNAL",
                    .message = "the server made a mistake",
                    .retryable = true};
    co_await runner_.fail(live, std::move(failure));
  }
  if (live->unwanted) co_await drop_result(live->entry, journal::ResultGone::deleted);
  lane->admission.release();
  dispatch(*lane);
}

async::Task<> Service::expire_queue(Lane* lane) {
  while (!draining_) {
    const auto longest = lane->admission.longest_waiting();
    if (!longest || longest->leave_by > std::chrono::steady_clock::now()) {
      lane->next_timeout.expires_at(longest ? longest->leave_by : Deadline::max());
      [[maybe_unused]] auto [error] = co_await lane->next_timeout.async_wait(async::as_outcome);
      continue;
    }
    lane->admission.remove(longest->id);
    LivePtr live = queries_.live(longest->id);
    Failure failure{
        .category = FailureCategory::queue_timeout,
        .code = "QUEUE_TIMEOUT",
        .message = "the query waited for its turn longer than " + to_string(lane->setup.limits.queue_timeout),
        .retryable = true};
    co_await runner_.fail(std::move(live), std::move(failure));
  }
}

// --- status and waiting -------------------------------------------------------------------------

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
    for (const auto& lane : lanes_) {
      if (lane->setup.name != snapshot.entry->submission.warehouse) continue;
      snapshot.queued = Snapshot::Queued{.position = lane->admission.position(snapshot.entry->id).value_or(0),
                                         .running = lane->admission.running(),
                                         .running_max = lane->admission.limits().running_max};
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

async::Task<Result<Snapshot>> Service::wait(principals::Principal asker, QueryId id, std::uint64_t known,
                                            Deadline deadline) {
  auto found = co_await find(asker, id);
  if (!found) co_return std::move(found).error();
  if ((*found)->version == known && !journal::is_final((*found)->state)) {
    probe_.waits.Increment();
    std::vector<Queries::Known> one;
    one.push_back({id, known});
    auto waited = co_await queries_.wait(std::move(one), deadline);
    if (!waited) co_return std::move(waited).error();
  }
  co_return co_await status(std::move(asker), id);
}

async::Task<Result<Snapshot>> Service::wait_until_ended(principals::Principal asker, QueryId id, Deadline deadline) {
  for (;;) {
    auto now = co_await status(asker, id);
    if (!now) co_return now;
    if (journal::is_final(now->entry->state) || draining_ || std::chrono::steady_clock::now() >= deadline)
      co_return now;
    auto changed = co_await wait(asker, id, now->entry->version, deadline);
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
    probe_.waits.Increment();
    auto waited = co_await queries_.wait(std::move(known), deadline);
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

// --- claim --------------------------------------------------------------------------------------

async::Task<Result<Service::Claim>> Service::claim(principals::Principal asker, QueryId id) {
  auto found = co_await find(std::move(asker), id);
  if (!found) co_return std::move(found).error();
  Claim claim{.snapshot = snapshot_of(*found), .reader = Error{Errc::conflict, "the query has no result to claim"}};
  const journal::Entry& entry = **found;
  if (entry.state != journal::State::succeeded) co_return claim;
  if (entry.result_gone != journal::ResultGone::no || (entry.result && entry.result->expires_at <= clock_.now())) {
    claim.reader = Error{Errc::gone, entry.result_gone == journal::ResultGone::deleted ? "the result was deleted"
                                                                                       : "the result has expired"};
    co_return claim;
  }
  claim.reader = co_await disk_.run([this, id] { return spool_.read(id); });
  if (!claim.reader) {
    telemetry::error("result_unreadable", {{"query_id", id.to_string()}, {"error", claim.reader.error().message}});
  }
  co_return claim;
}

// --- cancel and delete --------------------------------------------------------------------------

async::Task<Result<Snapshot>> Service::cancel(principals::Principal asker, QueryId id) {
  auto found = co_await find(asker, id);
  if (!found) co_return std::move(found).error();
  const LivePtr live = queries_.live(id);
  if (live && live->head->state == journal::State::queued) {
    // Not in the line any more means that the warehouse is reading it: the runner sees that it has ended.
    if (Lane* lane = lane_of(live->head->submission.warehouse)) lane->admission.remove(id);
    auto canceled = co_await runner_.cancel(live);
    if (!canceled) co_return std::move(canceled).error();
  } else if (live && live->head->state == journal::State::running) {
    Queries::Fill fill = [now = clock_.now()](journal::Entry& entry) { entry.cancel_requested_at = now; };
    auto requested = co_await queries_.change(live, journal::Event::cancel_requested, std::move(fill));
    if (!requested) co_return std::move(requested).error();
    // It is on record, so that no restart forgets it; now the warehouse is told.
    live->stop(StopReason::canceled);
  }
  co_return co_await status(std::move(asker), id);
}

async::Task<Result<Snapshot>> Service::remove(principals::Principal asker, QueryId id) {
  auto found = co_await find(asker, id);
  if (!found) co_return std::move(found).error();
  // Also if its end is on its way to the disk: whoever ends it looks again when it is there.
  if (const LivePtr live = queries_.live(id); live && !journal::is_final(live->entry->state)) live->unwanted = true;
  auto ended = co_await cancel(asker, id);
  if (!ended) co_return std::move(ended).error();
  if (journal::is_final(ended->entry->state)) co_await drop_result(ended->entry, journal::ResultGone::deleted);
  co_return co_await status(std::move(asker), id);
}

async::Task<> Service::drop_result(EntryPtr entry, journal::ResultGone why) {
  const QueryId id = entry->id;
  if (entry->state != journal::State::succeeded || entry->result_gone != journal::ResultGone::no) co_return;
  // First the record, then the file: a crash in between leaves an orphan, which the next start sweeps.
  Queries::Fill fill = [why](journal::Entry& changed) { changed.result_gone = why; };
  auto amended = co_await queries_.amend(std::move(entry), std::move(fill));
  if (!amended) {
    telemetry::debug("result_drop_not_recorded", {{"query_id", id.to_string()}, {"error", amended.error().message}});
    co_return;
  }
  auto removed = co_await disk_.run([this, id] { return spool_.remove(id); });
  if (!removed)
    telemetry::error("result_not_removed", {{"query_id", id.to_string()}, {"error", removed.error().message}});
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
    statuses.push_back({.name = lane->setup.name,
                        .kind = lane->setup.kind,
                        .is_default = lane == lanes_.front(),
                        .running = lane->admission.running(),
                        .running_max = lane->setup.limits.running_max,
                        .queued = lane->admission.queued(),
                        .queued_max = lane->setup.limits.queued_max});
  }
  return statuses;
}

// --- shutdown -----------------------------------------------------------------------------------

async::Task<> Service::drain(Deadline deadline) {
  draining_ = true;
  queries_.release_waiters();
  house_timer_.cancel();
  for (const auto& lane : lanes_) lane->next_timeout.cancel();

  // Queries that run get their grace; those that wait stay queued in the journal.
  async::Timer grace(loop_.get_executor(), deadline);
  grace.async_wait([this](boost::system::error_code error) {
    if (!error) queries_.stop_all(StopReason::shutting_down);
  });
  co_await tasks_.join();
  grace.cancel();
}

}  // namespace coatcheck::query
