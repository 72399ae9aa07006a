#include <atomic>

#include "warehouse/snowflake/snowflake_test.hpp"

// Cancels: asked for until Snowflake says that the statement has ended.
namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using S = ScriptedSnowflake;

class SnowflakeCancelTest : public SnowflakeTest {
 protected:
  SnowflakeCancelTest() {
    snowflake_.on("SUBMIT", S::running("h1"));
    snowflake_.on("STATUS h1", S::running("h1"));
    snowflake_.on("CANCEL h1", S::error(200, "000604", "57014", "SQL execution canceled", "h1"));
    execution_ = prepared(*connector_, request());
    EXPECT_TRUE(run_task(loop_, execution_->submit()));
  }

  // Has it canceled when the status is asked for the first time, which then is `later`.
  Outcome<std::unique_ptr<Cursor>> canceled_while_it_runs(std::vector<Said> later) {
    snowflake_.before([this, later](const std::string& what) {
      if (what == "STATUS h1" && !is_canceled_.exchange(true)) post([this] { execution_->cancel(); });
      if (what == "CANCEL h1") snowflake_.on("STATUS h1", later);
    });
    return run_task(loop_, execution_->run());
  }

  const Said ended_ = S::error(422, "000604", "57014", "SQL execution canceled", "h1");
  std::unique_ptr<Connector> connector_ = open();
  std::unique_ptr<Execution> execution_;
  std::atomic<bool> is_canceled_ = false;
};

TEST_F(SnowflakeCancelTest, ends_when_the_status_says_so) {
  const auto cursor = canceled_while_it_runs({S::running("h1"), ended_});
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::canceled);
  EXPECT_EQ(snowflake_.count("CANCEL h1"), 1);
  EXPECT_GE(snowflake_.count("STATUS h1"), 3);
}

TEST_F(SnowflakeCancelTest, that_comes_too_late_does_not_undo_a_success) {
  snowflake_.on("CANCEL h1", S::error(422, "000709", "02000", "Statement h1 not found", "h1"));
  auto cursor = canceled_while_it_runs({S::result(one_number, R"([["1"]])", {1})});
  ASSERT_TRUE(cursor) << cursor.error().message;
  const auto batches = read(**cursor);
  ASSERT_TRUE(batches) << batches.error().message;
  EXPECT_EQ(batches->size(), 1U);
}

TEST_F(SnowflakeCancelTest, of_what_has_failed_by_itself_is_that_failure) {
  const auto cursor = canceled_while_it_runs({S::error(422, "100038", "22018", "not a number", "h1")});
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().code, "100038");
}

TEST_F(SnowflakeCancelTest, of_what_snowflake_does_not_know_is_one) {
  const auto cursor = canceled_while_it_runs({S::error(422, "000709", "02000", "Statement h1 not found", "h1")});
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::canceled);
}

TEST_F(SnowflakeCancelTest, is_asked_for_until_it_is_heard) {
  snowflake_.on("CANCEL h1", {Said{.status = 503}, Said{.end = Said::End::nothing}, S::error(429, "", "", ""),
                              S::error(200, "000604", "57014", "SQL execution canceled", "h1")});
  snowflake_.before([&](const std::string& what) {
    if (what == "STATUS h1" && !is_canceled_.exchange(true)) post([this] { execution_->cancel(); });
    if (what == "CANCEL h1" && snowflake_.count("CANCEL h1") == 4) snowflake_.on("STATUS h1", ended_);
  });
  const auto cursor = run_task(loop_, execution_->run());
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::canceled);
  EXPECT_EQ(snowflake_.count("CANCEL h1"), 4);
}

TEST_F(SnowflakeCancelTest, does_not_wait_for_its_own_answer_when_the_statement_has_ended) {
  const auto over = std::make_shared<std::atomic<bool>>(false);
  snowflake_.before([this, over](const std::string& what) {
    if (what == "STATUS h1" && !is_canceled_.exchange(true)) post([this] { execution_->cancel(); });
    if (what != "CANCEL h1") return;
    snowflake_.on("STATUS h1", ended_);
    over->wait(false);
  });
  const auto cursor = run_task(loop_, execution_->run());
  *over = true;
  over->notify_all();
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::canceled);
}

TEST_F(SnowflakeCancelTest, before_it_runs_counts) {
  execution_->cancel();
  execution_->cancel();
  snowflake_.before([&](const std::string& what) {
    if (what == "CANCEL h1") snowflake_.on("STATUS h1", ended_);
  });
  EXPECT_EQ(run_task(loop_, execution_->run()).error().category, FailureCategory::canceled);
}

TEST_F(SnowflakeCancelTest, that_is_not_heard_can_be_left) {
  snowflake_.on("CANCEL h1", Said{.status = 503});
  execution_->cancel();
  snowflake_.before([&](const std::string& what) {
    if (what == "CANCEL h1") post([this] { execution_->leave(); });
  });
  EXPECT_EQ(run_task(loop_, execution_->run()).error().category, FailureCategory::interrupted);
}

}  // namespace
}  // namespace coatcheck::warehouse
