#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/query_id.hpp"
#include "journal/journal.hpp"
#include "results/spool.hpp"
#include "scan/history_request.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::scan {

// The finished results and the history, as one principal may see them. Loop thread only.
class Stored {
 public:
  virtual ~Stored() = default;

  // Opens the result of a query, for which it waits until `deadline` if the query has not ended. Canceling the
  // coroutine ends the wait. Failures have Snowflake's codes: 000709 there is no such query (or it is somebody
  // else's), 000710 its result is gone, 000711 it failed or was canceled; one without a code, retryable, if it has not
  // ended by then.
  using Reader = std::shared_ptr<const results::Reader>;
  virtual async::Task<warehouse::Outcome<Reader>> result(std::string principal, QueryId id, Deadline deadline) = 0;

  // The queries of a history: what has not ended first, then by the time of their end, the latest first; at most
  // request.limit of them unless request.ids says which.
  using Entries = std::vector<std::shared_ptr<const journal::Entry>>;
  virtual async::Task<warehouse::Outcome<Entries>> history(std::string principal, HistoryRequest request) = 0;
};

// The failure of a scan of a query that has not ended.
Failure still_running(QueryId id);

}  // namespace coatcheck::scan
