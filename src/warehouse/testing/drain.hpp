#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/connector.hpp"
#include "warehouse/testing/run_task.hpp"

namespace coatcheck::warehouse {

// What one statement came to, from front to back.
struct Drained {
  StatementKind kind = StatementKind::unknown;
  rows::Schema schema;
  std::vector<rows::Batch> batches;
};

// Prepares, runs and reads one statement to its end, for tests.
inline Outcome<Drained> drain(async::Loop& loop, Connector& connector, Statement statement) {
  auto execution = run_task(loop, connector.prepare({.query = {}, .statement = std::move(statement)}));
  if (!execution) return std::move(execution).error();
  auto cursor = run_task(loop, (*execution)->run());
  if (!cursor) return std::move(cursor).error();
  Drained drained{.kind = (*execution)->kind(), .schema = (*cursor)->schema(), .batches = {}};
  while (true) {
    auto batch = run_task(loop, (*cursor)->next());
    if (!batch) return std::move(batch).error();
    if (!*batch) return drained;
    drained.batches.push_back(std::move(**batch));
  }
}

}  // namespace coatcheck::warehouse
