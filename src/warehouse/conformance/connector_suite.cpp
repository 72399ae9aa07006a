#include "warehouse/conformance/connector_suite.hpp"

#include <arrow/api.h>

#include <boost/asio/co_spawn.hpp>

namespace coatcheck::warehouse {

void ConnectorConformance::SetUp() {
  auto opened = GetParam().open(loop_);
  ASSERT_TRUE(opened) << GetParam().name << " cannot be opened: " << opened.error().message;
  connector_ = *std::move(opened);
}

std::int64_t ConnectorConformance::rows_in(const Drained& drained) {
  std::int64_t rows = 0;
  for (const auto& batch : drained.batches) rows += batch->num_rows();
  return rows;
}

namespace {

TEST_P(ConnectorConformance, a_read_says_so_and_yields_its_row) {
  auto drained = drain(loop_, *connector_, {.text = GetParam().one_row});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->kind, GetParam().tells_reads ? StatementKind::read : StatementKind::unknown);
  EXPECT_EQ(drained->schema->num_fields(), 1);
  EXPECT_EQ(rows_in(*drained), 1);
}

TEST_P(ConnectorConformance, a_result_without_rows_still_has_a_schema) {
  auto drained = drain(loop_, *connector_, {.text = GetParam().no_rows});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->schema->num_fields(), 1);
  EXPECT_EQ(rows_in(*drained), 0);
}

TEST_P(ConnectorConformance, every_batch_has_the_schema_of_its_cursor_and_no_row_is_lost) {
  auto drained = drain(loop_, *connector_, {.text = GetParam().many_rows});
  ASSERT_TRUE(drained) << drained.error().message;
  for (const auto& batch : drained->batches) {
    EXPECT_TRUE(batch->schema()->Equals(*drained->schema));
    EXPECT_TRUE(batch->ValidateFull().ok());
  }
  EXPECT_EQ(rows_in(*drained), GetParam().many_rows_count);
}

TEST_P(ConnectorConformance, mistakes_in_the_statement_are_the_statements_fault) {
  for (const auto& text : {GetParam().wrong_syntax, GetParam().unknown_table}) {
    auto drained = drain(loop_, *connector_, {.text = text});
    ASSERT_FALSE(drained) << text;
    EXPECT_EQ(drained.error().category, FailureCategory::statement) << text;
    EXPECT_FALSE(drained.error().message.empty());
  }
}

TEST_P(ConnectorConformance, a_write_is_never_called_a_read_and_yields_no_fields) {
  auto drained = drain(loop_, *connector_, {.text = GetParam().write});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_NE(drained->kind, StatementKind::read);
  EXPECT_EQ(drained->schema->num_fields(), 0);
}

TEST_P(ConnectorConformance, rows_of_parameters_are_refused_by_what_changes_nothing) {
  const ParameterRows rows(1, {{.value = std::int64_t{1}}, {.value = std::int64_t{2}}});
  auto drained = drain(loop_, *connector_, {.text = GetParam().one_row, .parameters = {}, .parameter_rows = rows});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().category, FailureCategory::statement);
}

TEST_P(ConnectorConformance, a_cancel_before_the_run_is_not_lost) {
  auto execution = run_task(loop_, connector_->prepare({.query = {}, .statement = {.text = GetParam().endless}}));
  ASSERT_TRUE(execution);
  (*execution)->cancel();
  (*execution)->cancel();
  auto ran = run_task(loop_, (*execution)->run());
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category, FailureCategory::canceled);
}

TEST_P(ConnectorConformance, a_cancel_between_batches_is_not_lost) {
  auto execution = run_task(loop_, connector_->prepare({.query = {}, .statement = {.text = GetParam().many_rows}}));
  ASSERT_TRUE(execution);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor);
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  (*execution)->cancel();
  for (int i = 0; i < 2; ++i) {
    auto batch = run_task(loop_, (*cursor)->next());
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().category, FailureCategory::canceled);
  }
}

}  // namespace
}  // namespace coatcheck::warehouse
