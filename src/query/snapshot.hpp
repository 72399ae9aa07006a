#pragma once

#include <cstddef>
#include <optional>

#include "query/queries.hpp"

namespace coatcheck::query {

// A query as it is at this moment.
struct Snapshot {
  EntryPtr entry;

  // From 0 to 1, while it runs and if the warehouse says.
  std::optional<double> progress = {};

  // While it waits for its turn.
  struct Queued {
    std::size_t position = 0;     // How many would be before it if nobody else came.
    bool is_reachable = true;     // If not, everybody waits for the warehouse.
    std::size_t running = 0;      // How many run at its warehouse…
    std::size_t running_max = 0;  // …and may.
    // The same of its principal, in all warehouses together.
    std::size_t principal_running = 0;
    std::size_t principal_running_max = 0;
  };
  std::optional<Queued> queued = {};
};

}  // namespace coatcheck::query
