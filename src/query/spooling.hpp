#pragma once

#include <cstdint>
#include <string>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "query/stored_bytes.hpp"
#include "results/spool.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::query {

struct RowsWanted {
  QueryId query;
  std::uint64_t rows_max = UINT64_MAX;  // The rest is only known to exist: the result is truncated.
  bool stop_at_max = false;             // Or go on to the end: a write must do all that it was asked to.
  std::string principal = {};           // Whose it is.
  bool may_be_too_much = false;         // It fails if the principal then has more stored than it may have.
};

// Why a query fails whose result is more than may be kept.
Failure result_limit(const Error& error);

// Takes the rows of `cursor` into the spool and seals them as the query's result; what fails leaves no file. The
// warehouse makes the next batch while one goes to the disk: one is under way, never more. The result is counted in
// `stored`. On the loop; everything referred to must outlive the call.
async::Task<Result<results::Manifest, Failure>> spool_rows(results::Spool& spool, StoredBytes& stored,
                                                           async::Pool& disk, warehouse::Cursor* cursor,
                                                           RowsWanted wanted);

}  // namespace coatcheck::query
