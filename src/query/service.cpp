#include "query/service.hpp"

#include <algorithm>
#include <cassert>
#include <exception>
#include <utility>

#include "base/fail_point.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

// Between two questions to a warehouse that cannot be reached.
constexpr std::chrono::milliseconds probe_pause_min{250};
constexpr std::chrono::milliseconds probe_pause_max = std::chrono::seconds(30);

std::string words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "unknown exception";
  }
}

// Scripts, statements about sessions, and scans of what is stored here: they wait for a principal's queries or read
// what they left, so its limits do not hold them up.
bool is_servers_own(const WarehouseSetup& setup) { return setup.form != journal::Form::statement || setup.takes; }

}  // namespace

Service::Service(async::Loop& loop, journal::Journal& journal, results::Spool& spool, async::Pool& disk,
                 const Clock& clock, telemetry::Registry& registry, Options options,
                 std::vector<WarehouseSetup> warehouses)
    : loop_(loop),
      journal_(journal),
      spool_(spool),
      disk_(disk),
      clock_(clock),
      options_(std::move(options)),
      probe_(registry),
      shares_(options_.others, options_.named),
      stored_(shares_),
      queries_(loop, journal, options_.queries),
      runner_(loop, queries_, spool, stored_, disk, clock, probe_),
      house_timer_(loop.get_executor()),
      tasks_(loop.get_executor(),
             [](std::exception_ptr failure) { telemetry::error("task_failed", {{"error", words_of(failure)}}); }),
      probes_(loop.get_executor(), [this](std::exception_ptr failure) {
        // What is broken off ends as it may.
        if (!draining_) telemetry::error("task_failed", {{"error", words_of(failure)}});
      }) {
  assert(!warehouses.empty());
  for (WarehouseSetup& setup : warehouses) {
    Admission admission(setup.limits, is_servers_own(setup) ? own_shares_ : shares_);
    lanes_.push_back(std::make_unique<Lane>(Lane{.setup = std::move(setup),
                                                 .admission = std::move(admission),
                                                 .next_timeout = async::Timer(loop.get_executor()),
                                                 .probe_pause = probe_pause_min,
                                                 .next_probe = async::Timer(loop.get_executor())}));
  }
  for (const auto& lane : lanes_) {
    if (lane->setup.form != journal::Form::statement) continue;
    lane->setup.connector->tell_of_trouble(
        [this, at = lane.get()](const std::optional<Failure>& trouble) { note_silence(*at, trouble); });
  }
}

Service::~Service() {
  for (const auto& lane : lanes_) {
    if (lane->setup.form == journal::Form::statement) lane->setup.connector->tell_of_trouble({});
  }
}

// --- submit -------------------------------------------------------------------------------------

async::Task<Result<Service::Submitted>> Service::submit(principals::Principal asker, journal::Submission submission) {
  if (draining_) co_return Error{Errc::unavailable, "the server is going down"};
  if (!journal_.writable()) co_return Error{Errc::unavailable, "the server cannot write its journal"};

  submission.principal = asker.name;
  auto checked = check(submission);
  if (!checked) co_return std::move(checked).error();
  Lane& lane = **checked;

  if (auto room = make_room(lane, submission); !room) {
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
    co_return std::move(room).error();
  }

  const std::uint64_t values = bound_values(submission.statement);
  if (queries_.bound_values() + values_being_added_ + values > options_.bound_values_max) {
    lane.admission.unreserve(asker.name);
    probe_.refused.Increment();
    co_return Error{Errc::resource_exhausted, "too many values are bound to queries that have not ended"};
  }
  const Timestamp now = clock_.now();
  journal::Entry entry;
  entry.id = make_query_id(now);
  entry.submitted_at = now;
  entry.submission = std::move(submission);
  const std::string fingerprint = entry.submission.fingerprint;
  fail_point("submit.checked");
  values_being_added_ += values;
  auto added = co_await queries_.add(std::move(entry));
  values_being_added_ -= values;
  if (!added) {
    lane.admission.unreserve(asker.name);
    if (added.error().code != Errc::io_error) co_return std::move(added).error();
    telemetry::error("journal_broken", {{"error", added.error().message}});
    co_return Error{Errc::unavailable, "the server cannot write its journal"};
  }
  // From here on the query is on disk, and its id answers.
  fail_point("submit.durable");

  if (added->replayed) {
    lane.admission.unreserve(asker.name);
    co_return replay(added->entry, fingerprint);
  }

  probe_.submitted.Increment();
  telemetry::info(
      "query_submitted",
      {{"query_id", added->entry->id.to_string()}, {"principal", asker.name}, {"warehouse", lane.setup.name}});
  lane.admission.unreserve(asker.name);
  enqueue(lane, *added->entry);
  co_return Submitted{.snapshot = snapshot_of(added->live->entry), .replayed = false};
}

