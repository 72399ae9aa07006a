#include "scan/connector.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "scan/recognizer.hpp"
#include "scan/rewriting.hpp"
#include "scan/sources.hpp"
#include "warehouse/duckdb/connector.hpp"

namespace coatcheck::scan {

namespace {

using warehouse::Outcome;
using warehouse::Request;

Failure canceled_failure() {
  return {.category = FailureCategory::canceled, .sqlstate = "57014", .message = "The query was canceled."};
}

Failure only_reads() {
  return {.category = FailureCategory::permission,
          .code = "Permission Error",
          .sqlstate = "42501",
          .message = "A statement over results and the history can only read: it has no tables of its own to change."};
}

Failure takes_no_rows() {
  return {.category = FailureCategory::statement,
          .sqlstate = "0A000",
          .message = "Rows of parameters cannot be bound to a statement over results and the history: it runs once."};
}

Facts facts_of(const Request& request, const Clock& clock) {
  Facts facts{.now = clock.now(), .user = request.principal};
  if (request.session != 0) facts.session = request.session;
  return facts;
}

// What the statement reads, ready for the engine.
struct Sources {
  std::vector<std::string> names = {};  // Of the input for each reference.
  std::vector<warehouse::Input> inputs = {};
  std::map<QueryId, std::string> results = {};  // The inputs that are results: one that is scanned twice is one input.
};

class ScanExecution final : public warehouse::Execution {
 public:
  ScanExecution(async::Executor executor, const Options& options, warehouse::Connector& engine, Stored& stored,
                const Clock& clock, Request request)
      : options_(options),
        engine_(engine),
        stored_(stored),
        clock_(clock),
        request_(std::move(request)),
        stopped_(executor, Deadline::max()) {}

  StatementKind kind() const override { return StatementKind::read; }

  async::Task<Outcome<std::unique_ptr<warehouse::Cursor>>> run() override {
    const auto facts = facts_of(request_, clock_);
    auto recognized = recognize(request_.statement.text, &request_.statement.parameters, facts);
    std::optional<Rewritten> rewritten;
    if (recognized) {
      auto sources = co_await open_until_stopped(&*recognized);
      if (!sources) co_return std::move(sources).error();
      rewritten.emplace(request_.statement, *recognized, sources->names);
      request_.statement = rewritten->take();
      request_.inputs = std::move(sources->inputs);
    }
    auto cursor = co_await run_in_engine();
    if (!cursor && rewritten && cursor.error().position) {
      Failure failure = std::move(cursor).error();
      failure.position = rewritten->old_position(*failure.position);
      co_return failure;
    }
    co_return cursor;
  }

  std::optional<double> progress() const override { return running_ ? running_->progress() : std::nullopt; }

  void cancel() override {
    canceled_ = true;
    stopped_.cancel();
    if (running_) running_->cancel();
  }

 private:
  async::Task<Outcome<Sources>> open_until_stopped(const Recognized* recognized) {
    using namespace boost::asio::experimental::awaitable_operators;
    if (canceled_) co_return canceled_failure();
    auto stopped = stopped_.async_wait(async::as_outcome);
    auto first = co_await (open_sources(recognized) || std::move(stopped));
    if (canceled_ || first.index() != 0) co_return canceled_failure();
    co_return std::get<0>(std::move(first));
  }

  async::Task<Outcome<Sources>> open_sources(const Recognized* recognized) {
    // Nobody but the session knows: see name_session_queries().
    if (!recognized->last_queries.empty()) co_return not_found("last_query_id()");
    const Deadline deadline = std::chrono::steady_clock::now() + options_.wait_max;
    Sources sources;
    for (const Reference& reference : recognized->references) {
      std::optional<Failure> failure;
      if (const auto* result = std::get_if<ResultCall>(&reference.call)) {
        failure = co_await open_result(result, deadline, &sources);
      } else {
        failure = co_await open_history(std::get_if<HistoryCall>(&reference.call), &sources);
      }
      if (failure) co_return std::move(*failure);
    }
    co_return sources;
  }

