#include "warehouse/conformance/connector_suite.hpp"

// What ends a statement before its last row; each time the warehouse itself is asked whether it has stopped.
namespace coatcheck::warehouse {
namespace {

TEST_P(ConnectorConformance, a_cancel_before_the_run_is_not_lost) {
  const auto [mark, text] = marked(GetParam().endless);
  auto execution = started(text);
  execution->cancel();
  execution->cancel();
  auto ran = run_task(loop_, execution->run());
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().category, FailureCategory::canceled);
  wait_for_running(mark, 0);
}

TEST_P(ConnectorConformance, a_cancel_while_it_runs_stops_it_in_the_warehouse) {
  const auto [mark, text] = marked(GetParam().endless);
  auto execution = started(text);
  std::unique_ptr<Cursor> cursor;
  std::optional<Next> next;
  begin_task(loop_, run_and_pull(*execution, cursor), next);
  wait_for_running(mark, 1);
  loop_.restart();
  loop_.poll();
  EXPECT_FALSE(next);
  execution->cancel();
  ASSERT_FALSE(end_task(loop_, next));
  EXPECT_EQ(next->error().category, FailureCategory::canceled) << next->error().message;
  wait_for_running(mark, 0);
}

TEST_P(ConnectorConformance, a_cancel_while_rows_are_fetched_stops_it_in_the_warehouse) {
  const auto [mark, text] = marked(is_detached() ? GetParam().many_rows : GetParam().stream);
  auto execution = started(text);
  auto cursor = run_task(loop_, execution->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  auto first = run_task(loop_, (*cursor)->next());
  ASSERT_TRUE(first && *first);
  wait_for_running(mark, is_detached() ? 0 : 1);
  execution->cancel();
  for (int i = 0; i < 2; ++i) {
    auto batch = run_task(loop_, (*cursor)->next());
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().category, FailureCategory::canceled) << batch.error().message;
  }
  // As whoever hears that does: while no call is under way, a warehouse may hear of a cancel by the end only.
  *cursor = nullptr;
  execution = nullptr;
  wait_for_running(mark, 0);
}

TEST_P(ConnectorConformance, a_statement_that_is_let_go_ends_unless_it_is_detached) {
  const auto [mark, text] = marked(is_detached() ? GetParam().endless : GetParam().stream);
  auto execution = started(text);
  if (!is_detached()) {
    auto cursor = run_task(loop_, execution->run());
    ASSERT_TRUE(cursor) << cursor.error().message;
    ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
    wait_for_running(mark, 1);
    *cursor = nullptr;
    execution = nullptr;
    wait_for_running(mark, 0);
    return;
  }
  const auto handle = run_task(loop_, execution->submit());
  ASSERT_TRUE(handle) << handle.error().message;
  std::optional<Outcome<std::unique_ptr<Cursor>>> ran;
  begin_task(loop_, execution->run(), ran);
  wait_for_running(mark, 1);
  execution->leave();
  ASSERT_FALSE(end_task(loop_, ran));
  EXPECT_EQ(ran->error().category, FailureCategory::interrupted) << ran->error().message;
  execution = nullptr;
  wait_for_running(mark, 1);

  auto found = start(loop_, *connector_, {.query = {}, .statement = {.text = text}, .handle = *handle});
  ASSERT_TRUE(found) << found.error().message;
  ran.reset();
  begin_task(loop_, (*found)->run(), ran);
  (*found)->cancel();
  ASSERT_FALSE(end_task(loop_, ran));
  EXPECT_EQ(ran->error().category, FailureCategory::canceled) << ran->error().message;
  wait_for_running(mark, 0);
}

}  // namespace
}  // namespace coatcheck::warehouse