Result<Service::Submitted> Service::replay(EntryPtr earlier, const std::string& fingerprint) {
  if (earlier->submission.fingerprint != fingerprint) {
    return Error{Errc::conflict, "this idempotency key was used for another request", "Idempotency-Key"};
  }
  probe_.replayed.Increment();
  return Submitted{.snapshot = snapshot_of(std::move(earlier)), .replayed = true};
}

// A place in the queue, which unreserve() gives back.
Result<void> Service::make_room(Lane& lane, const journal::Submission& submission) {
  if (submission.form == journal::Form::statement) {
    if (auto stored = stored_.check_room(submission.principal); !stored) {
      probe_.limit_met(Limit::stored);
      return stored;
    }
  }
  const Admission::Room room = lane.admission.reserve(submission.principal);
  if (room == Admission::Room::yes) return Result<void>::ok();
  if (room == Admission::Room::no_more_of_the_same) probe_.limit_met(Limit::queued);
  return no_room(lane, submission.principal, room);
}

Error Service::no_room(const Lane& lane, const std::string& principal, Admission::Room room) const {
  if (room == Admission::Room::no_more_of_the_same) {
    return {Errc::resource_exhausted, "principal '" + principal + "' has as many queries waiting as it may have (" +
                                          std::to_string(shares_.limits_of(principal).queued_max) + ")"};
  }
  return {Errc::resource_exhausted, "the queue of warehouse '" + lane.setup.name + "' is full", "warehouse"};
}

