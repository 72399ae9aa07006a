#include "scan/history_rows.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace coatcheck::scan {
namespace {

using namespace std::chrono_literals;
using journal::Entry;
using journal::State;

const Timestamp noon = *parse_rfc3339("2026-11-22T12:00:00Z");

Entry entry(State state, std::string text = "select 1") {
  Entry made;
  made.id = *QueryId::parse("01932f5e-1111-7000-8000-000000000001");
  made.submission.principal = "alice";
  made.submission.warehouse = "main";
  made.submission.statement.text = std::move(text);
  made.submission.query_tag = "tag";
  made.state = state;
  made.submitted_at = noon;
  if (state != State::queued) made.started_at = noon + 2s;
  if (journal::is_final(state)) made.ended_at = noon + 5s;
  if (state == State::failed) {
    made.failure = Failure{.category = FailureCategory::statement, .code = "Binder Error", .message = "no such column"};
  }
  if (state == State::canceled)
    made.failure = Failure{.category = FailureCategory::canceled, .message = "words of ours"};
  if (state == State::succeeded) made.result = journal::ResultSummary{.rows = 3, .bytes = 99};
  return made;
}

// The value as text, "NULL" if there is none.
std::string value(const Entry& of, std::string_view column, HistoryRowsOptions options = {}) {
  options.now = noon + 10s;
  return history_value(of, options, *history_column(column)).value_or("NULL");
}

TEST(HistoryRows, every_state_has_snowflakes_word) {
  EXPECT_EQ(value(entry(State::queued), "EXECUTION_STATUS"), "QUEUED");
  EXPECT_EQ(value(entry(State::running), "EXECUTION_STATUS"), "RUNNING");
  EXPECT_EQ(value(entry(State::canceling), "EXECUTION_STATUS"), "RUNNING");
  EXPECT_EQ(value(entry(State::succeeded), "EXECUTION_STATUS"), "SUCCESS");
  EXPECT_EQ(value(entry(State::failed), "EXECUTION_STATUS"), "FAILED_WITH_ERROR");
  EXPECT_EQ(value(entry(State::canceled), "EXECUTION_STATUS"), "FAILED_WITH_ERROR");
}

TEST(HistoryRows, errors_have_codes_and_words) {
  EXPECT_EQ(value(entry(State::succeeded), "ERROR_CODE"), "NULL");
  EXPECT_EQ(value(entry(State::succeeded), "ERROR_MESSAGE"), "NULL");
  EXPECT_EQ(value(entry(State::failed), "ERROR_CODE"), "Binder Error");
  EXPECT_EQ(value(entry(State::failed), "ERROR_MESSAGE"), "no such column");
  const HistoryRowsOptions mapping{.error_code = [](const Failure&) { return std::string("000904"); }};
  EXPECT_EQ(value(entry(State::failed), "ERROR_CODE", mapping), "000904");
  EXPECT_EQ(value(entry(State::canceled), "ERROR_CODE", mapping), "000604");
  EXPECT_EQ(value(entry(State::canceled), "ERROR_MESSAGE"), "SQL execution canceled");
}

TEST(HistoryRows, times_are_of_the_clock_while_a_query_runs) {
  EXPECT_EQ(value(entry(State::succeeded), "TOTAL_ELAPSED_TIME"), "5000");
  EXPECT_EQ(value(entry(State::succeeded), "QUEUED_OVERLOAD_TIME"), "2000");
  EXPECT_EQ(value(entry(State::succeeded), "EXECUTION_TIME"), "3000");
  EXPECT_EQ(value(entry(State::running), "TOTAL_ELAPSED_TIME"), "10000");
  EXPECT_EQ(value(entry(State::running), "EXECUTION_TIME"), "8000");
  EXPECT_EQ(value(entry(State::running), "END_TIME"), "0") << "1970, as in Snowflake";
  EXPECT_EQ(value(entry(State::queued), "EXECUTION_TIME"), "0");
  EXPECT_EQ(value(entry(State::queued), "QUEUED_OVERLOAD_TIME"), "10000");
  EXPECT_EQ(value(entry(State::succeeded), "START_TIME"), std::to_string(noon.time_since_epoch().count()));
}

TEST(HistoryRows, the_type_of_a_query_is_told_by_its_first_words) {
  const auto type = [](std::string text) { return value(entry(State::succeeded, std::move(text)), "QUERY_TYPE"); };
  EXPECT_EQ(type("/* c */ select 1"), "SELECT");
  EXPECT_EQ(type("with a as (select 1) select 2"), "SELECT");
  EXPECT_EQ(type("insert into t select 1"), "INSERT");
  EXPECT_EQ(type("create or replace temporary table t as select 1"), "CREATE_TABLE");
  EXPECT_EQ(type("create view v as select 1"), "CREATE_VIEW");
  EXPECT_EQ(type("drop table t"), "DROP_TABLE");
  EXPECT_EQ(type("alter table t add column b int"), "ALTER_TABLE");
  EXPECT_EQ(type("truncate t"), "TRUNCATE_TABLE");
  EXPECT_EQ(type("frobnicate"), "UNKNOWN");
}

TEST(HistoryRows, what_is_not_known_is_null) {
  for (const auto* column :
       {"DATABASE_NAME", "ROLE_NAME", "SESSION_ID", "CREDITS_USED_CLOUD_SERVICES", "BYTES_SCANNED", "AGENT_TYPE"}) {
    EXPECT_EQ(value(entry(State::succeeded), column), "NULL") << column;
  }
  EXPECT_EQ(value(entry(State::running), "ROWS_PRODUCED"), "NULL");
  EXPECT_EQ(value(entry(State::succeeded), "ROWS_PRODUCED"), "3");
  EXPECT_EQ(value(entry(State::succeeded), "BYTES_WRITTEN_TO_RESULT"), "99");
  EXPECT_EQ(history_column("query_id"), std::nullopt);
}

TEST(HistoryRows, all_columns_of_the_documentation_make_a_valid_batch) {
  std::vector<std::shared_ptr<const Entry>> entries;
  for (const auto state : {State::queued, State::running, State::succeeded, State::failed, State::canceled}) {
    entries.push_back(std::make_shared<const Entry>(entry(state)));
  }
  const auto batch = history_rows(entries, {.now = noon});
  ASSERT_TRUE(batch->ValidateFull().ok()) << batch->ValidateFull().ToString();
  EXPECT_EQ(batch->num_rows(), 5);
  EXPECT_EQ(batch->num_columns(), 62);
  EXPECT_EQ(batch->schema()->field(0)->name(), "QUERY_ID");
  EXPECT_EQ(batch->schema()->field(61)->name(), "AGENT_TYPE");
  EXPECT_TRUE(
      batch->schema()->GetFieldByName("END_TIME")->type()->Equals(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  EXPECT_TRUE(batch->schema()->Equals(history_schema()));
}

TEST(HistoryRows, a_subset_has_the_columns_in_the_order_asked) {
  const std::vector<std::size_t> columns = {*history_column("EXECUTION_STATUS"), *history_column("QUERY_ID")};
  const auto batch = history_rows(std::vector{std::make_shared<const Entry>(entry(State::succeeded))}, {}, columns);
  ASSERT_EQ(batch->num_columns(), 2);
  EXPECT_EQ(batch->column_name(0), "EXECUTION_STATUS");
  EXPECT_EQ((*batch->column(0)->GetScalar(0))->ToString(), "SUCCESS");
  EXPECT_EQ(history_rows({}, {}, columns)->num_rows(), 0);
}

}  // namespace
}  // namespace coatcheck::scan
