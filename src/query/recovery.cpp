// What an earlier process left: each query that had not ended is queued again, found to have ended, or
// failed with the reason; then the spool is swept of what nobody wants.
#include <utility>

#include "query/service.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::query {

namespace {

// A query that was running in so many crashes is suspected of having caused them.
constexpr int crashes_max = 2;

Failure interrupted(std::string message, bool retryable) {
  return {.category = FailureCategory::interrupted,
          .code = "INTERRUPTED",
          .message = std::move(message),
          .retryable = retryable};
}

Failure twice_interrupted() {
  return interrupted("the server went down twice while the query ran; it is not tried again", false);
}

}  // namespace

async::Task<Result<void>> Service::recover() {
  std::vector<journal::Entry> unfinished;
  std::vector<journal::Entry> ended;
  auto replayed = co_await disk_.run([this, &unfinished, &ended] {
    return journal_.replay(options_.queries.ended_max, [&](Result<journal::Entry> entry) {
      if (!entry) return telemetry::error("query_unreadable", {{"error", entry.error().message}});
      (journal::is_final(entry->state) ? ended : unfinished).push_back(*std::move(entry));
    });
  });
  if (!replayed) co_return std::move(replayed).error();

  // They come newest first; the oldest in memory is to be the first to leave it.
  for (auto entry = ended.rbegin(); entry != ended.rend(); ++entry) queries_.adopt(std::move(*entry));
  std::vector<QueryId> canceled_scripts;
  std::vector<LivePtr> running_on;
  for (journal::Entry& entry : unfinished) {
    if (entry.submission.form == journal::Form::script && entry.state == journal::State::canceling)
      canceled_scripts.push_back(entry.id);
    auto recovered = co_await recover_one(std::move(entry));
    if (!recovered) co_return std::move(recovered).error();
    if (*recovered) running_on.push_back(*std::move(recovered));
  }

  for (const QueryId id : canceled_scripts) co_await cancel_parts(id);

  // From here on every sealed result that is wanted belongs to a query that succeeded.
  std::vector<QueryId> kept;
  auto swept = co_await disk_.run([this, &kept] {
    return spool_.sweep([this, &kept](QueryId id) {
      const auto has = journal_.has_result(id);
      if (has && !*has) return false;
      kept.push_back(id);  // Also in doubt.
      return true;
    });
  });
  if (!swept) co_return std::move(swept).error();
  if (shares_.limits_storage()) co_await count_stored(std::move(kept));
  telemetry::info("recovered", {{"unfinished", unfinished.size()},
                                {"recent", ended.size()},
                                {"results_unfinished_removed", swept->unfinished},
                                {"results_orphaned_removed", swept->orphans}});

  for (LivePtr& live : running_on) {
    Lane* lane = lane_of(live->head->submission);
    const journal::Submission& submission = live->head->submission;
    Admission::Place place =
        lane->admission.enter_running(submission.principal, submission.priority, live->head->id,
                                      std::chrono::steady_clock::now() + lane->setup.limits.queue_timeout);
    tasks_.spawn(run(lane, std::move(place), std::move(live)));
  }
  for (const auto& lane : lanes_) {
    tasks_.spawn(expire_queue(lane.get()));
    dispatch(*lane);
  }
  tasks_.spawn(keep_house());
  co_return Result<void>::ok();
}

async::Task<> Service::count_stored(std::vector<QueryId> sealed) {
  for (const QueryId id : sealed) {
    const auto found = co_await queries_.find(id);
    if (found && (*found)->result) stored_.count(id, (*found)->submission.principal, (*found)->result->bytes);
  }
}

async::Task<Result<LivePtr>> Service::recover_one(journal::Entry entry) {
  const QueryId id = entry.id;
  const LivePtr live = queries_.adopt(std::move(entry));
  Lane* lane = lane_of(live->head->submission);

  // What the server runs itself harms nobody; a part of a script that does is counted on its own.
  const bool may_harm = live->head->submission.form == journal::Form::statement;
  live->suspect = may_harm && !journal::is_final(live->head->state);

  if (live->head->state == journal::State::queued && live->head->crashes >= crashes_max) {
    Failure failure = twice_interrupted();
    co_await runner_.fail(live, std::move(failure));
    co_return nullptr;
  }
  if (live->head->state == journal::State::running || live->head->state == journal::State::canceling) {
    auto sealed = co_await disk_.run([this, id] { return spool_.read(id); });
    const bool canceling = live->head->state == journal::State::canceling;
    if (sealed && canceling && live->head->kind == StatementKind::read) {
      co_await runner_.cancel_sealed(live);
      co_return nullptr;
    }
    if (sealed) {
      auto succeeded = co_await runner_.succeed(live, summary_of((*sealed)->manifest()));
      if (!succeeded) co_return std::move(succeeded).error();
      co_return nullptr;
    }
    // There it did not notice that we went down.
    if (lane && lane->setup.connector->capabilities().detached) {
      live->suspect = false;
      co_return live;
    }
    if (canceling && live->head->kind == StatementKind::read) {
      auto canceled = co_await runner_.cancel(live);
      if (!canceled) co_return std::move(canceled).error();
      co_return nullptr;
    }

    const int crashes = live->head->crashes + (may_harm ? 1 : 0);
    if (live->head->kind != StatementKind::read) {
      Failure failure = interrupted(
          "the server went down while the statement ran; it may have taken effect and is not run again", false);
      co_await runner_.fail(live, std::move(failure));
      co_return nullptr;
    }
    if (crashes >= crashes_max) {
      Failure failure = twice_interrupted();
      co_await runner_.fail(live, std::move(failure));
      co_return nullptr;
    }
    Queries::Fill fill = [crashes](journal::Entry& changed) {
      changed.crashes = crashes;
      changed.started_at.reset();
    };
    auto requeued = co_await queries_.change(live, journal::Event::requeued, std::move(fill));
    if (!requeued) co_return std::move(requeued).error();
  }

  if (!lane) {
    Failure failure{.category = FailureCategory::unavailable,
                    .code = "NO_WAREHOUSE",
                    .message = "warehouse '" + live->head->submission.warehouse + "' is no longer configured"};
    co_await runner_.fail(live, std::move(failure));
    co_return nullptr;
  }
  // It was promised a place, so no limit is asked; the time that the server was down does not count as waiting.
  const journal::Submission& submission = live->head->submission;
  lane->admission.enter(submission.principal, submission.priority, id,
                        std::chrono::steady_clock::now() + lane->setup.limits.queue_timeout);
  co_return nullptr;
}

}  // namespace coatcheck::query
