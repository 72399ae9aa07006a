#include "warehouse/testing/scripted_warehouse.hpp"

#include <arrow/api.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace coatcheck::warehouse {

namespace {

Failure canceled() {
  return Failure{.category = FailureCategory::canceled, .code = "Scripted", .message = "The query was canceled."};
}

Failure left_alone() {
  return Failure{.category = FailureCategory::interrupted, .code = "Scripted", .message = "Nobody waits any more."};
}

Failure unreachable() {
  return Failure{.category = FailureCategory::unavailable,
                 .code = "Scripted",
                 .message = "The warehouse is down.",
                 .retryable = true};
}

rows::Schema numbers_schema() { return arrow::schema({arrow::field("n", arrow::int64(), false)}); }

rows::Batch make_numbers(std::int64_t first, std::int64_t count) {
  arrow::Int64Builder builder;
  for (std::int64_t n = first; n < first + count; ++n) {
    if (auto status = builder.Append(n); !status.ok()) throw std::runtime_error(status.ToString());
  }
  auto column = builder.Finish();
  if (!column.ok()) throw std::runtime_error(column.status().ToString());
  return arrow::RecordBatch::Make(numbers_schema(), count, {*column});
}

}  // namespace

// The cursor looks at its execution for the cancel, and lives shorter than it.
class ScriptedWarehouse::ScriptedExecution final : public Execution {
 public:
  ScriptedExecution(ScriptedWarehouse& warehouse, Request request, std::shared_ptr<Line> line)
      : warehouse_(warehouse), request_(std::move(request)), line_(std::move(line)) {
    ++warehouse_.open_executions_;
  }
  ScriptedExecution(const ScriptedExecution&) = delete;
  ScriptedExecution& operator=(const ScriptedExecution&) = delete;
  ~ScriptedExecution() override {
    --warehouse_.open_executions_;
    warehouse_.record(Event::Kind::ended, request_);
  }

  StatementKind kind() const override { return line_->script.kind; }
  std::optional<double> progress() const override { return line_->script.progress; }
  async::Task<Outcome<std::string>> submit() override;
  async::Task<Outcome<std::unique_ptr<Cursor>>> run() override;

  void cancel() override {
    if (!std::exchange(cancel_asked_, true)) warehouse_.record(Event::Kind::cancel_asked, request_);
    warehouse_.changed_.cancel();
  }

  void leave() override {
    if (!warehouse_.capabilities_.detached) return cancel();
    warehouse_.record(Event::Kind::left, request_);
    left_ = true;
    warehouse_.changed_.cancel();
  }

  bool is_left() const { return left_; }
  bool canceled_now() const { return cancel_asked_ && (line_->released || !line_->script.cancel_needs_release); }
  const Script& script() const { return line_->script; }

  // Stands still until released or canceled.
  async::Task<> stall() {
    const Standing standing(*line_);
    warehouse_.changed_.cancel();
    while (!line_->released && !left_ && !canceled_now()) {
      [[maybe_unused]] auto [error] = co_await warehouse_.changed_.async_wait(async::as_outcome);
    }
  }

 private:
  // Counts one execution in the stall; also when the coroutine is thrown out of it.
  class Standing {
   public:
    explicit Standing(Line& line) : line_(line) { ++line_.stalled; }
    Standing(const Standing&) = delete;
    Standing& operator=(const Standing&) = delete;
    ~Standing() { --line_.stalled; }

   private:
    Line& line_;
  };

  ScriptedWarehouse& warehouse_;
  Request request_;
  std::shared_ptr<Line> line_;
  bool cancel_asked_ = false;
  bool left_ = false;
};

class ScriptedWarehouse::ScriptedCursor final : public Cursor {
 public:
  explicit ScriptedCursor(ScriptedExecution& execution) : execution_(execution) {}

  rows::Schema schema() const override {
    const auto& script = execution_.script();
    return script.schema ? script.schema : numbers_schema();
  }

  std::optional<Kept> kept() const override { return execution_.script().kept; }

