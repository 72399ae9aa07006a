#include "query/runner.hpp"

#include <algorithm>
#include <utility>

#include "base/fail_point.hpp"
#include "query/spooling.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

double seconds_between(Timestamp from, Timestamp to) { return std::chrono::duration<double>(to - from).count(); }

Failure canceled_failure() {
  return {.category = FailureCategory::canceled,
          .code = "CANCELED",
          .sqlstate = "57014",
          .message = "the query was canceled"};
}

Queries::Fill canceled_at(Timestamp now) {
  return [now](journal::Entry& entry) {
    if (!entry.cancel_requested_at) entry.cancel_requested_at = now;
    entry.ended_at = now;
    entry.failure = canceled_failure();
  };
}

// Stops the execution when the query's time is over. Does nothing once the runner has let go of it.
void stop_at(async::Timer& timer, std::chrono::milliseconds timeout, const LivePtr& live) {
  timer.expires_after(timeout);
  timer.async_wait([watched = std::weak_ptr<Live>(live)](boost::system::error_code error) {
    const LivePtr still = watched.lock();
    if (!error && still && still->execution) still->stop(StopReason::timed_out);
  });
}

// Whether the statement never got to the warehouse, and may later.
bool is_unreachable(const Failure& failure) {
  return failure.category == FailureCategory::unavailable && failure.retryable;
}

// How long the query may still run: it may have begun in an earlier process.
std::chrono::milliseconds time_left(const journal::Entry& entry, Timestamp now) {
  const auto whole = entry.submission.timeout.value_or(std::chrono::milliseconds(0));
  const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(now - entry.started_at.value_or(now));
  return std::max(whole - gone, std::chrono::milliseconds(0));
}

}  // namespace

warehouse::Request request_for(const journal::Entry& entry) {
  const journal::Submission& submission = entry.submission;
  return {.query = entry.id,
          .attempt = entry.attempt,
          .statement = submission.statement,
          .principal = submission.principal,
          .session = submission.session,
          .warehouse = submission.warehouse,
          .query_tag = submission.query_tag,
          .traceparent = submission.traceparent,
          .row_limit = submission.row_limit,
          .timeout = submission.timeout,
          .handle = entry.handle};
}

RowsWanted rows_wanted(const journal::Entry& entry, StatementKind kind) {
  // A script's limit is that of its parts.
  const bool is_limited = entry.submission.form != journal::Form::script;
  return {.query = entry.id,
          .rows_max = is_limited ? entry.submission.row_limit.value_or(UINT64_MAX) : UINT64_MAX,
          .stop_at_max = kind == StatementKind::read,
          .principal = entry.submission.principal,
          .may_be_too_much = kind == StatementKind::read && entry.submission.form == journal::Form::statement};
}

journal::ResultSummary summary_of(const results::Manifest& manifest) {
  return {.rows = manifest.rows,
          .bytes = manifest.bytes,
          .chunks = manifest.chunks.size(),
          .truncated = manifest.truncated,
          .expires_at = Timestamp::max()};
}

Runner::Runner(async::Loop& loop, Queries& queries, results::Spool& spool, StoredBytes& stored, async::Pool& disk,
               const Clock& clock, Probe& probe)
    : loop_(loop), queries_(queries), spool_(spool), stored_(stored), disk_(disk), clock_(clock), probe_(probe) {}

