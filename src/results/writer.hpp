#pragma once

#include <memory>

#include "results/spool.hpp"
#include "results/store.hpp"

namespace coatcheck::results {

// Returns a writer for `query`, which the caller has entered in `store.writing`; the writer takes it out
// again when it dies, and the caller if there is an error.
Result<std::unique_ptr<Writer>> make_writer(Store& store, QueryId query, rows::Schema schema);

}  // namespace coatcheck::results