  async::Task<Outcome<std::optional<rows::Batch>>> next() override {
    const auto& script = execution_.script();
    if (script.stall == Script::Stall::before_batch && script.batches_before_stall == batches_given_) {
      co_await execution_.stall();
    }
    if (execution_.is_left()) co_return left_alone();
    if (execution_.canceled_now()) co_return canceled();
    if (script.next_fails && script.batches_before_failure == batches_given_) co_return *script.next_fails;
    auto batch = make_batch();
    if (batch) ++batches_given_;
    co_return batch;
  }

 private:
  std::optional<rows::Batch> make_batch() {
    const auto& script = execution_.script();
    if (script.schema) {
      if (batches_given_ == script.batches.size()) return std::nullopt;
      return script.batches[batches_given_];
    }
    const auto count = std::min(script.batch_rows, script.rows - rows_given_);
    if (count <= 0) return std::nullopt;
    auto batch = make_numbers(rows_given_, count);
    rows_given_ += count;
    return batch;
  }

  ScriptedExecution& execution_;
  std::size_t batches_given_ = 0;
  std::int64_t rows_given_ = 0;
};

async::Task<Outcome<std::string>> ScriptedWarehouse::ScriptedExecution::submit() {
  if (!request_.handle.empty()) {
    warehouse_.record(Event::Kind::found, request_);
    co_return request_.handle;
  }
  warehouse_.record(request_.may_be_submitted ? Event::Kind::submitted_again : Event::Kind::submitted, request_);
  if (script().stall == Script::Stall::in_submit) co_await stall();
  if (left_) co_return left_alone();
  if (script().submit_fails) co_return *script().submit_fails;
  co_return "handle of " + request_.query.to_string();
}

async::Task<Outcome<std::unique_ptr<Cursor>>> ScriptedWarehouse::ScriptedExecution::run() {
  warehouse_.record(Event::Kind::ran, request_);
  if (script().stall == Script::Stall::in_run) co_await stall();
  if (left_) co_return left_alone();
  if (canceled_now()) co_return canceled();
  if (script().run_fails) co_return *script().run_fails;
  std::unique_ptr<Cursor> cursor = std::make_unique<ScriptedCursor>(*this);
  co_return cursor;
}

ScriptedWarehouse::ScriptedWarehouse(async::Executor executor, Capabilities capabilities)
    : capabilities_(capabilities), changed_(executor, async::Timer::time_point::max()) {}

ScriptedWarehouse::~ScriptedWarehouse() = default;

void ScriptedWarehouse::on(std::string statement, Script script) {
  lines_[std::move(statement)] = std::make_shared<Line>(Line{.script = std::move(script)});
}

void ScriptedWarehouse::release(const std::string& statement) {
  lines_.at(statement)->released = true;
  changed_.cancel();
}

async::Task<> ScriptedWarehouse::stalled(std::string statement, int count) {
  while (lines_.at(statement)->stalled < count) {
    [[maybe_unused]] auto [error] = co_await changed_.async_wait(async::as_outcome);
  }
}

std::size_t ScriptedWarehouse::runs(const std::string& statement) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      events_, [&](const Event& event) { return event.kind == Event::Kind::ran && event.statement == statement; }));
}

async::Task<Outcome<std::unique_ptr<Execution>>> ScriptedWarehouse::prepare(Request request) {
  if (is_down_) co_return unreachable();
  const auto found = lines_.find(request.statement.text);
  if (found == lines_.end()) {
    co_return Failure{.category = FailureCategory::statement,
                      .code = "Scripted",
                      .sqlstate = "42601",
                      .message = "There is no script for this statement."};
  }
  const auto line = found->second;
  record(Event::Kind::prepared, request);
  auto execution = std::make_unique<ScriptedExecution>(*this, std::move(request), line);
  if (line->script.stall == Script::Stall::in_prepare) co_await execution->stall();
  if (line->script.prepare_fails) co_return *line->script.prepare_fails;
  std::unique_ptr<Execution> prepared = std::move(execution);
  co_return prepared;
}

async::Task<Outcome<std::string>> ScriptedWarehouse::check() {
  ++checks_;
  if (is_down_) co_return unreachable();
  co_return std::string("scripted");
}

void ScriptedWarehouse::record(Event::Kind kind, const Request& request) {
  events_.push_back({kind, request.query, request.attempt, request.statement.text});
}

}  // namespace coatcheck::warehouse