async::Task<std::optional<Failure>> Runner::run(LivePtr live, warehouse::Connector* connector) {
  const bool goes_on = live->head->state != journal::State::queued;  // It runs in a detached warehouse.
  if (!goes_on && live->head->submission.form == journal::Form::statement) {
    // Before it begins, for a write cannot be taken back when there is no room for what it tells.
    if (auto room = stored_.check_room(live->head->submission.principal); !room) {
      probe_.limit_met(Limit::stored);
      Failure failure = result_limit(room.error());
      co_await fail(std::move(live), std::move(failure));
      co_return std::nullopt;
    }
  }
  if (live->suspect) {
    // On record before the warehouse sees it, so that a statement that kills the server is not tried for ever.
    Queries::Fill count = [](journal::Entry& entry) { ++entry.crashes; };
    auto counted = co_await queries_.amend(live->head, std::move(count));
    if (!counted) co_return std::nullopt;
  }

  fail_point("run.taken");

  live->detached = connector->capabilities().detached;
  warehouse::Request request = request_for(*live->head);
  request.attempt += goes_on ? 0 : 1;
  request.may_be_submitted = live->head->attempt > 0;
  request.is_awaited = [watched = std::weak_ptr<Live>(live)] {
    const LivePtr still = watched.lock();
    return still && !still->watches.empty();
  };
  auto prepared = co_await connector->prepare(std::move(request));
  // Canceled while the warehouse was reading it: then it has not begun.
  if (journal::is_final(live->head->state)) co_return std::nullopt;
  if (live->left) {
    // It did the server no harm: a shutdown is no crash.
    co_await acquit(live);
    co_return std::nullopt;
  }
  if (!prepared) {
    Failure failure = std::move(prepared).error();
    if (!goes_on && is_unreachable(failure)) {
      co_await acquit(live);
      co_return failure;
    }
    co_await fail(live, std::move(failure));
    co_return std::nullopt;
  }
  const std::unique_ptr<warehouse::Execution> execution = *std::move(prepared);
  live->execution = execution.get();
  fail_point("run.prepared");

  if (!goes_on) {
    auto started = co_await start(live, execution->kind());
    if (!started) {
      live->execution = nullptr;
      // Canceled while the journal had no room for the start: then it has not begun.
      if (journal::is_final(live->head->state)) co_return std::nullopt;
      telemetry::error("query_start_not_recorded",
                       {{"query_id", live->head->id.to_string()}, {"error", started.error().message}});
      co_return std::nullopt;
    }
  }
  fail_point("run.started");
  // Somebody wanted it stopped before there was anything to stop.
  if (goes_on && live->head->state == journal::State::canceling) live->stop(StopReason::canceled);

  async::Timer timeout(loop_.get_executor());
  if (live->head->submission.timeout) stop_at(timeout, time_left(*live->head, clock_.now()), live);
  auto yielded = co_await yield(live, execution.get());
  live->execution = nullptr;
  timeout.cancel();

  if (!yielded) {
    const bool was_taken =
        live->detached ? !live->head->handle.empty() : yielded.error().code != warehouse::not_begun_code;
    if (!was_taken && live->stopped_for == StopReason::none && is_unreachable(yielded.error())) {
      co_return co_await put_off(live, std::move(yielded).error());
    }
    co_await end_stopped(live, std::move(yielded).error());
    co_return std::nullopt;
  }
  // From here on every row is on disk, or kept by the warehouse.
  fail_point("run.rows_kept");
  co_await end_well(live, *std::move(yielded));
  co_return std::nullopt;
}

async::Task<std::optional<Failure>> Runner::put_off(LivePtr live, Failure unreachable) {
  Queries::Fill fill = [](journal::Entry& entry) { entry.started_at.reset(); };
  auto requeued = co_await queries_.change(live, journal::Event::requeued, std::move(fill));
  if (requeued) co_return unreachable;
  // Canceled meanwhile; there is nothing to stop.
  if (requeued.error().code == Errc::conflict) [[maybe_unused]]
    auto canceled = co_await cancel(live);
  co_return std::nullopt;
}

async::Task<> Runner::acquit(LivePtr live) {
  if (!live->suspect) co_return;
  Queries::Fill take_back = [](journal::Entry& entry) { --entry.crashes; };
  [[maybe_unused]] auto acquitted = co_await queries_.amend(live->head, std::move(take_back));
}

