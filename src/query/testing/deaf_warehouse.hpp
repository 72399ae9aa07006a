#pragma once

#include <arrow/api.h>

#include <memory>
#include <optional>
#include <utility>

#include "warehouse/connector.hpp"

namespace coatcheck::query::testing {

// A warehouse in which every cancel comes too late: each execution gives one row, stands until finish() is
// called, and then ends well, whether it was canceled or not.
class DeafWarehouse final : public warehouse::Connector {
 public:
  DeafWarehouse(async::Executor executor, StatementKind kind) : kind_(kind), changed_(executor, Deadline::max()) {}

  // Returns when one execution stands.
  async::Task<> standing() {
    while (!standing_) {
      [[maybe_unused]] auto [error] = co_await changed_.async_wait(async::as_outcome);
    }
  }
  void finish() {
    finished_ = true;
    changed_.cancel();
  }

  warehouse::Capabilities capabilities() const override { return {}; }
  async::Task<warehouse::Outcome<std::unique_ptr<warehouse::Execution>>> prepare(warehouse::Request) override {
    std::unique_ptr<warehouse::Execution> execution = std::make_unique<DeafExecution>(*this);
    co_return execution;
  }

 private:
  class DeafCursor final : public warehouse::Cursor {
   public:
    explicit DeafCursor(DeafWarehouse& warehouse) : warehouse_(warehouse) {}
    rows::Schema schema() const override { return arrow::schema({arrow::field("n", arrow::int64(), false)}); }
    async::Task<warehouse::Outcome<std::optional<rows::Batch>>> next() override {
      if (!std::exchange(given_, true)) {
        std::optional<rows::Batch> batch =
            arrow::RecordBatch::Make(schema(), 1, {arrow::MakeArrayFromScalar(arrow::Int64Scalar(0), 1).ValueOrDie()});
        co_return batch;
      }
      warehouse_.standing_ = true;
      warehouse_.changed_.cancel();
      while (!warehouse_.finished_) {
        [[maybe_unused]] auto [error] = co_await warehouse_.changed_.async_wait(async::as_outcome);
      }
      co_return std::optional<rows::Batch>();
    }

   private:
    DeafWarehouse& warehouse_;
    bool given_ = false;
  };

  class DeafExecution final : public warehouse::Execution {
   public:
    explicit DeafExecution(DeafWarehouse& warehouse) : warehouse_(warehouse) {}
    StatementKind kind() const override { return warehouse_.kind_; }
    async::Task<warehouse::Outcome<std::unique_ptr<warehouse::Cursor>>> run() override {
      std::unique_ptr<warehouse::Cursor> cursor = std::make_unique<DeafCursor>(warehouse_);
      co_return cursor;
    }
    std::optional<double> progress() const override { return std::nullopt; }
    void cancel() override {}

   private:
    DeafWarehouse& warehouse_;
  };

  StatementKind kind_;
  bool standing_ = false;
  bool finished_ = false;
  async::Timer changed_;  // Canceled whenever one of these two becomes true.
};

}  // namespace coatcheck::query::testing
