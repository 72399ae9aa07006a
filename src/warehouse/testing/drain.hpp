#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "warehouse/connector.hpp"
#include "warehouse/testing/run_task.hpp"

namespace coatcheck::warehouse {

// What one statement came to, from front to back.
struct Drained {
  StatementKind kind = StatementKind::unknown;
  rows::Schema schema;
  std::vector<rows::Batch> batches;
};

// Prepares a statement, and has a detached warehouse take it: what is left is run(). Gives the request an id if it has
// none.
inline Outcome<std::unique_ptr<Execution>> start(async::Loop& loop, Connector& connector, Request request) {
  if (request.query == QueryId()) request.query = make_query_id(system_clock().now());
  auto execution = run_task(loop, connector.prepare(std::move(request)));
  if (!execution || !connector.capabilities().detached) return execution;
  auto handle = run_task(loop, (*execution)->submit());
  if (!handle) return std::move(handle).error();
  return execution;
}

// Starts, runs and reads one statement to its end, for tests.
inline Outcome<Drained> drain(async::Loop& loop, Connector& connector, Request request) {
  auto execution = start(loop, connector, std::move(request));
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
inline Outcome<Drained> drain(async::Loop& loop, Connector& connector, Statement statement) {
  return drain(loop, connector, Request{.query = {}, .statement = std::move(statement)});
}

}  // namespace coatcheck::warehouse
