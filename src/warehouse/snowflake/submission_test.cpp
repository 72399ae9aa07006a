#include "warehouse/snowflake/submission.hpp"

#include <atomic>

#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/snowflake_test.hpp"

// How a statement gets to Snowflake, once.
namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using S = ScriptedSnowflake;

class SnowflakeSubmissionTest : public SnowflakeTest {
 protected:
  Outcome<std::string> submitted(std::vector<Said> answers) {
    snowflake_.on("SUBMIT", std::move(answers));
    auto connector = open();
    return run_task(loop_, prepared(*connector, request())->submit());
  }
  // What was sent each time, behind the path.
  std::vector<std::string> targets() const {
    std::vector<std::string> targets;
    for (const auto& request : snowflake_.requests()) targets.push_back(request.target);
    return targets;
  }
};

TEST_F(SnowflakeSubmissionTest, a_lost_answer_is_asked_for_again_with_the_same_id) {
  const auto handle =
      submitted({Said{.end = Said::End::nothing}, S::error(503, "", "", ""), Said{.status = 504}, S::running("h1")});
  ASSERT_TRUE(handle) << handle.error().message;
  EXPECT_EQ(*handle, "h1");
  const auto sent = targets();
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_EQ(sent[0].find("retry"), std::string::npos);
  for (std::size_t i = 1; i < sent.size(); ++i) EXPECT_EQ(sent[i], sent[0] + "&retry=true");
  const auto bodies = snowflake_.requests();
  EXPECT_EQ(bodies[3].body, bodies[0].body);
}

TEST_F(SnowflakeSubmissionTest, too_many_requests_are_tried_again) {
  ASSERT_TRUE(submitted({S::error(429, "390505", "", "Too many requests."), S::running("h1")}));
  EXPECT_TRUE(targets().at(1).ends_with("&retry=true"));
}

TEST_F(SnowflakeSubmissionTest, too_many_requests_with_a_handle_is_a_statement_that_lives) {
  const auto handle = submitted({S::error(429, "390505", "", "Too many requests.", "h1")});
  ASSERT_TRUE(handle) << handle.error().message;
  EXPECT_EQ(*handle, "h1");
  EXPECT_EQ(snowflake_.asked().size(), 1U);
}

TEST_F(SnowflakeSubmissionTest, of_what_may_be_submitted_is_a_repetition_from_the_start) {
  snowflake_.on("SUBMIT", S::running("h1"));
  auto connector = open();
  auto asked = request();
  asked.may_be_submitted = true;
  ASSERT_TRUE(run_task(loop_, prepared(*connector, std::move(asked))->submit()));
  EXPECT_TRUE(targets().at(0).ends_with("&retry=true"));
}

TEST_F(SnowflakeSubmissionTest, a_statement_that_is_wrong_is_refused_in_snowflakes_words) {
  const auto handle = submitted({S::error(422, "001003", "42000", "syntax error line 1 at position 0", "h1")});
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().category, FailureCategory::statement);
  EXPECT_EQ(handle.error().code, "001003");
}

TEST_F(SnowflakeSubmissionTest, other_statuses_refuse_it) {
  const std::tuple<int, FailureCategory> statuses[] = {{400, FailureCategory::unavailable},
                                                       {401, FailureCategory::unavailable},
                                                       {403, FailureCategory::permission},
                                                       {404, FailureCategory::unavailable},
                                                       {415, FailureCategory::unavailable}};
  for (const auto& [status, category] : statuses) {
    const auto handle = submitted({S::error(status, "390000", "", "its words")});
    ASSERT_FALSE(handle);
    EXPECT_EQ(handle.error().category, category) << status;
    EXPECT_FALSE(handle.error().retryable) << status;
    EXPECT_NE(handle.error().message.find("its words"), std::string::npos);
  }
}

// Nobody may say that a statement has failed which perhaps runs.
TEST_F(SnowflakeSubmissionTest, what_may_run_is_not_given_up_for_credentials_that_are_wrong) {
  const auto handle = submitted({Said{.end = Said::End::nothing}, S::error(401, "390303", "", "no"),
                                 S::error(401, "390303", "", "no"), S::error(403, "", "", "no"), S::running("h1")});
  ASSERT_TRUE(handle) << handle.error().message;
}

TEST_F(SnowflakeSubmissionTest, gives_up_on_a_server_that_cannot_be_reached) {
  auto opened = open_snowflake({.url = "http://127.0.0.1:1",
                                .authentication = SnowflakeOptions::Authentication::none,
                                .retry_for = 30ms,
                                .poll_min = 10ms},
                               loop_);
  ASSERT_TRUE(opened);
  const auto handle = run_task(loop_, prepared(**opened, request())->submit());
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().category, FailureCategory::unavailable);
  EXPECT_TRUE(handle.error().retryable);
}

TEST_F(SnowflakeSubmissionTest, a_cancel_ends_what_snowflake_has_certainly_not_taken) {
  snowflake_.on("SUBMIT", S::error(429, "390505", "", "Too many requests."));
  auto connector = open();
  auto execution = prepared(*connector, request());
  snowflake_.before([this, running = execution.get()](const std::string&) { post([running] { running->cancel(); }); });
  EXPECT_EQ(run_task(loop_, execution->submit()).error().category, FailureCategory::canceled);
}

TEST_F(SnowflakeSubmissionTest, that_is_left_is_interrupted_at_once) {
  const auto left = std::make_shared<std::atomic<bool>>(false);
  auto connector = open();
  auto execution = prepared(*connector, request());
  snowflake_.before([this, left, running = execution.get()](const std::string&) {
    post([left, running] {
      running->leave();
      *left = true;
      left->notify_all();
    });
    left->wait(false);
  });
  EXPECT_EQ(run_task(loop_, execution->submit()).error().category, FailureCategory::interrupted);
  EXPECT_EQ(run_task(loop_, execution->submit()).error().category, FailureCategory::interrupted);
  EXPECT_EQ(snowflake_.asked().size(), 1U);
}

TEST(JudgeSubmission, needs_a_handle_for_what_is_taken) {
  using snowflake::judge_submission;
  using Next = snowflake::Submission::Next;
  const upstream::Response no_handle{.status = 202, .body = "{}"};
  EXPECT_EQ(judge_submission(no_handle, "").next, Next::refused);
  const upstream::Response evil{.status = 202, .body = R"({"statementHandle":"../x"})"};
  EXPECT_EQ(judge_submission(evil, "").next, Next::refused);
  const upstream::Response waits{.status = 429, .headers = {{"retry-after", "7"}}};
  EXPECT_EQ(judge_submission(waits, "").after, 7s);
  EXPECT_FALSE(judge_submission(waits, "").uncertain);
  const upstream::Response down{.status = 503, .headers = {{"retry-after", "86400"}}};
  EXPECT_EQ(judge_submission(down, "").after, 300s);
  EXPECT_TRUE(judge_submission(down, "").uncertain);
}

}  // namespace
}  // namespace coatcheck::warehouse
