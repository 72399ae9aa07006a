#include <fmt/format.h>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/snowflake/one_batch.hpp"
#include "api/snowflake/own_statements.hpp"
#include "api/snowflake/script_parts.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake/session_statements.hpp"
#include "scan/tokenizer.hpp"

namespace coatcheck::api::snowflake {

namespace {

using warehouse::Outcome;

// How often it is tried again what the service cannot do now: a full queue, or a server that goes down, which then
// stops the whole.
constexpr auto pause_between_tries = std::chrono::milliseconds(100);
constexpr std::size_t quoted_bytes_max = 200;

// Where a part of a text begins, as people count.
struct Place {
  std::size_t line = 1;
  std::size_t column = 1;
};

Place place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const std::size_t newline = before.rfind('\n');
  return {.line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1,
          .column = newline == std::string_view::npos ? offset + 1 : offset - newline};
}

class ScriptExecution final : public warehouse::Execution {
 public:
  ScriptExecution(const Surroundings& surroundings, async::Executor executor, warehouse::Request request)
      : surroundings_(surroundings),
        service_(*surroundings.service),
        sessions_(*surroundings.sessions),
        executor_(std::move(executor)),
        request_(std::move(request)),
        statements_(scan::split_statements(request_.statement.text)),
        stopped_(executor_, Deadline::max()) {
    asker_ = principals::principal_of_query(request_.principal, surroundings.everyone_sees_all);
    state_.warehouse = request_.warehouse;
    state_.parameters["QUERY_TAG"].text = request_.query_tag;
  }

  // Begun again, it goes on: see make_script_connector().
  StatementKind kind() const override { return StatementKind::read; }
  std::optional<double> progress() const override {
    return static_cast<double>(ids_.size()) / static_cast<double>(std::max<std::size_t>(statements_.size(), 1));
  }
  void cancel() override {
    canceled_ = true;
    stopped_.cancel();
  }

  async::Task<Outcome<std::unique_ptr<warehouse::Cursor>>> run() override {
    for (std::size_t n = 0; n != statements_.size(); ++n) {
      auto failed = co_await run_one(n);
      if (canceled_) co_return stopped_failure();
      if (failed) co_return *std::move(failed);
    }
    std::unique_ptr<warehouse::Cursor> cursor = std::make_unique<OneBatch>(script_rows(statements_, ids_));
    co_return cursor;
  }

 private:
  using Failed = std::optional<Failure>;

  async::Task<Failed> run_one(std::size_t n) {
    auto submission = co_await submission_of(n);
    if (!submission) co_return failure_of(n, submission.error());
    auto entry = co_await submitted(n, *std::move(submission));
    if (!entry) co_return std::move(entry).error();
    auto ended = co_await ended_or_stopped((*entry)->id);
    if (!ended) co_return std::move(ended).error();
    if ((*ended)->failure) co_return failure_of(n, *(*ended)->failure);
    ids_.push_back((*ended)->id);
    if (const auto statement = read_session_statement(statements_[n])) {
      [[maybe_unused]] const auto changed = change_state(*statement, state_);
    }
    co_return std::nullopt;
  }

  async::Task<Outcome<journal::Submission>> submission_of(std::size_t n) {
    journal::Submission submission;
    submission.statement.text = std::string(statements_[n]);
    const bool is_about_session = read_session_statement(statements_[n]).has_value();
    if (auto session = sessions_.known(request_.session, request_.principal); session && !is_about_session) {
      auto text = co_await with_literal_ids(sessions_, std::move(session), std::move(submission.statement.text));
      if (!text) co_return to_failure(text.error());
      submission.statement.text = *std::move(text);
    }
    submission.form = is_about_session ? journal::Form::session : journal::Form::statement;
    submission.warehouse = service_.find_warehouse(state_.warehouse).value_or(request_.warehouse);
    submission.query_tag = cut_text(state_.query_tag(), surroundings_.query_tag_bytes_max);
    submission.row_limit = request_.row_limit;
    submission.timeout = request_.timeout;
    if (const auto longest = service_.timeout_max(submission.warehouse); longest && submission.timeout > longest)
      submission.timeout = longest;
    submission.session = request_.session;
    // The key alone says which it is: after a restart LAST_QUERY_ID() may be written out otherwise.
    submission.idempotency_key = journal::part_key_prefix(request_.query) + std::to_string(n);
    co_return submission;
  }

  async::Task<Outcome<query::EntryPtr>> submitted(std::size_t n, journal::Submission submission) {
    for (;;) {
      journal::Submission one = submission;
      auto accepted = co_await service_.submit(asker_, std::move(one));
      if (accepted) {
        query::EntryPtr entry = accepted->snapshot.entry;
        const bool is_new = !accepted->replayed && entry->submission.form == journal::Form::statement;
        if (auto session = sessions_.known(request_.session, request_.principal); session && is_new)
          session->note(entry->id);
        co_return entry;
      }
      const Errc code = accepted.error().code;
      const bool is_soon_over = code == Errc::resource_exhausted && accepted.error().field != query::storage_full;
      if (!is_soon_over && code != Errc::unavailable) co_return failure_of(n, to_failure(from_error(accepted.error())));
      if (canceled_) co_return stopped_failure();
      co_await pause();
    }
  }

