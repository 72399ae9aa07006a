#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "base/statement.hpp"
#include "rows/batch.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse {

// What a ScriptedWarehouse does with one statement. As it stands: a read that yields one row.
struct Script {
  // Where an execution stops until release() or a cancel.
  enum class Stall { nowhere, in_prepare, in_submit, in_run, before_batch };

  StatementKind kind = StatementKind::read;
  std::optional<double> progress = {};

  // Rows of one BIGINT column `n` with the values 0, 1, 2, …
  std::int64_t rows = 1;
  std::int64_t batch_rows = 1000;
  // If set, these are yielded instead of the numbers.
  rows::Schema schema = {};
  std::vector<rows::Batch> batches = {};

  std::optional<Failure> prepare_fails = {};
  std::optional<Failure> submit_fails = {};  // In a detached warehouse.
  std::optional<Failure> run_fails = {};
  // next() fails with this after `batches_before_failure` batches.
  std::optional<Failure> next_fails = {};
  std::size_t batches_before_failure = 0;

  Stall stall = Stall::nowhere;
  std::size_t batches_before_stall = 0;  // For `before_batch`.
  // A cancel takes effect only once release() was called: the warehouse is slow to confirm.
  bool cancel_needs_release = false;
  // What the cursor says of itself.
  std::optional<Cursor::Kept> kept = {};
};

// A warehouse that answers, stalls and fails on cue, for the tests of other rooms.
//
// Everything happens on the loop's thread and nothing by time, so a test decides every interleaving. It must
// outlive its executions, as every connector.
class ScriptedWarehouse final : public Connector {
 public:
  // One thing that happened, in order of time. The oracle for "never ran twice".
  struct Event {
    enum class Kind { prepared, submitted, submitted_again, found, ran, cancel_asked, left, ended };
    Kind kind;
    QueryId query;
    int attempt;
    std::string statement;

    bool operator==(const Event&) const = default;
  };

  explicit ScriptedWarehouse(async::Executor executor, Capabilities capabilities = {});
  ScriptedWarehouse(const ScriptedWarehouse&) = delete;
  ScriptedWarehouse& operator=(const ScriptedWarehouse&) = delete;
  ~ScriptedWarehouse() override;

  // Sets what happens with statements of exactly this text; one that has no script fails in prepare().
  void on(std::string statement, Script script);

  // Cannot be reached until come_back(): every prepare and check fails.
  void go_down() { is_down_ = true; }
  void come_back() { is_down_ = false; }
  std::size_t checks() const { return checks_; }

  // Lets every execution of the statement pass its stall, those to come too, until on() is called again.
  void release(const std::string& statement);

  // Returns when `count` executions (or prepares) of the statement are in their stall together.
  async::Task<> stalled(std::string statement, int count = 1);

  // Everything so far. A request is `ended` when its execution object is destroyed.
  const std::vector<Event>& events() const { return events_; }

  // How often a statement was started, over all attempts.
  std::size_t runs(const std::string& statement) const;

  // Execution objects that are alive now, over all statements.
  std::size_t open_executions() const { return open_executions_; }

  Capabilities capabilities() const override { return capabilities_; }
  async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) override;
  async::Task<Outcome<std::string>> check() override;

 private:
  class ScriptedExecution;
  class ScriptedCursor;

  struct Line {
    Script script;
    bool released = false;
    int stalled = 0;
  };

  void record(Event::Kind kind, const Request& request);

  Capabilities capabilities_;
  std::map<std::string, std::shared_ptr<Line>> lines_;  // Shared with executions that on() overtakes.
  std::vector<Event> events_;
  std::size_t open_executions_ = 0;
  bool is_down_ = false;
  std::size_t checks_ = 0;
  async::Timer changed_;  // Canceled whenever something that is waited for may have come true.
};

}  // namespace coatcheck::warehouse
