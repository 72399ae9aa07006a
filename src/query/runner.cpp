#include "query/runner.hpp"

#include <arrow/record_batch.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <tuple>
#include <utility>

#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

double seconds_between(Timestamp from, Timestamp to) { return std::chrono::duration<double>(to - from).count(); }

// What the spool could not do, in words for the client.
Failure spool_failure(const Error& error) {
  if (error.code == Errc::resource_exhausted) {
    return {
        .category = FailureCategory::resources, .code = "RESULT_LIMIT", .sqlstate = "53100", .message = error.message};
  }
  // The details name files of ours; the log has them.
  return {.category = FailureCategory::internal,
          .code = "SPOOL",
          .message = "the result could not be stored",
          .retryable = true};
}

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

}  // namespace

// Where the rows go: at most `rows_max` of them, the rest is only known to exist. The writer is made with
// the first batch, on the pool's thread.
struct Runner::Sink {
  results::Spool& spool;
  QueryId query;
  std::uint64_t rows_max;
  rows::Schema schema = {};
  std::unique_ptr<results::Writer> writer = {};
  bool truncated = false;

  Result<void> open() {
    if (writer) return Result<void>::ok();
    auto created = spool.create(query, schema);
    if (!created) return std::move(created).error();
    writer = *std::move(created);
    return Result<void>::ok();
  }

  Result<void> append(rows::Batch batch) {
    auto opened = open();
    if (!opened) return opened;
    const auto rows = static_cast<std::uint64_t>(batch->num_rows());
    const std::uint64_t room = rows_max - writer->rows();
    if (rows > room) {
      truncated = true;
      if (room == 0) return Result<void>::ok();
      batch = batch->Slice(0, static_cast<std::int64_t>(room));
    }
    return writer->append(std::move(batch));
  }

  Result<results::Manifest> seal() {
    auto opened = open();
    if (!opened) return std::move(opened).error();
    return writer->seal(truncated);
  }
};

Runner::Runner(async::Loop& loop, Queries& queries, results::Spool& spool, async::Pool& disk, const Clock& clock,
               Probe& probe)
    : loop_(loop), queries_(queries), spool_(spool), disk_(disk), clock_(clock), probe_(probe) {}

