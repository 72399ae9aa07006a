#include "query/probe.hpp"

namespace coatcheck::query {

namespace {

telemetry::Counter& ended_counter(telemetry::Registry& registry, journal::State state) {
  return registry.counter("coatcheck_queries_ended_total", "Queries that ended, by how.",
                          {{"status", std::string(journal::to_string(state))}});
}

telemetry::Counter& limit_counter(telemetry::Registry& registry, Limit limit) {
  return registry.counter("coatcheck_principal_limits_met_total",
                          "Requests and queries refused because their principal had as much as it may have, by limit.",
                          {{"limit", name_of(limit)}});
}

}  // namespace

Probe::Probe(telemetry::Registry& measures)
    : registry(measures),
      submitted(measures.counter("coatcheck_queries_submitted_total", "Queries accepted and journaled.")),
      replayed(measures.counter("coatcheck_queries_replayed_total",
                                "Submits answered with an earlier query by their idempotency key.")),
      refused(measures.counter("coatcheck_queries_refused_total", "Submits refused because a queue was full.")),
      succeeded(ended_counter(measures, journal::State::succeeded)),
      failed(ended_counter(measures, journal::State::failed)),
      canceled(ended_counter(measures, journal::State::canceled)),
      status_reads(
          measures.counter("coatcheck_status_reads_total", "Statuses given to clients, one for each query shown.")),
      waits(measures.counter("coatcheck_waits_total", "Times that a client waited for a change.")),
      rows_spooled(measures.counter("coatcheck_rows_spooled_total", "Rows written to sealed results.")),
      results_expired(
          measures.counter("coatcheck_results_expired_total", "Results removed because their time was over.")),
      queue_seconds(measures.histogram("coatcheck_query_queue_seconds",
                                       "From submission to the start of the first attempt.",
                                       telemetry::duration_bounds())),
      run_seconds(measures.histogram("coatcheck_query_run_seconds", "From the start of the last attempt to the end.",
                                     telemetry::duration_bounds())) {
  // Shown from the start, so that a rate over the first one is one.
  for (const Limit limit : {Limit::queued, Limit::waiting, Limit::claims, Limit::stored})
    limit_counter(registry, limit);
}

void Probe::limit_met(Limit limit) { limit_counter(registry, limit).Increment(); }

void Probe::ended(journal::State state) {
  switch (state) {
    case journal::State::succeeded: succeeded.Increment(); break;
    case journal::State::failed: failed.Increment(); break;
    case journal::State::canceled: canceled.Increment(); break;
    case journal::State::queued:
    case journal::State::running:
    case journal::State::canceling: break;
  }
}

}  // namespace coatcheck::query
