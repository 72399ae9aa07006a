#include "telemetry/metrics.hpp"

#include <prometheus/check_names.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <stdexcept>

namespace coatcheck::telemetry {

namespace {

prometheus::ClientMetric measured(const Labels& labels, prometheus::MetricType type, double value) {
  prometheus::ClientMetric metric;
  for (const auto& [name, text] : labels) metric.label.push_back({name, text});
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return metric;
}

}  // namespace

Counter& Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  claim(name, prometheus::MetricType::Counter, false);
  return prometheus::BuildCounter().Name(name).Help(help).Register(measures_).Add(labels);
}

Gauge& Registry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  claim(name, prometheus::MetricType::Gauge, false);
  return prometheus::BuildGauge().Name(name).Help(help).Register(measures_).Add(labels);
}

Histogram& Registry::histogram(const std::string& name, const std::string& help, const std::vector<double>& bounds,
                               const Labels& labels) {
  claim(name, prometheus::MetricType::Histogram, false);
  return prometheus::BuildHistogram().Name(name).Help(help).Register(measures_).Add(labels, bounds);
}

void Registry::computed_gauge(const std::string& name, const std::string& help, std::function<double()> value,
                              const Labels& labels) {
  add_computed({prometheus::MetricType::Gauge, name, help, labels, std::move(value)});
}

void Registry::computed_counter(const std::string& name, const std::string& help, std::function<double()> value,
                                const Labels& labels) {
  add_computed({prometheus::MetricType::Counter, name, help, labels, std::move(value)});
}

void Registry::before_render(std::function<void()> prepare) {
  const std::lock_guard lock(mutex_);
  prepare_.push_back(std::move(prepare));
}

void Registry::add_computed(Computed computed) {
  claim(computed.name, computed.type, true);
  for (const auto& [name, text] : computed.labels) {
    if (!prometheus::CheckLabelName(name)) throw std::invalid_argument("not a label: " + name);
  }
  const std::lock_guard lock(mutex_);
  const bool known = std::any_of(computed_.begin(), computed_.end(), [&](const Computed& other) {
    return other.name == computed.name && other.labels == computed.labels;
  });
  if (known) throw std::invalid_argument("computed twice: " + computed.name);
  computed_.push_back(std::move(computed));
}

// prometheus-cpp leaves a name used for two kinds to whoever reads the text; we refuse it where it is made.
void Registry::claim(const std::string& name, prometheus::MetricType type, bool computed) {
  if (!prometheus::CheckMetricName(name)) throw std::invalid_argument("not a name of a measure: " + name);
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = names_.try_emplace(name, type, computed);
  if (!is_new && known->second != std::pair(type, computed)) {
    throw std::invalid_argument("taken by another kind of measure: " + name);
  }
}

std::string render(Registry& registry) {
  std::vector<std::function<void()>> prepare;
  std::vector<Registry::Computed> computed;
  {
    const std::lock_guard lock(registry.mutex_);
    prepare = registry.prepare_;
    computed = registry.computed_;
  }
  for (const auto& call : prepare) call();

  std::vector<prometheus::MetricFamily> families = registry.measures_.Collect();
  const auto first_computed = static_cast<std::ptrdiff_t>(families.size());
  for (const Registry::Computed& one : computed) {
    // The format wants all measures of one name together.
    auto family = std::find_if(families.begin() + first_computed, families.end(),
                               [&](const prometheus::MetricFamily& other) { return other.name == one.name; });
    if (family == families.end()) {
      family = families.insert(families.end(), {.name = one.name, .help = one.help, .type = one.type, .metric = {}});
    }
    family->metric.push_back(measured(one.labels, one.type, one.value()));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace coatcheck::telemetry
