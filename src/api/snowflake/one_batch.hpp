#pragma once

#include <arrow/record_batch.h>

#include <optional>
#include <utility>

#include "warehouse/connector.hpp"

namespace coatcheck::api::snowflake {

// Rows that are all there.
class OneBatch final : public warehouse::Cursor {
 public:
  explicit OneBatch(rows::Batch batch) : schema_(batch->schema()), batch_(std::move(batch)) {}

  rows::Schema schema() const override { return schema_; }
  async::Task<warehouse::Outcome<std::optional<rows::Batch>>> next() override {
    co_return std::exchange(batch_, std::nullopt);
  }

 private:
  rows::Schema schema_;
  std::optional<rows::Batch> batch_;
};

}  // namespace coatcheck::api::snowflake
