#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/result.hpp"
#include "scan/stored.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::scan {

struct Options {
  // How long a statement waits for the queries whose results it scans.
  std::chrono::milliseconds wait_max = std::chrono::seconds(60);
  // What the history's ERROR_CODE says of a failure; without it the failure's own code.
  std::function<std::string(const Failure&)> error_code = {};
  std::string memory_limit = {};  // Of the engine, as DuckDB spells it.
  int threads = 2;                // Of the engine.
  std::size_t running_max = 4;    // Calls that may be in the engine at once.
};

// A warehouse whose tables are the finished results and the history (see recognizer.hpp), in an embedded DuckDB of its
// own: empty, in memory, locked, and only reading, since whatever a statement left behind another principal would see.
//
// Every statement is told to be a read, for that is all that may run. One that turns out to write fails with
// category `permission` before it has begun. What run() does first is to open the results, as request.principal; for
// queries that have not ended it waits, at most Options::wait_max, until cancel(). A statement that scans itself fails
// at once. One that scans a query behind it in the same queue holds its place until the wait is over, for there
// is nobody who could know; so give this warehouse more than one place to run.
//
// A statement with nothing of ours runs too, over nothing. Places in a session (last_query_id(), numbers) are unknown
// here: 000709; name_session_queries() puts ids in their place before.
//
// `stored` and `clock` must outlive the connector, and the loop too. Blocks while the engine opens.
Result<std::unique_ptr<warehouse::Connector>> open_connector(Options options, async::Loop& loop, Stored& stored,
                                                             const Clock& clock);

}  // namespace coatcheck::scan
