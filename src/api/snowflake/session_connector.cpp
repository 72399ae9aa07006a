#include <optional>
#include <utility>
#include <variant>

#include "api/snowflake/one_batch.hpp"
#include "api/snowflake/own_statements.hpp"
#include "api/snowflake/session_language.hpp"
#include "api/snowflake/session_statements.hpp"

namespace coatcheck::api::snowflake {

namespace {

using warehouse::Outcome;
using Answer = Result<rows::Batch, SnowflakeError>;

class SessionExecution final : public warehouse::Execution {
 public:
  SessionExecution(const Surroundings& surroundings, async::Executor executor, warehouse::Request request,
                   SessionStatement statement)
      : surroundings_(surroundings),
        request_(std::move(request)),
        statement_(std::move(statement)),
        stopped_(executor, Deadline::max()) {}

  StatementKind kind() const override { return StatementKind::read; }
  std::optional<double> progress() const override { return std::nullopt; }
  void cancel() override {
    canceled_ = true;
    stopped_.cancel();
  }

  async::Task<Outcome<std::unique_ptr<warehouse::Cursor>>> run() override {
    if (const auto* wait = std::get_if<Wait>(&statement_)) {
      if (canceled_) co_return stopped_failure();
      stopped_.expires_after(wait->duration);
      [[maybe_unused]] auto [error] = co_await stopped_.async_wait(async::as_outcome);
    }
    if (canceled_) co_return stopped_failure();
    Answer answered = co_await do_it();
    if (!answered) co_return to_failure(answered.error());
    std::unique_ptr<warehouse::Cursor> cursor = std::make_unique<OneBatch>(*std::move(answered));
    co_return cursor;
  }

 private:
  async::Task<Answer> do_it() {
    auto session = surroundings_.sessions->known(request_.session, request_.principal);
    if (session) {
      co_return co_await run_in_session(*surroundings_.service, *surroundings_.sessions, std::move(session),
                                        std::move(statement_));
    }
    if (const auto* cancel = std::get_if<CancelQuery>(&statement_)) {
      auto asker = principals::principal_of_query(request_.principal, surroundings_.everyone_sees_all);
      auto said = co_await cancel_by_sql(*surroundings_.service, std::move(asker), cancel->id);
      if (!said) co_return std::move(said).error();
      co_return one_text(cancel->column, *said);
    }
    SessionState state;
    state.warehouse = request_.warehouse;
    if (auto changed = change_state(statement_, state); !changed) co_return std::move(changed).error();
    const SessionFacts facts{.id = request_.session, .user = request_.principal, .last_query_ids = {}};
    co_return answer(statement_, state, facts);
  }

  const Surroundings& surroundings_;
  warehouse::Request request_;
  SessionStatement statement_;
  async::Timer stopped_;  // Canceled by cancel(), to end a wait.
  bool canceled_ = false;
};

class SessionConnector final : public warehouse::Connector {
 public:
  SessionConnector(const Surroundings& surroundings, async::Executor executor)
      : surroundings_(surroundings), executor_(std::move(executor)) {}

  warehouse::Capabilities capabilities() const override { return {.detached = false}; }

  async::Task<Outcome<std::unique_ptr<warehouse::Execution>>> prepare(warehouse::Request request) override {
    auto statement = read_session_statement(request.statement.text);
    if (!statement) {
      co_return Failure{.category = FailureCategory::internal, .message = "This is no statement about a session."};
    }
    std::unique_ptr<warehouse::Execution> execution =
        std::make_unique<SessionExecution>(surroundings_, executor_, std::move(request), *std::move(statement));
    co_return execution;
  }

 private:
  const Surroundings& surroundings_;
  async::Executor executor_;
};

}  // namespace

std::unique_ptr<warehouse::Connector> make_session_connector(const Surroundings& surroundings, async::Loop& loop) {
  return std::make_unique<SessionConnector>(surroundings, loop.get_executor());
}

}  // namespace coatcheck::api::snowflake
