#pragma once

#include <cstdint>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "results/spool.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::query {

struct RowsWanted {
  QueryId query;
  std::uint64_t rows_max = UINT64_MAX;  // The rest is only known to exist: the result is truncated.
  bool stop_at_max = false;             // Or go on to the end: a write must do all that it was asked to.
};

// Takes the rows of `cursor` into the spool and seals them as the query's result; what fails leaves no file. The
// warehouse makes the next batch while one goes to the disk: one is under way, never more. On the loop; everything
// referred to must outlive the call.
async::Task<Result<results::Manifest, Failure>> spool_rows(results::Spool& spool, async::Pool& disk,
                                                           warehouse::Cursor* cursor, RowsWanted wanted);

}  // namespace coatcheck::query
