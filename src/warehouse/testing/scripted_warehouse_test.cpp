#include "warehouse/testing/scripted_warehouse.hpp"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <string>
#include <utility>
#include <vector>

#include "warehouse/testing/run_task.hpp"

namespace coatcheck::warehouse {
namespace {

using ::testing::ElementsAre;
using Event = ScriptedWarehouse::Event;

class ScriptedWarehouseTest : public ::testing::Test {
 protected:
  Outcome<std::unique_ptr<Execution>> prepare(std::string text) {
    return run_task(loop_, warehouse_.prepare({.query = id_, .attempt = 2, .statement = {.text = std::move(text)}}));
  }

  // Starts run() and leaves it under way; its outcome appears in `ran_`.
  void start(Execution& execution) {
    async::asio::co_spawn(loop_.get_executor(), execution.run(),
                          [this](std::exception_ptr, Outcome<std::unique_ptr<Cursor>> outcome) {
                            ran_ = std::move(outcome);
                            ended_ = true;
                          });
  }

  std::vector<Event::Kind> kinds() const {
    std::vector<Event::Kind> kinds;
    for (const auto& event : warehouse_.events()) kinds.push_back(event.kind);
    return kinds;
  }

  async::Loop loop_;
  QueryId id_ = make_query_id({});
  ScriptedWarehouse warehouse_{loop_.get_executor()};
  Outcome<std::unique_ptr<Cursor>> ran_;
  bool ended_ = false;
};

TEST_F(ScriptedWarehouseTest, yields_the_rows_of_its_script_in_batches) {
  warehouse_.on("q", {.rows = 5, .batch_rows = 2});
  auto execution = prepare("q");
  ASSERT_TRUE(execution);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor);
  EXPECT_EQ((*cursor)->schema()->field(0)->name(), "n");
  std::vector<std::int64_t> sizes;
  std::int64_t last = -1;
  while (true) {
    auto batch = run_task(loop_, (*cursor)->next());
    ASSERT_TRUE(batch);
    if (!*batch) break;
    sizes.push_back((**batch)->num_rows());
    const auto& numbers = static_cast<const arrow::Int64Array&>(*(**batch)->column(0));
    last = numbers.Value(numbers.length() - 1);
  }
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_EQ(last, 4);
}

TEST_F(ScriptedWarehouseTest, fails_where_the_script_says) {
  const Failure failure{.category = FailureCategory::resources, .message = "no"};
  warehouse_.on("prepare", {.prepare_fails = failure});
  warehouse_.on("run", {.run_fails = failure});
  warehouse_.on("next", {.rows = 10, .batch_rows = 1, .next_fails = failure, .batches_before_failure = 1});
  EXPECT_EQ(prepare("prepare").error(), failure);
  EXPECT_EQ(prepare("never scripted").error().category, FailureCategory::statement);

  auto run_fails = prepare("run");
  EXPECT_EQ(run_task(loop_, (*run_fails)->run()).error(), failure);

  auto next_fails = prepare("next");
  auto cursor = run_task(loop_, (*next_fails)->run());
  EXPECT_TRUE(run_task(loop_, (*cursor)->next()));
  EXPECT_EQ(run_task(loop_, (*cursor)->next()).error(), failure);
}

TEST_F(ScriptedWarehouseTest, a_stalled_run_goes_on_when_released) {
  warehouse_.on("q", {.stall = Script::Stall::in_run});
  auto execution = prepare("q");
  start(**execution);
  run_task(loop_, warehouse_.stalled("q"));
  EXPECT_FALSE(ended_);
  warehouse_.release("q");
  loop_.run();
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(ran_);
}

TEST_F(ScriptedWarehouseTest, a_cancel_ends_a_stalled_run_as_canceled) {
  warehouse_.on("q", {.stall = Script::Stall::in_run});
  auto execution = prepare("q");
  start(**execution);
  run_task(loop_, warehouse_.stalled("q"));
  (*execution)->cancel();
  (*execution)->cancel();
  loop_.run();
  ASSERT_TRUE(ended_);
  EXPECT_EQ(ran_.error().category, FailureCategory::canceled);
  EXPECT_THAT(kinds(), ElementsAre(Event::Kind::prepared, Event::Kind::ran, Event::Kind::cancel_asked));
}

TEST_F(ScriptedWarehouseTest, a_slow_warehouse_confirms_a_cancel_only_when_released) {
  warehouse_.on("q", {.stall = Script::Stall::in_run, .cancel_needs_release = true});
  auto execution = prepare("q");
  start(**execution);
  run_task(loop_, warehouse_.stalled("q"));
  (*execution)->cancel();
  loop_.poll();
  EXPECT_FALSE(ended_);
  warehouse_.release("q");
  loop_.run();
  ASSERT_TRUE(ended_);
  EXPECT_EQ(ran_.error().category, FailureCategory::canceled);
}

TEST_F(ScriptedWarehouseTest, a_stall_before_the_second_batch_lets_the_first_through) {
  warehouse_.on("q", {.rows = 2, .batch_rows = 1, .stall = Script::Stall::before_batch, .batches_before_stall = 1});
  auto execution = prepare("q");
  auto cursor = run_task(loop_, (*execution)->run());
  EXPECT_TRUE(run_task(loop_, (*cursor)->next()));
  bool second = false;
  async::asio::co_spawn(loop_.get_executor(), (*cursor)->next(),
                        [&](std::exception_ptr, Outcome<std::optional<rows::Batch>>) { second = true; });
  run_task(loop_, warehouse_.stalled("q"));
  EXPECT_FALSE(second);
  warehouse_.release("q");
  loop_.run();
  EXPECT_TRUE(second);
}

TEST_F(ScriptedWarehouseTest, remembers_who_ran_what_and_when_it_ended) {
  warehouse_.on("q", {});
  {
    auto execution = prepare("q");
    auto cursor = run_task(loop_, (*execution)->run());
    EXPECT_EQ(warehouse_.open_executions(), 1U);
  }
  EXPECT_EQ(warehouse_.open_executions(), 0U);
  EXPECT_EQ(warehouse_.runs("q"), 1U);
  EXPECT_THAT(warehouse_.events(),
              ElementsAre(Event{Event::Kind::prepared, id_, 2, "q"}, Event{Event::Kind::ran, id_, 2, "q"},
                          Event{Event::Kind::ended, id_, 2, "q"}));
}

}  // namespace
}  // namespace coatcheck::warehouse