async::Task<> Runner::run(LivePtr live, warehouse::Connector* connector) {
  if (live->suspect) {
    // On record before the warehouse sees it, so that a statement that kills the server is not tried for ever.
    Queries::Fill count = [](journal::Entry& entry) { ++entry.crashes; };
    auto counted = co_await queries_.amend(live->head, std::move(count));
    if (!counted) co_return;
  }

  const journal::Submission& submission = live->head->submission;
  warehouse::Request request{.query = live->head->id,
                             .attempt = live->head->attempt + 1,
                             .statement = submission.statement,
                             .principal = submission.principal,
                             .session = submission.session,
                             .warehouse = submission.warehouse,
                             .query_tag = submission.query_tag,
                             .row_limit = submission.row_limit,
                             .timeout = submission.timeout};
  auto prepared = co_await connector->prepare(std::move(request));
  // Canceled while the warehouse was reading it: then it has not begun.
  if (journal::is_final(live->head->state)) co_return;
  if (live->stopped_for == StopReason::shutting_down) {
    // It did the server no harm: a shutdown is no crash.
    Queries::Fill acquit = [](journal::Entry& entry) { --entry.crashes; };
    if (live->suspect) {
      [[maybe_unused]] auto acquitted = co_await queries_.amend(live->head, std::move(acquit));
    }
    co_return;
  }
  if (!prepared) {
    co_await fail(live, std::move(prepared).error());
    co_return;
  }
  const std::unique_ptr<warehouse::Execution> execution = *std::move(prepared);
  live->execution = execution.get();

  auto started = co_await start(live, execution->kind());
  if (!started) {
    live->execution = nullptr;
    // Canceled while the journal had no room for the start: then it has not begun.
    if (journal::is_final(live->head->state)) co_return;
    telemetry::error("query_start_not_recorded",
                     {{"query_id", live->head->id.to_string()}, {"error", started.error().message}});
    co_return;
  }

  async::Timer timeout(loop_.get_executor());
  if (live->head->submission.timeout) stop_at(timeout, *live->head->submission.timeout, live);
  auto spooled = co_await spool(live, execution.get());
  live->execution = nullptr;
  timeout.cancel();

  if (!spooled) {
    co_await end_stopped(live, std::move(spooled).error());
    co_return;
  }
  // From here on every row is on disk.
  co_await end_sealed(live, *std::move(spooled));
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

async::Task<Result<results::Manifest, Failure>> Runner::spool(LivePtr live, warehouse::Execution* execution) {
  const journal::Submission& submission = live->head->submission;
  // A script's limit is that of its parts.
  const bool is_limited = submission.form != journal::Form::script;
  Sink sink{.spool = spool_,
            .query = live->head->id,
            .rows_max = is_limited ? submission.row_limit.value_or(UINT64_MAX) : UINT64_MAX};
  auto spooled = co_await fill(live, execution, &sink);
  // A writer that did not seal takes its file away, which is the disk's business, not the loop's.
  if (!spooled) co_await disk_.run([&sink] { sink.writer.reset(); });
  co_return spooled;
}

async::Task<Result<results::Manifest, Failure>> Runner::fill(LivePtr live, warehouse::Execution* execution,
                                                             Sink* into) {
  using namespace boost::asio::experimental::awaitable_operators;

  auto cursor = co_await execution->run();
  if (!cursor) co_return std::move(cursor).error();

  const bool only_reads = execution->kind() == StatementKind::read;
  Sink& sink = *into;
  sink.schema = (*cursor)->schema();

  auto fetched = co_await (*cursor)->next();
  while (fetched && *fetched) {
    rows::Batch batch = **std::move(fetched);
    // The warehouse makes the next batch while this one goes to the disk; one is under way, never more.
    auto appending = disk_.run([&sink, batch = std::move(batch)]() mutable { return sink.append(std::move(batch)); });
    auto both = co_await (std::move(appending) && (*cursor)->next());
    Result<void> appended = std::move(std::get<0>(both));
    fetched = std::move(std::get<1>(both));
    if (!appended) {
      telemetry::warn("spool_append_failed",
                      {{"query_id", live->head->id.to_string()}, {"error", appended.error().message}});
      co_return spool_failure(appended.error());
    }
    // A read need not go on for rows that nobody gets; a write must do all that it was asked to.
    if (sink.truncated && only_reads) break;
  }
  if (!fetched) co_return std::move(fetched).error();

  auto sealed = co_await disk_.run([&sink] { return sink.seal(); });
  if (!sealed) {
    telemetry::error("spool_seal_failed",
                     {{"query_id", live->head->id.to_string()}, {"error", sealed.error().message}});
    co_return spool_failure(sealed.error());
  }
  co_return *std::move(sealed);
}

async::Task<> Runner::end_sealed(LivePtr live, results::Manifest manifest) {
  for (;;) {
    // A cancel that was acknowledged, or is on its way to the disk and will be, holds for a read even if its last
    // row won the race; a write has happened. Asked before each try: a cancel may come between two.
    if (live->head->kind == StatementKind::read && live->head->state == journal::State::canceling) {
      co_await cancel_sealed(live);
      co_return;
    }
    auto succeeded = co_await succeed(live, manifest);
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
  if (!removed) {
    telemetry::error("result_not_removed",
                     {{"query_id", live->head->id.to_string()}, {"error", removed.error().message}});
  }
}

async::Task<Result<void>> Runner::succeed(LivePtr live, results::Manifest manifest) {
  const Timestamp now = clock_.now();
  journal::ResultSummary summary{.rows = manifest.rows,
                                 .bytes = manifest.bytes,
                                 .chunks = manifest.chunks.size(),
                                 .truncated = manifest.truncated,
                                 .expires_at = now + live->head->submission.result_ttl};
  Queries::Fill fill = [now, summary](journal::Entry& entry) {
    entry.ended_at = now;
    entry.result = summary;
  };
  auto recorded = co_await queries_.try_change(live, journal::Event::succeeded, std::move(fill));
  if (!recorded) co_return std::move(recorded).error();
  probe_.ended(journal::State::succeeded);
  probe_.rows_spooled.Increment(static_cast<double>(manifest.rows));
  if (live->entry->started_at) probe_.run_seconds.Observe(seconds_between(*live->entry->started_at, now));
  telemetry::info("query_succeeded",
                  {{"query_id", live->head->id.to_string()}, {"rows", manifest.rows}, {"bytes", manifest.bytes}});
  co_return Result<void>::ok();
}

}  // namespace coatcheck::query