  // The query when it has ended. If the whole is canceled it is canceled too, and has ended all the same.
  async::Task<Outcome<query::EntryPtr>> ended_or_stopped(QueryId id) {
    bool told = false;
    for (;;) {
      if (canceled_ && !told) {
        // A server that goes down stops the whole as well; what runs is then stopped, or goes on, by itself.
        if (!service_.accepts() && !co_await is_unwanted()) co_return stopped_failure();
        auto canceled = co_await service_.cancel(asker_, id);
        told = static_cast<bool>(canceled);
      }
      auto now = co_await service_.status(asker_, id);
      if (!now) co_return to_failure(from_error(now.error()));
      if (journal::is_final(now->entry->state)) co_return now->entry;
      if (canceled_ && !told) {
        co_await pause();  // The journal has no room for the cancel.
      } else {
        co_await changed_or_stopped(id, now->entry->version);
      }
    }
  }

  // Whether somebody wants the whole stopped, which is on record before cancel() is called.
  async::Task<bool> is_unwanted() {
    auto whole = co_await service_.status(asker_, request_.query);
    co_return whole && whole->entry->state == journal::State::canceling;
  }

  // Until the query is another than `known`, or cancel().
  async::Task<> changed_or_stopped(QueryId id, std::uint64_t known) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto changed = service_.wait(asker_, id, known, Deadline::max(), query::Service::Counted::no);
    bool waited = true;
    if (canceled_) {
      waited = static_cast<bool>(co_await std::move(changed));
    } else {
      auto stopped = stopped_.async_wait(async::as_outcome);
      auto first = co_await (std::move(changed) || std::move(stopped));
      waited = first.index() != 0 || static_cast<bool>(std::get<0>(first));
    }
    // A service that goes down, or for which too many wait, returns at once, again and again.
    if (!waited || !service_.accepts()) co_await pause();
  }

  // Until cancel(), or a moment later.
  async::Task<> pause() {
    using namespace boost::asio::experimental::awaitable_operators;
    async::Timer timer(executor_, pause_between_tries);
    auto over = timer.async_wait(async::as_outcome);
    auto stopped = stopped_.async_wait(async::as_outcome);
    [[maybe_unused]] auto first = co_await (std::move(over) || std::move(stopped));
  }

  // The failure of the whole.
  Failure failure_of(std::size_t n, Failure failure) const {
    const std::string_view text = request_.statement.text;
    const std::string_view statement = statements_[n];
    const auto offset = static_cast<std::size_t>(statement.data() - text.data());
    const Place place = place_of(text, offset);
    failure.message =
        fmt::format("Execution of multiple statements failed on statement \"{}{}\" (at line {}, position {}).\n{}",
                    cut_text(std::string(statement), quoted_bytes_max), statement.size() > quoted_bytes_max ? "…" : "",
                    place.line, place.column, failure.message);
    if (failure.category == FailureCategory::canceled) failure.category = FailureCategory::statement;
    // What came before is done: to send the whole again would do it again.
    failure.retryable = failure.retryable && n == 0;
    failure.code = "100132";
    failure.sqlstate = "P0000";
    if (failure.position) *failure.position += offset;
    return failure;
  }

  const Surroundings& surroundings_;
  query::Service& service_;
  Sessions& sessions_;
  async::Executor executor_;
  const warehouse::Request request_;
  const std::vector<std::string_view> statements_;  // Of the request's text.
  principals::Principal asker_;
  SessionState state_;  // What USE and ALTER SESSION among the statements have said, for those that follow.
  std::vector<QueryId> ids_;
  async::Timer stopped_;  // Canceled by cancel(), to end a wait.
  bool canceled_ = false;
};

class ScriptConnector final : public warehouse::Connector {
 public:
  ScriptConnector(const Surroundings& surroundings, async::Executor executor)
      : surroundings_(surroundings), executor_(std::move(executor)) {}

  warehouse::Capabilities capabilities() const override { return {.detached = false}; }

  async::Task<Outcome<std::unique_ptr<warehouse::Execution>>> prepare(warehouse::Request request) override {
    std::unique_ptr<warehouse::Execution> execution =
        std::make_unique<ScriptExecution>(surroundings_, executor_, std::move(request));
    co_return execution;
  }

 private:
  const Surroundings& surroundings_;
  async::Executor executor_;
};

}  // namespace

std::unique_ptr<warehouse::Connector> make_script_connector(const Surroundings& surroundings, async::Loop& loop) {
  return std::make_unique<ScriptConnector>(surroundings, loop.get_executor());
}

}  // namespace coatcheck::api::snowflake