async::Task<Result<void>> Runner::start(LivePtr live, StatementKind kind) {
  Queries::Fill fill = [kind, suspect = live->suspect, now = clock_.now()](journal::Entry& entry) {
    ++entry.attempt;
    // It runs now, and a crash would count it: the one counted ahead is taken back.
    if (suspect) --entry.crashes;
    entry.kind = kind;
    entry.started_at = now;
  };
  if (live->head->attempt == 0) probe_.queue_seconds.Observe(seconds_between(live->head->submitted_at, clock_.now()));
  // A read that is forgotten by a crash is run again: no harm. Whatever may do harm twice, or has brought the
  // server down once, is on record before the engine hears of it.
  if (kind == StatementKind::read && !live->suspect)
    co_return queries_.note(live, journal::Event::started, std::move(fill));
  co_return co_await queries_.change(live, journal::Event::started, std::move(fill));
}

async::Task<Result<journal::ResultSummary, Failure>> Runner::yield(LivePtr live, warehouse::Execution* execution) {
  if (live->detached) {
    auto handed_over = co_await hand_over(live, execution);
    if (!handed_over) co_return std::move(handed_over).error();
  }
  auto cursor = co_await execution->run();
  fail_point("run.answered");
  if (!cursor) co_return std::move(cursor).error();
  const RowsWanted wanted = rows_wanted(*live->head, execution->kind());
  if (const auto kept = (*cursor)->kept()) {
    co_return journal::ResultSummary{.rows = std::min(kept->rows, wanted.rows_max),
                                     .truncated = kept->rows > wanted.rows_max,
                                     .kept_by_warehouse = true,
                                     .expires_at = clock_.now() + kept->for_time};
  }
  auto spooled = co_await spool_rows(spool_, stored_, disk_, cursor->get(), wanted);
  if (!spooled) co_return std::move(spooled).error();
  co_return summary_of(*spooled);
}

async::Task<Result<void, Failure>> Runner::hand_over(LivePtr live, warehouse::Execution* execution) {
  auto handle = co_await execution->submit();
  if (!handle) co_return std::move(handle).error();
  fail_point("run.submitted");
  if (*handle == live->head->handle) co_return Result<void, Failure>::ok();
  Queries::Fill note = [told = *std::move(handle)](journal::Entry& entry) { entry.handle = told; };
  auto noted = co_await queries_.amend(live->head, std::move(note));
  if (!noted) {
    // Without it the next start asks with the same request again; so does this one, if the journal comes back.
    telemetry::error("handle_not_recorded",
                     {{"query_id", live->head->id.to_string()}, {"error", noted.error().message}});
  }
  fail_point("run.handle_recorded");
  co_return Result<void, Failure>::ok();
}

async::Task<> Runner::end_well(LivePtr live, journal::ResultSummary summary) {
  for (;;) {
    // A cancel that was acknowledged, or is on its way to the disk and will be, holds for a read even if its last
    // row won the race; a write has happened. Asked before each try: a cancel may come between two.
    if (live->head->kind == StatementKind::read && live->head->state == journal::State::canceling) {
      co_await cancel_sealed(live);
      co_return;
    }
    auto succeeded = co_await succeed(live, summary);
    if (succeeded) co_return;
    if (succeeded.error().code != Errc::resource_exhausted) {
      telemetry::error("query_end_not_recorded",
                       {{"query_id", live->head->id.to_string()}, {"error", succeeded.error().message}});
      co_return;
    }
    co_await queries_.pause();
  }
}

async::Task<> Runner::end_stopped(LivePtr live, Failure failure) {
  // It goes on in the warehouse, and the next start finds it there.
  if (live->detached && live->left) co_return;
  switch (live->stopped_for) {
    case StopReason::none: {
      co_await fail(live, std::move(failure));
      co_return;
    }
    case StopReason::canceled: {
      [[maybe_unused]] auto canceled = co_await cancel(live);
      co_return;
    }
    case StopReason::timed_out: {
      Failure timed_out{.category = FailureCategory::timeout,
                        .code = "TIMEOUT",
                        .sqlstate = "57014",
                        .message = "the query ran longer than its timeout of " +
                                   to_string(live->head->submission.timeout.value_or(std::chrono::milliseconds(0)))};
      co_await fail(live, std::move(timed_out));
      co_return;
    }
    case StopReason::shutting_down: {
      if (live->head->kind == StatementKind::read) {
        Queries::Fill fill = [](journal::Entry& entry) { entry.started_at.reset(); };
        [[maybe_unused]] auto requeued = co_await queries_.change(live, journal::Event::requeued, std::move(fill));
      } else {
        Failure interrupted{
            .category = FailureCategory::interrupted,
            .code = "INTERRUPTED",
            .message = "the server was shut down while the statement ran; it was stopped and is not run again",
            .retryable = true};
        co_await fail(live, std::move(interrupted));
      }
      co_return;
    }
  }
}

