#pragma once

#include <cstdint>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/failure.hpp"
#include "query/probe.hpp"
#include "query/queries.hpp"
#include "results/spool.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::query {

// Takes one query from its turn to its end: prepare, run, spool, seal, and each step in the journal.
// Loop thread; what blocks is done on the pool.
class Runner {
 public:
  Runner(async::Loop& loop, Queries& queries, results::Spool& spool, async::Pool& disk, const Clock& clock,
         Probe& probe);

  // Runs the queued query on the warehouse of `connector`. When it returns the query has ended, or it was
  // stopped for a shutdown and is queued again.
  async::Task<> run(LivePtr live, warehouse::Connector* connector);

  // Ends the query as failed, whatever state it is in, if that is still possible.
  async::Task<> fail(LivePtr live, Failure failure);

  // Ends the query as canceled.
  async::Task<Result<void>> cancel(LivePtr live);
  // The same, tried once: Errc::resource_exhausted, and the query as it was, if too much waits for the journal.
  async::Task<Result<void>> try_cancel(LivePtr live);

  // Ends the query as canceled though its result is sealed, and removes that.
  async::Task<> cancel_sealed(LivePtr live);

  // Ends the query as succeeded with the sealed result `manifest`, also one that was found after a crash.
  // Errc::resource_exhausted, and the query as it was, if too much waits for the journal.
  async::Task<Result<void>> succeed(LivePtr live, results::Manifest manifest);

 private:
  struct Sink;

  async::Task<Result<void>> start(LivePtr live, StatementKind kind);
  async::Task<Result<results::Manifest, Failure>> spool(LivePtr live, warehouse::Execution* execution);
  async::Task<Result<results::Manifest, Failure>> fill(LivePtr live, warehouse::Execution* execution, Sink* into);
  async::Task<> end_sealed(LivePtr live, results::Manifest manifest);
  async::Task<> end_stopped(LivePtr live, Failure failure);
  Result<void> report_canceled(const LivePtr& live, Result<void> recorded);

  async::Loop& loop_;
  Queries& queries_;
  results::Spool& spool_;
  async::Pool& disk_;
  const Clock& clock_;
  Probe& probe_;
};

}  // namespace coatcheck::query
