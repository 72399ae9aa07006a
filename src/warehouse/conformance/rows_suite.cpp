#include <arrow/api.h>

#include <boost/asio/co_spawn.hpp>

#include "warehouse/conformance/connector_suite.hpp"

namespace coatcheck::warehouse {
namespace {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConnectorRowsConformance);  // Not every connector can.

Statement with_rows(std::string text, const std::vector<std::int64_t>& numbers) {
  std::vector<Parameter> cells;
  for (const std::int64_t number : numbers) cells.push_back({.value = number});
  return {.text = std::move(text), .parameters = {}, .parameter_rows = {1, std::move(cells)}};
}

TEST_P(ConnectorRowsConformance, rows_are_all_written_or_none_and_counted_together) {
  const auto& [make, insert, read] = GetParam().rows;
  auto made = drain(loop_, *connector_, {.text = make});
  ASSERT_TRUE(made) << made.error().message;
  auto written = drain(loop_, *connector_, with_rows(insert, {1, 2, 3}));
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->kind, StatementKind::write);
  ASSERT_EQ(rows_in(*written), 1);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*written->batches.front()->column(0)).Value(0), 3);

  // It holds nothing that others need from the moment that its failure is told, not only from its end.
  auto refused = start(loop_, *connector_, {.query = {}, .statement = with_rows(insert, {4, 5, 2})});
  ASSERT_TRUE(refused) << refused.error().message;
  auto ran = run_task(loop_, (*refused)->run());
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category, FailureCategory::statement);
  auto there = drain(loop_, *connector_, {.text = read});
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(rows_in(*there), 3);
}

}  // namespace
}  // namespace coatcheck::warehouse
