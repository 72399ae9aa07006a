#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace coatcheck::telemetry {

// Increment(), Set() and Observe() are safe from any thread; the first two are one atomic exchange.
using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

// The measures of one process, made by the rooms as they start, read by /metrics. Safe from any thread.
//
// Names follow Prometheus: coatcheck_<what>_<unit>, `_total` for counters, base units (seconds, bytes). The
// same name and labels give the same measure again. A name or label that Prometheus does not allow, or a name
// that is taken by another kind, is a mistake of ours and throws std::invalid_argument. What is returned lives
// as long as the registry.
class Registry {
 public:
  Registry() = default;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // `bounds` are the buckets' upper ends, rising.
  Histogram& histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                       const Labels& labels = {});

  // A measure that is asked for its value when it is read, by the thread that calls render(). `value` must
  // stay callable as long as the registry is rendered.
  void computed_gauge(const std::string& name, const std::string& help, std::function<double()> value,
                      const Labels& labels = {});
  void computed_counter(const std::string& name, const std::string& help, std::function<double()> value,
                        const Labels& labels = {});

  // Has `prepare` called at the beginning of each render(), to set several gauges from one look.
  void before_render(std::function<void()> prepare);

 private:
  friend std::string render(Registry& registry);

  struct Computed {
    prometheus::MetricType type;
    std::string name;
    std::string help;
    Labels labels;
    std::function<double()> value;
  };
  void add_computed(Computed computed);
  void claim(const std::string& name, prometheus::MetricType type, bool computed);

  prometheus::Registry measures_{prometheus::Registry::InsertBehavior::Merge};
  std::mutex mutex_;                                                      // Guards what follows, not the measures.
  std::map<std::string, std::pair<prometheus::MetricType, bool>> names_;  // What each is, and whether computed.
  std::vector<Computed> computed_;
  std::vector<std::function<void()>> prepare_;
};

// Returns every measure in Prometheus' text format 0.0.4.
std::string render(Registry& registry);

// The media type of that text.
inline constexpr const char* metrics_media_type = "text/plain; version=0.0.4; charset=utf-8";

// Bounds for how long something took, in seconds: from a millisecond to an hour.
inline const std::vector<double>& duration_bounds() {
  static const std::vector<double> bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                             1,     2.5,    5,     10,   30,    60,   300, 900,  3600};
  return bounds;
}

}  // namespace coatcheck::telemetry
