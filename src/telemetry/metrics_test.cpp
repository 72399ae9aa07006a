#include "telemetry/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace coatcheck::telemetry {
namespace {

using testing::HasSubstr;

TEST(Metrics, renders_the_text_format) {
  Registry registry;
  registry.counter("coatcheck_queries_submitted_total", "Queries accepted.", {{"warehouse", "main"}}).Increment(3);
  registry.gauge("coatcheck_queries_running", "Queries running now.").Set(2);
  auto& seconds = registry.histogram("coatcheck_wait_seconds", "How long clients waited.", {0.1, 1});
  seconds.Observe(0.5);

  const std::string text = render(registry);
  EXPECT_THAT(text, HasSubstr("# HELP coatcheck_queries_submitted_total Queries accepted.\n"
                              "# TYPE coatcheck_queries_submitted_total counter\n"
                              "coatcheck_queries_submitted_total{warehouse=\"main\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("coatcheck_queries_running 2\n"));
  EXPECT_THAT(text, HasSubstr("coatcheck_wait_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("coatcheck_wait_seconds_bucket{le=\"+Inf\"} 1\n"));
}

TEST(Metrics, the_same_name_and_labels_give_the_same_measure) {
  Registry registry;
  Counter& first = registry.counter("a_total", "A.", {{"x", "1"}});
  EXPECT_EQ(&registry.counter("a_total", "A.", {{"x", "1"}}), &first);
  EXPECT_NE(&registry.counter("a_total", "A.", {{"x", "2"}}), &first);
}

TEST(Metrics, a_computed_measure_is_asked_at_every_render) {
  Registry registry;
  double bytes = 1;
  registry.computed_gauge("spool_bytes", "Used.", [&] { return bytes; });
  EXPECT_THAT(render(registry), HasSubstr("# TYPE spool_bytes gauge\nspool_bytes 1\n"));
  bytes = 2;
  EXPECT_THAT(render(registry), HasSubstr("spool_bytes 2\n"));
}

TEST(Metrics, computed_measures_of_one_name_stay_together) {
  Registry registry;
  registry.computed_counter("reads_total", "Reads.", [] { return 1.0; }, {{"kind", "a"}});
  registry.computed_counter("writes_total", "Writes.", [] { return 5.0; });
  registry.computed_counter("reads_total", "Reads.", [] { return 2.0; }, {{"kind", "b"}});
  EXPECT_THAT(render(registry), HasSubstr("# TYPE reads_total counter\n"
                                          "reads_total{kind=\"a\"} 1\n"
                                          "reads_total{kind=\"b\"} 2\n"));
}

TEST(Metrics, what_is_prepared_before_a_render_is_in_it) {
  Registry registry;
  Gauge& depth = registry.gauge("depth", "Depth.");
  registry.before_render([&] { depth.Set(7); });
  EXPECT_THAT(render(registry), HasSubstr("depth 7\n"));
}

TEST(Metrics, a_name_belongs_to_one_kind) {
  Registry registry;
  registry.counter("a_total", "A.");
  EXPECT_THROW(registry.gauge("a_total", "A."), std::invalid_argument);
  EXPECT_THROW(registry.computed_counter("a_total", "A.", [] { return 0.0; }), std::invalid_argument);
  registry.computed_gauge("b", "B.", [] { return 0.0; });
  EXPECT_THROW(registry.gauge("b", "B."), std::invalid_argument);
  EXPECT_THROW(registry.computed_gauge("b", "B.", [] { return 0.0; }), std::invalid_argument);
}

TEST(Metrics, names_that_prometheus_refuses_are_refused) {
  Registry registry;
  EXPECT_THROW(registry.counter("with space", "A."), std::invalid_argument);
  EXPECT_THROW(registry.computed_gauge("a", "A.", [] { return 0.0; }, {{"a-b", ""}}), std::invalid_argument);
  EXPECT_THROW(registry.gauge("c", "C.", {{"a-b", ""}}), std::invalid_argument);
}

TEST(Metrics, label_values_cannot_break_out_of_their_line) {
  Registry registry;
  registry.counter("a_total", "A.", {{"tag", "x\"\ny"}}).Increment();
  EXPECT_THAT(render(registry), HasSubstr("a_total{tag=\"x\\\"\\ny\"} 1\n"));
}

TEST(Metrics, increments_of_several_threads_all_count) {
  Registry registry;
  Counter& counter = registry.counter("a_total", "A.");
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t != 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i != 10'000; ++i) counter.Increment();
      });
    }
  }
  EXPECT_EQ(counter.Value(), 40'000.0);
}

}  // namespace
}  // namespace coatcheck::telemetry
