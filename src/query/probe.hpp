#pragma once

#include <string>

#include "journal/lifecycle.hpp"
#include "query/shares.hpp"
#include "telemetry/metrics.hpp"

namespace coatcheck::query {

// What the query room counts.
struct Probe {
  explicit Probe(telemetry::Registry& registry);

  void ended(journal::State state);
  // Somebody was refused for a principal's limit.
  void limit_met(Limit limit);

  telemetry::Registry& registry;
  telemetry::Counter& submitted;
  telemetry::Counter& replayed;
  telemetry::Counter& refused;
  telemetry::Counter& succeeded;
  telemetry::Counter& failed;
  telemetry::Counter& canceled;
  telemetry::Counter& status_reads;
  telemetry::Counter& waits;
  telemetry::Counter& rows_spooled;
  telemetry::Counter& results_expired;
  telemetry::Histogram& queue_seconds;
  telemetry::Histogram& run_seconds;
};

}  // namespace coatcheck::query
