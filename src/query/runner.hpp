#pragma once

#include <optional>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/failure.hpp"
#include "query/probe.hpp"
#include "query/queries.hpp"
#include "query/spooling.hpp"
#include "results/spool.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::query {

// What a warehouse is to know of a query.
warehouse::Request request_for(const journal::Entry& entry);
// What of its rows is kept. A statement that may have changed something does not fail for
// what its principal has stored.
RowsWanted rows_wanted(const journal::Entry& entry, StatementKind kind);
// A sealed result; it expires never.
journal::ResultSummary summary_of(const results::Manifest& manifest);

// Takes one query from its turn to its end: prepare, run, spool, seal, and each step in the journal.
// Loop thread; what blocks is done on the pool.
class Runner {
 public:
  Runner(async::Loop& loop, Queries& queries, results::Spool& spool, StoredBytes& stored, async::Pool& disk,
         const Clock& clock, Probe& probe);

  // Runs the queued query on the warehouse of `connector`, or goes on with one that runs in a detached warehouse. When
  // it returns the query has ended, or it was stopped for a shutdown and is queued again or goes on without us. Returns
  // why the warehouse cannot be reached, if the query has not begun for that and is still queued.
  async::Task<std::optional<Failure>> run(LivePtr live, warehouse::Connector* connector);

  // Ends the query as failed, whatever state it is in, if that is still possible.
  async::Task<> fail(LivePtr live, Failure failure);

  // Ends the query as canceled.
  async::Task<Result<void>> cancel(LivePtr live);
  // The same, tried once: Errc::resource_exhausted, and the query as it was, if too much waits for the journal.
  async::Task<Result<void>> try_cancel(LivePtr live);

  // Ends the query as canceled though its result is sealed, and removes that.
  async::Task<> cancel_sealed(LivePtr live);

  // Ends the query as succeeded with a result that is sealed, also one that was found after a crash, or kept by the
  // warehouse. It expires with the query's result_ttl, or at summary.expires_at if that is earlier.
  // Errc::resource_exhausted, and the query as it was, if too much waits for the journal.
  async::Task<Result<void>> succeed(LivePtr live, journal::ResultSummary summary);

 private:
  async::Task<Result<void>> start(LivePtr live, StatementKind kind);
  async::Task<std::optional<Failure>> put_off(LivePtr live, Failure unreachable);
  async::Task<> acquit(LivePtr live);
  async::Task<Result<journal::ResultSummary, Failure>> yield(LivePtr live, warehouse::Execution* execution);
  async::Task<Result<void, Failure>> hand_over(LivePtr live, warehouse::Execution* execution);
  async::Task<> end_well(LivePtr live, journal::ResultSummary summary);
  async::Task<> end_stopped(LivePtr live, Failure failure);
  Result<void> report_canceled(const LivePtr& live, Result<void> recorded);

  async::Loop& loop_;
  Queries& queries_;
  results::Spool& spool_;
  StoredBytes& stored_;
  async::Pool& disk_;
  const Clock& clock_;
  Probe& probe_;
};

}  // namespace coatcheck::query
