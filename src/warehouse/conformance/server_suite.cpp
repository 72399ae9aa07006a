#include "warehouse/conformance/connector_suite.hpp"

namespace coatcheck::warehouse {

void ConnectorServerConformance::SetUp() {
  ConnectorConformance::SetUp();
  gate_ = std::make_unique<Gate>(GetParam().server->address());
  auto opened = GetParam().server->open_by(loop_, gate_->port());
  ASSERT_TRUE(opened) << opened.error().message;
  connector_ = *std::move(opened);
}

void ConnectorServerConformance::expect_good() {
  auto drained = drain(loop_, *connector_, {.text = GetParam().one_row});
  EXPECT_TRUE(drained) << drained.error().message;
}

void ConnectorServerConformance::wait_for_looks() {
  const auto enough = connector_->status_requests() + 3;
  loop_.restart();
  while (connector_->status_requests() < enough && loop_.run_one() > 0) {
  }
}

namespace {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ConnectorServerConformance);  // Not every warehouse is one.

TEST_P(ConnectorServerConformance, a_server_that_is_down_takes_no_statement) {
  expect_good();
  gate_->shut();
  for (int i = 0; i < 2; ++i) {
    auto failed = drain(loop_, *connector_, {.text = GetParam().one_row});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().category, FailureCategory::unavailable) << failed.error().message;
    EXPECT_TRUE(failed.error().retryable);
  }
  gate_->open();
  expect_good();
}

TEST_P(ConnectorServerConformance, a_server_that_goes_down_before_the_run_fails_it_unless_it_is_detached) {
  auto execution = started(GetParam().one_row);
  gate_->shut();
  std::unique_ptr<Cursor> cursor;
  std::optional<Next> next;
  begin_task(loop_, run_and_pull(*execution, cursor), next);
  if (is_detached()) {
    wait_for_looks();
    EXPECT_FALSE(next);
    gate_->open();
    EXPECT_TRUE(end_task(loop_, next)) << next->error().message;
  } else {
    ASSERT_FALSE(end_task(loop_, next));
    EXPECT_EQ(next->error().category, FailureCategory::unavailable) << next->error().message;
    gate_->open();
  }
  expect_good();
}

TEST_P(ConnectorServerConformance, a_line_that_breaks_while_the_server_computes_fails_it_unless_it_is_detached) {
  const auto [mark, text] = marked(GetParam().endless);
  auto execution = started(text);
  std::unique_ptr<Cursor> cursor;
  std::optional<Next> next;
  begin_task(loop_, run_and_pull(*execution, cursor), next);
  wait_for_running(mark, 1);
  gate_->shut();
  if (is_detached()) {
    wait_for_looks();
    EXPECT_FALSE(next);
    gate_->open();
    execution->cancel();
    ASSERT_FALSE(end_task(loop_, next));
    EXPECT_EQ(next->error().category, FailureCategory::canceled) << next->error().message;
  } else {
    ASSERT_FALSE(end_task(loop_, next));
    EXPECT_EQ(next->error().category, FailureCategory::unavailable) << next->error().message;
    gate_->open();
    cursor = nullptr;
    execution = nullptr;
  }
  wait_for_running(mark, 0);
  expect_good();
}

TEST_P(ConnectorServerConformance, a_line_that_breaks_while_rows_come_fails_the_query_and_no_other) {
  auto execution = started(is_detached() ? GetParam().plenty(GetParam().many_rows_count * 10) : GetParam().stream);
  auto cursor = run_task(loop_, execution->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  gate_->shut();
  const auto failure = pull_to_failure(**cursor);
  EXPECT_EQ(failure.category, FailureCategory::unavailable) << failure.message;
  *cursor = nullptr;
  execution = nullptr;
  gate_->open();
  expect_good();
}

}  // namespace
}  // namespace coatcheck::warehouse