  async::Task<std::optional<Failure>> open_result(const ResultCall* call, Deadline deadline, Sources* sources) {
    if (const auto* place = std::get_if<SessionPlace>(&call->query)) co_return not_found(std::to_string(place->place));
    const auto& text = std::get<std::string>(call->query);
    const auto id = QueryId::parse(text);
    if (!id) co_return not_found(text);
    if (id == request_.query) co_return still_running(*id);
    if (const auto opened = sources->results.find(*id); opened != sources->results.end()) {
      sources->names.push_back(opened->second);
      co_return std::nullopt;
    }
    auto result = co_await stored_.result(request_.principal, *id, deadline);
    if (!result) co_return std::move(result).error();
    auto input = input_of(*std::move(result), *id);
    if (!input) co_return std::move(input).error();
    sources->results.emplace(*id, input->name);
    sources->names.push_back(input->name);
    sources->inputs.push_back(*std::move(input));
    co_return std::nullopt;
  }

  async::Task<std::optional<Failure>> open_history(const HistoryCall* call, Sources* sources) {
    if (call->failure) co_return call->failure;
    auto entries = co_await stored_.history(request_.principal, call->request);
    if (!entries) co_return std::move(entries).error();
    const HistoryRowsOptions rows{.error_code = options_.error_code, .now = clock_.now()};
    auto input = input_of(*entries, rows);
    sources->names.push_back(input.name);
    sources->inputs.push_back(std::move(input));
    co_return std::nullopt;
  }

  async::Task<Outcome<std::unique_ptr<warehouse::Cursor>>> run_in_engine() {
    auto prepared = co_await engine_.prepare(std::move(request_));
    if (canceled_) co_return canceled_failure();
    if (!prepared) co_return std::move(prepared).error();
    if ((*prepared)->kind() != StatementKind::read) co_return only_reads();
    running_ = *std::move(prepared);
    co_return co_await running_->run();
  }

  const Options& options_;
  warehouse::Connector& engine_;
  Stored& stored_;
  const Clock& clock_;
  Request request_;
  async::Timer stopped_;  // Canceled by cancel(), to end the wait.
  bool canceled_ = false;
  std::unique_ptr<warehouse::Execution> running_;
};

class ScanConnector final : public warehouse::Connector {
 public:
  ScanConnector(Options options, std::unique_ptr<warehouse::Connector> engine, Stored& stored, const Clock& clock)
      : options_(std::move(options)), engine_(std::move(engine)), stored_(stored), clock_(clock) {}

  warehouse::Capabilities capabilities() const override { return {.detached = false}; }

  async::Task<Outcome<std::unique_ptr<warehouse::Execution>>> prepare(Request request) override {
    if (!request.statement.parameter_rows.empty()) co_return takes_no_rows();
    // The inputs are ours to give.
    request.inputs.clear();
    const async::Executor executor = co_await async::asio::this_coro::executor;
    std::unique_ptr<warehouse::Execution> execution =
        std::make_unique<ScanExecution>(executor, options_, *engine_, stored_, clock_, std::move(request));
    co_return execution;
  }

 private:
  Options options_;
  std::unique_ptr<warehouse::Connector> engine_;
  Stored& stored_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<warehouse::Connector>> open_connector(Options options, async::Loop& loop, Stored& stored,
                                                             const Clock& clock) {
  warehouse::DuckdbOptions engine_options{.memory_limit = options.memory_limit,
                                          .threads = options.threads,
                                          .running_max = options.running_max,
                                          .inputs = true};
  auto engine = warehouse::open_duckdb(std::move(engine_options), loop);
  if (!engine) return std::move(engine).error();
  std::unique_ptr<warehouse::Connector> connector =
      std::make_unique<ScanConnector>(std::move(options), *std::move(engine), stored, clock);
  return connector;
}

}  // namespace coatcheck::scan