async::Task<> Runner::fail(LivePtr live, Failure failure) {
  const Timestamp now = clock_.now();
  telemetry::info(
      "query_failed",
      {{"query_id", live->head->id.to_string()}, {"category", to_string(failure.category)}, {"code", failure.code}});
  Queries::Fill fill = [now, failure](journal::Entry& entry) {
    entry.ended_at = now;
    entry.failure = failure;
  };
  auto recorded = co_await queries_.change(live, journal::Event::failed, std::move(fill));
  if (recorded) {
    probe_.ended(journal::State::failed);
    if (live->entry->started_at) probe_.run_seconds.Observe(seconds_between(*live->entry->started_at, now));
  } else {
    telemetry::error("query_end_not_recorded",
                     {{"query_id", live->head->id.to_string()}, {"error", recorded.error().message}});
  }
}

async::Task<Result<void>> Runner::cancel(LivePtr live) {
  Queries::Fill fill = canceled_at(clock_.now());
  auto recorded = co_await queries_.change(live, journal::Event::canceled, std::move(fill));
  co_return report_canceled(live, std::move(recorded));
}

async::Task<Result<void>> Runner::try_cancel(LivePtr live) {
  Queries::Fill fill = canceled_at(clock_.now());
  auto recorded = co_await queries_.try_change(live, journal::Event::canceled, std::move(fill));
  co_return report_canceled(live, std::move(recorded));
}

Result<void> Runner::report_canceled(const LivePtr& live, Result<void> recorded) {
  if (recorded) {
    probe_.ended(journal::State::canceled);
    telemetry::info("query_canceled", {{"query_id", live->head->id.to_string()}});
  } else if (recorded.error().code != Errc::conflict && recorded.error().code != Errc::resource_exhausted) {
    telemetry::error("query_end_not_recorded",
                     {{"query_id", live->head->id.to_string()}, {"error", recorded.error().message}});
  }
  return recorded;
}

async::Task<> Runner::cancel_sealed(LivePtr live) {
  // First the record, then the file: a crash in between leaves an orphan, which the next start sweeps.
  auto canceled = co_await cancel(live);
  if (!canceled) co_return;
  auto removed = co_await disk_.run([this, id = live->head->id] { return spool_.remove(id); });
  stored_.forget(live->head->id);
  if (!removed) {
    telemetry::error("result_not_removed",
                     {{"query_id", live->head->id.to_string()}, {"error", removed.error().message}});
  }
}

async::Task<Result<void>> Runner::succeed(LivePtr live, journal::ResultSummary summary) {
  const Timestamp now = clock_.now();
  summary.expires_at = std::min(summary.expires_at, now + live->head->submission.result_ttl);
  Queries::Fill fill = [now, summary](journal::Entry& entry) {
    entry.ended_at = now;
    entry.result = summary;
  };
  auto recorded = co_await queries_.try_change(live, journal::Event::succeeded, std::move(fill));
  if (!recorded) co_return std::move(recorded).error();
  fail_point("run.end_recorded");
  probe_.ended(journal::State::succeeded);
  if (!summary.kept_by_warehouse) probe_.rows_spooled.Increment(static_cast<double>(summary.rows));
  if (live->entry->started_at) probe_.run_seconds.Observe(seconds_between(*live->entry->started_at, now));
  telemetry::info("query_succeeded",
                  {{"query_id", live->head->id.to_string()}, {"rows", summary.rows}, {"bytes", summary.bytes}});
  co_return Result<void>::ok();
}

}  // namespace coatcheck::query