Result<Service::Lane*> Service::check(journal::Submission& submission) {
  if (submission.warehouse.empty()) submission.warehouse = lanes_.front()->setup.name;
  for (const auto& taker : lanes_) {
    if (submission.form != journal::Form::statement || !taker->setup.takes) continue;
    if (taker->setup.takes(submission.statement.text)) {
      submission.warehouse = taker->setup.name;
      break;
    }
  }
  Lane* lane = lane_of(submission);
  if (!lane || !find_warehouse(submission.warehouse))
    return Error{Errc::invalid_argument, "there is no warehouse '" + submission.warehouse + "'", "warehouse"};

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

Service::Lane* Service::lane_of(const journal::Submission& submission) const {
  for (const auto& lane : lanes_) {
    if (lane->setup.form != submission.form) continue;
    if (submission.form != journal::Form::statement || lane->setup.name == submission.warehouse) return lane.get();
  }
  return nullptr;
}

// --- the queue ----------------------------------------------------------------------------------

void Service::enqueue(Lane& lane, const journal::Entry& entry) {
  const auto waited = std::max(clock_.now() - entry.submitted_at, std::chrono::microseconds(0));
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(lane.setup.limits.queue_timeout) - waited;
  lane.admission.enter(entry.submission.principal, entry.submission.priority, entry.id,
                       std::chrono::steady_clock::now() + left);
  dispatch(lane);
  // Whoever has waited longest may be another now.
  if (lane.admission.queued() == 1) lane.next_timeout.cancel();
}

void Service::put_back(Lane& lane, Admission::Place place) {
  lane.admission.put_back(std::move(place));
  lane.next_timeout.cancel();
  dispatch(lane);
}

void Service::dispatch(Lane& lane) {
  while (!draining_ && !lane.is_down) {
    std::optional<Admission::Place> place = lane.admission.take_next();
    if (!place) return;
    LivePtr live = queries_.live(place->id);
    assert(live && "a query that waits is in memory");
    tasks_.spawn(run(&lane, *std::move(place), std::move(live)));
  }
}

// What ends at one warehouse may be what kept its principal from running at another.
void Service::dispatch_all() {
  for (const auto& lane : lanes_) dispatch(*lane);
}

async::Task<> Service::run(Lane* lane, Admission::Place place, LivePtr live) {
  const QueryId id = live->head->id;
  under_way_.insert(id);
  std::string broke;
  std::optional<Failure> unreachable;
  try {
    unreachable = co_await runner_.run(live, lane->setup.connector);
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
  under_way_.erase(id);
  lane->admission.release(place.principal);
  if (unreachable && live->head->state == journal::State::queued) {
    lane->admission.put_back(std::move(place));
    lane->next_timeout.cancel();  // It may have waited longest.
  }
  const std::optional<Failure>& failure = unreachable ? unreachable : live->entry->failure;
  if (failure && failure->category == FailureCategory::unavailable && failure->retryable) {
    note_trouble(*lane, *failure);
  } else if (!lane->is_down) {
    lane->probe_pause = probe_pause_min;
  }
  dispatch_all();
}

// --- a warehouse that cannot be reached ---------------------------------------------------------

// Logged once, whatever else goes wrong until it is back.
void Service::set_trouble(Lane& lane, const Failure& failure) {
  lane.last_trouble = WarehouseStatus::Trouble{.message = failure.message, .at = clock_.now()};
  if (!lane.is_reachable() || draining_) return;
  telemetry::warn("warehouse_unreachable", {{"warehouse", lane.setup.name}, {"error", failure.message}});
}

void Service::report_back(const Lane& lane) {
  if (lane.is_reachable()) telemetry::info("warehouse_answers", {{"warehouse", lane.setup.name}});
}

void Service::note_trouble(Lane& lane, const Failure& failure) {
  set_trouble(lane, failure);
  if (lane.is_down || draining_) return;
  lane.is_down = true;
  probes_.spawn(probe(&lane));
}

// Of queries that run in a detached warehouse, which goes on being asked about them. The queue goes on too: whether a
// statement can be given to it shows with the next one.
void Service::note_silence(Lane& lane, const std::optional<Failure>& trouble) {
  if (trouble) {
    set_trouble(lane, *trouble);
    lane.is_silent = true;
  } else if (std::exchange(lane.is_silent, false)) {
    report_back(lane);
  }
}

async::Task<> Service::probe(Lane* lane) {
  while (!draining_) {
    lane->next_probe.expires_after(lane->probe_pause);
    [[maybe_unused]] auto [error] = co_await lane->next_probe.async_wait(async::as_outcome);
    if (draining_) co_return;
    // Kept until a query has run: what answers a question may refuse the next statement all the same.
    lane->probe_pause = std::min(lane->probe_pause * 2, probe_pause_max);
    auto answered = co_await lane->setup.connector->check();
    if (draining_) co_return;  // It was broken off.
    if (answered || answered.error().category != FailureCategory::unavailable) break;
    lane->last_trouble = WarehouseStatus::Trouble{.message = answered.error().message, .at = clock_.now()};
  }
  lane->is_down = false;
  report_back(*lane);
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
    const std::string why =
        lane->is_down ? "; the warehouse could not be reached: " + lane->last_trouble->message : std::string();
    Failure failure{
        .category = FailureCategory::queue_timeout,
        .code = "QUEUE_TIMEOUT",
        .message = "the query waited for its turn longer than " + to_string(lane->setup.limits.queue_timeout) + why,
        .retryable = true};
    co_await runner_.fail(std::move(live), std::move(failure));
  }
}

// --- cancel and delete --------------------------------------------------------------------------

async::Task<Result<Snapshot>> Service::cancel(principals::Principal asker, QueryId id) {
  auto found = co_await find(asker, id);
  if (!found) co_return std::move(found).error();
  const LivePtr live = queries_.live(id);
  if (live && live->head->state == journal::State::queued) {
    // Not in the line any more means that the warehouse is reading it: the runner sees that it has ended.
    Lane* lane = lane_of(live->head->submission);
    auto place = lane ? lane->admission.remove(id) : std::nullopt;
    auto canceled = co_await runner_.try_cancel(live);
    if (!canceled) {
      // Not half canceled: it goes on waiting where it was.
      if (place && live->head->state == journal::State::queued) put_back(*lane, *std::move(place));
      co_return std::move(canceled).error();
    }
    // A script that waits for its turn may have begun in an earlier process.
    if (live->head->submission.form == journal::Form::script) co_await cancel_parts(id);
  } else if (live && live->head->state == journal::State::running) {
    Queries::Fill fill = [now = clock_.now()](journal::Entry& entry) { entry.cancel_requested_at = now; };
    auto requested = co_await queries_.try_change(live, journal::Event::cancel_requested, std::move(fill));
    if (!requested) co_return std::move(requested).error();
    // It is on record, so that no restart forgets it; now the warehouse is told.
    fail_point("cancel.recorded");
    live->stop(StopReason::canceled);
  }
  co_return co_await status(std::move(asker), id);
}

async::Task<> Service::cancel_parts(QueryId script) {
  const principals::Principal anybody{.name = "", .role = principals::Role::admin};
  for (const QueryId part : queries_.unfinished_by_key(journal::part_key_prefix(script))) {
    auto canceled = co_await cancel(anybody, part);
    if (!canceled) {
      telemetry::warn("part_not_canceled", {{"query_id", part.to_string()}, {"error", canceled.error().message}});
    }
  }
}

async::Task<Result<Snapshot>> Service::remove(principals::Principal asker, QueryId id) {
  auto found = co_await find(asker, id);
  if (!found) co_return std::move(found).error();
  // Also if its end is on its way to the disk: whoever ends it looks again when it is there.
  const LivePtr live = queries_.live(id);
  const bool was_unwanted = live && live->unwanted;
  if (live && !journal::is_final(live->entry->state)) live->unwanted = true;
  auto ended = co_await cancel(asker, id);
  if (!ended) {
    if (live) live->unwanted = was_unwanted;
    co_return std::move(ended).error();
  }
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
  fail_point("drop.recorded");
  auto removed = co_await disk_.run([this, id] { return spool_.remove(id); });
  stored_.forget(id);
  if (!removed)
    telemetry::error("result_not_removed", {{"query_id", id.to_string()}, {"error", removed.error().message}});
  fail_point("drop.removed");
}

// --- shutdown -----------------------------------------------------------------------------------

async::Task<bool> Service::drain(Deadline deadline) {
  draining_ = true;
  queries_.release_waiters();
  house_timer_.cancel();
  for (const auto& lane : lanes_) {
    lane->next_timeout.cancel();
    lane->next_probe.cancel();
  }

  // Nothing more is submitted, so a script can only end: the next start goes on with it. Its part has its own grace.
  for (const QueryId id : queries_.scripts()) queries_.live(id)->stop(StopReason::shutting_down);
  queries_.leave_detached();
  leave_fetches();
  probes_.cancel();  // Nobody needs to know any more whether a warehouse is back.
  // Queries that run get their grace; those that wait stay queued in the journal.
  if (co_await join_until(deadline)) co_return true;
  queries_.stop_all(StopReason::shutting_down);
  if (co_await join_until(std::chrono::steady_clock::now() + options_.stop_grace)) co_return true;

  for (const QueryId id : under_way_) telemetry::error("query_abandoned", {{"query_id", id.to_string()}});
  telemetry::error("drain_given_up",
                   {{"queries", under_way_.size()}, {"tasks", tasks_.size()}, {"probes", probes_.size()}});
  co_return false;
}

async::Task<bool> Service::join_until(Deadline deadline) {
  const bool has_ended = co_await tasks_.join_until(deadline);
  if (!has_ended) co_return false;
  co_return co_await probes_.join_until(deadline);
}

}  // namespace coatcheck::query
