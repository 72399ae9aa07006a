#include "warehouse/conformance/connector_suite.hpp"

#include <arrow/api.h>

namespace coatcheck::warehouse {

void ConnectorConformance::SetUp() {
  auto opened = GetParam().open(loop_);
  ASSERT_TRUE(opened) << GetParam().name << " cannot be opened: " << opened.error().message;
  connector_ = *std::move(opened);
  if (!GetParam().server) return;
  auto watching = GetParam().open(loop_);
  ASSERT_TRUE(watching) << watching.error().message;
  watcher_ = *std::move(watching);
}

std::int64_t ConnectorConformance::rows_in(const Drained& drained) {
  std::int64_t rows = 0;
  for (const auto& batch : drained.batches) rows += batch->num_rows();
  return rows;
}

std::vector<std::string> ConnectorConformance::texts_in(const Drained& drained) {
  std::vector<std::string> texts;
  for (const auto& batch : drained.batches) {
    for (std::int64_t i = 0; i < batch->num_rows(); ++i) {
      const auto scalar = batch->column(0)->GetScalar(i).ValueOrDie();
      texts.push_back(scalar->is_valid ? scalar->ToString() : "NULL");
    }
  }
  return texts;
}

ConnectorConformance::Marked ConnectorConformance::marked(const std::string& text) {
  const auto mark = "mark " + make_query_id(system_clock().now()).to_string();
  return {.mark = mark, .text = "/* " + mark + " */ " + text};
}

namespace {

async::Task<> pause(async::Executor executor) {
  async::Timer timer(executor, std::chrono::milliseconds(10));
  [[maybe_unused]] auto [error] = co_await timer.async_wait(async::as_outcome);
}

}  // namespace

void ConnectorConformance::wait_for_running(const std::string& mark, int count) {
  if (!GetParam().server) return;
  const auto question = GetParam().server->running(mark);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (true) {
    auto told = drain(loop_, *watcher_, {.text = question});
    ASSERT_TRUE(told) << told.error().message;
    const auto seen = texts_in(*told);
    if (seen == std::vector{std::to_string(count)}) return;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline)
        << "the warehouse says that " << ::testing::PrintToString(seen) << " run, not " << count;
    run_task(loop_, pause(loop_.get_executor()));
  }
}

std::unique_ptr<Execution> ConnectorConformance::started(std::string text) {
  auto execution = start(loop_, *connector_, {.query = {}, .statement = {.text = std::move(text)}});
  if (!execution) throw std::runtime_error(execution.error().message);
  return *std::move(execution);
}

async::Task<ConnectorConformance::Next> ConnectorConformance::run_and_pull(Execution& execution,
                                                                           std::unique_ptr<Cursor>& cursor) {
  auto ran = co_await execution.run();
  if (!ran) co_return std::move(ran).error();
  cursor = *std::move(ran);
  co_return co_await cursor->next();
}

Failure ConnectorConformance::pull_to_failure(Cursor& cursor) {
  while (true) {
    auto batch = run_task(loop_, cursor.next());
    if (!batch) return std::move(batch).error();
    if (!*batch) return {.message = "it came to its end"};
  }
}

namespace {

TEST_P(ConnectorConformance, a_read_says_so_and_yields_its_row) {
  auto drained = drain(loop_, *connector_, {.text = GetParam().one_row});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->kind, GetParam().tells_reads ? StatementKind::read : StatementKind::unknown);
  EXPECT_EQ(drained->schema->num_fields(), 1);
  EXPECT_EQ(texts_in(*drained), std::vector<std::string>{"42"});
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

TEST_P(ConnectorConformance, a_write_is_never_called_a_read) {
  auto drained = drain(loop_, *connector_, {.text = GetParam().write});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_NE(drained->kind, StatementKind::read);
  EXPECT_EQ(drained->schema->num_fields(), GetParam().fields_of_ddl);
  EXPECT_EQ(rows_in(*drained), GetParam().fields_of_ddl);
}

TEST_P(ConnectorConformance, writes_say_how_many_rows_they_wrote) {
  for (const auto& [text, rows] : GetParam().counted) {
    auto drained = drain(loop_, *connector_, {.text = text});
    ASSERT_TRUE(drained) << text << ": " << drained.error().message;
    if (!rows) continue;
    EXPECT_EQ(texts_in(*drained), std::vector{std::to_string(*rows)}) << text;
  }
}

TEST_P(ConnectorConformance, what_fails_says_what_kind_of_failure_it_is_and_harms_nothing_else) {
  for (const auto& [what, text, category, timeout] : GetParam().failing) {
    const Request request{.query = {}, .statement = {.text = text}, .timeout = timeout};
    auto failed = drain(loop_, *connector_, request);
    ASSERT_FALSE(failed) << what;
    EXPECT_EQ(failed.error().category, category) << what << ": " << failed.error().message;
    EXPECT_FALSE(failed.error().message.empty()) << what;
    auto good = drain(loop_, *connector_, {.text = GetParam().one_row});
    EXPECT_TRUE(good) << "after " << what << ": " << good.error().message;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse
