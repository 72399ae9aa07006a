#include "scan/connector.hpp"

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/testing/started.hpp"
#include "query/testing/test_clock.hpp"
#include "scan/testing/scripted_stored.hpp"
#include "warehouse/testing/drain.hpp"

// Statements over scripted results and a scripted history.
namespace coatcheck::scan {
namespace {

using query::testing::Started;
using testing::MemoryReader;
using testing::ScriptedStored;
using warehouse::Drained;
using warehouse::Outcome;

using namespace std::chrono_literals;

QueryId numbered(int n) { return *QueryId::parse(fmt::format("01932f5e-0000-7000-8000-{:012}", n)); }

// Numbers from 0, in a column "n" and as text in a column "Name", in batches of `batch_rows`.
Stored::Reader numbers(std::int64_t rows, std::int64_t batch_rows = 131'072) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64()), arrow::field("Name", arrow::utf8())});
  std::vector<rows::Batch> batches;
  for (std::int64_t at = 0; at < rows;) {
    arrow::Int64Builder values;
    arrow::StringBuilder names;
    const auto end = std::min(rows, at + batch_rows);
    const auto count = end - at;
    for (; at < end; ++at) {
      EXPECT_TRUE(values.Append(at).ok() && names.Append("number " + std::to_string(at)).ok());
    }
    batches.push_back(arrow::RecordBatch::Make(schema, count, {*values.Finish(), *names.Finish()}));
  }
  return std::make_shared<MemoryReader>(schema, std::move(batches));
}

class ConnectorTest : public ::testing::Test {
 protected:
  ConnectorTest() {
    stored_.results[a_] = {.principal = "alice", .reader = numbers(5)};
    stored_.results[b_] = {.principal = "bob", .reader = numbers(7)};
    stored_.results[running_] = {.principal = "alice"};
    for (int n = 1; n <= 3; ++n) {
      journal::Entry entry;
      entry.id = numbered(100 + n);
      entry.submission.principal = n == 3 ? "bob" : "alice";
      entry.submission.statement.text = "select " + std::to_string(n);
      entry.state = n == 1 ? journal::State::succeeded : journal::State::running;
      entry.submitted_at = clock_.now();
      if (n == 1) entry.ended_at = clock_.now();
      stored_.entries.push_back(std::make_shared<const journal::Entry>(std::move(entry)));
    }
    connector_ = open({});
  }

  std::unique_ptr<warehouse::Connector> open(Options options) {
    auto opened = open_connector(std::move(options), loop_, stored_, clock_);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  std::unique_ptr<warehouse::Execution> prepared(Statement statement, std::string principal = "alice") {
    warehouse::Request request{
        .query = own_, .statement = std::move(statement), .principal = std::move(principal), .session = 9};
    return *warehouse::run_task(loop_, connector_->prepare(std::move(request)));
  }

  Outcome<Drained> run(Statement statement, std::string principal = "alice") {
    const auto execution = prepared(std::move(statement), std::move(principal));
    auto cursor = warehouse::run_task(loop_, execution->run());
    if (!cursor) return std::move(cursor).error();
    Drained drained{.kind = execution->kind(), .schema = (*cursor)->schema(), .batches = {}};
    for (;;) {
      auto batch = warehouse::run_task(loop_, (*cursor)->next());
      if (!batch) return std::move(batch).error();
      if (!*batch) return drained;
      drained.batches.push_back(std::move(**batch));
    }
  }

  // All values, row by row, or the failure's code and message.
  std::string values(Statement statement, std::string principal = "alice") {
    const auto drained = run(std::move(statement), std::move(principal));
    if (!drained) return drained.error().code + ": " + drained.error().message;
    std::string text;
    for (const auto& batch : drained->batches) {
      for (std::int64_t row = 0; row != batch->num_rows(); ++row) {
        if (!text.empty()) text += "; ";
        for (int column = 0; column != batch->num_columns(); ++column) {
          text += (column == 0 ? "" : " ") + (*batch->column(column)->GetScalar(row))->ToString();
        }
      }
    }
    return text;
  }
  std::string values(const std::string& text) { return values(Statement{.text = text, .parameters = {}}); }

  Failure failure(const std::string& text, std::string principal = "alice") {
    const auto drained = run({.text = text, .parameters = {}}, std::move(principal));
    EXPECT_FALSE(drained) << text;
    return drained ? Failure{} : drained.error();
  }

  std::string scan(QueryId id) const { return "table(result_scan('" + id.to_string() + "'))"; }

  async::Loop loop_;
  query::testing::TestClock clock_;
  ScriptedStored stored_;
  std::unique_ptr<warehouse::Connector> connector_;
  QueryId own_ = numbered(1);
  QueryId a_ = numbered(2);
  QueryId b_ = numbered(3);
  QueryId running_ = numbered(4);
};

TEST_F(ConnectorTest, a_result_is_a_table) {
  EXPECT_EQ(values("select n from " + scan(a_) + " where n > 2 order by n desc"), "4; 3");
  EXPECT_EQ(values("select count(*), sum(n)::bigint, max(\"Name\") from " + scan(a_)), "5 10 number 4");
  EXPECT_EQ(values("with r as (select * from " + scan(a_) + " limit 2) select r.n + 1 from r"), "1; 2");
  EXPECT_EQ(values("select (select max(n) from " + scan(a_) + ") + 1"), "5");
  EXPECT_EQ(values("from result_scan('" + a_.to_string() + "') select n limit 1"), "0");
}

TEST_F(ConnectorTest, results_can_be_joined_to_each_other_and_themselves) {
  stored_.results[b_].principal = "alice";
  EXPECT_EQ(values("select count(*) from " + scan(a_) + " x join " + scan(a_) + " y on x.n = y.n"), "5");
  EXPECT_EQ(values("select count(*) from " + scan(a_) + ", " + scan(b_)), "35") << "without aliases";
  EXPECT_EQ(values("select count(*) from " + scan(a_) + " join " + scan(b_) + " using (n)"), "5");
  EXPECT_EQ(values("select count(*) from " + scan(a_) + " x where n in (select n from " + scan(b_) + ")"), "5");
}

TEST_F(ConnectorTest, columns_keep_the_names_that_they_have) {
  const auto drained = run({.text = "select * from " + scan(a_), .parameters = {}});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->schema->field_names(), (std::vector<std::string>{"n", "Name"}));
  const auto history = run({.text = "select query_id, execution_status as status from "
                                    "table(information_schema.query_history())",
                            .parameters = {}});
  ASSERT_TRUE(history) << history.error().message;
  EXPECT_EQ(history->schema->field_names(), (std::vector<std::string>{"QUERY_ID", "status"}));
}

TEST_F(ConnectorTest, columns_of_one_name_get_numbers) {
  const auto schema = arrow::schema(
      {arrow::field("a", arrow::int64()), arrow::field("a", arrow::int64()), arrow::field("A", arrow::int64())});
  const auto column = *arrow::MakeArrayFromScalar(arrow::Int64Scalar(1), 1);
  stored_.results[a_].reader = std::make_shared<MemoryReader>(
      schema, std::vector<rows::Batch>{arrow::RecordBatch::Make(schema, 1, {column, column, column})});
  const auto drained = run({.text = "select * from " + scan(a_), .parameters = {}});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->schema->num_fields(), 3);
  EXPECT_EQ(drained->schema->field(1)->name(), "a_1");
  EXPECT_EQ(values("select a_1 from " + scan(a_)), "1");
}

TEST_F(ConnectorTest, more_rows_than_a_chunk_of_a_result_keep_their_order) {
  stored_.results[a_].reader = numbers(300'001);
  const auto drained = run({.text = "select n from " + scan(a_), .parameters = {}});
  ASSERT_TRUE(drained) << drained.error().message;
  std::int64_t expected = 0;
  for (const auto& batch : drained->batches) {
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (std::int64_t i = 0; i != column.length(); ++i) ASSERT_EQ(column.Value(i), expected++);
  }
  EXPECT_EQ(expected, 300'001);
}

TEST_F(ConnectorTest, a_result_without_rows_has_its_columns) {
  stored_.results[a_].reader = numbers(0);
  EXPECT_EQ(values("select count(*), max(n) from " + scan(a_)), "0 null");
}

TEST_F(ConnectorTest, a_result_without_columns_is_no_table) {
  stored_.results[a_].reader = std::make_shared<MemoryReader>(arrow::schema({}), std::vector<rows::Batch>{});
  EXPECT_EQ(failure("select * from " + scan(a_)).category, FailureCategory::statement);
}

TEST_F(ConnectorTest, the_history_is_a_table_with_snowflakes_columns) {
  EXPECT_EQ(values("select query_text, execution_status, end_time from table(information_schema.query_history()) "
                   "where execution_status = 'RUNNING'"),
            "select 2 RUNNING 1970-01-01 00:00:00.000000Z");
  EXPECT_EQ(values("select count(*) from table(information_schema.query_history()) where start_time > "
                   "current_timestamp - interval 1 hour and end_time < now()")
                .find("Error"),
            std::string::npos);
  EXPECT_EQ(values("select h.query_text from table(information_schema.query_history()) h join " + scan(a_) +
                   " r on h.query_text = 'select ' || r.n order by 1"),
            "select 1; select 2");
}

TEST_F(ConnectorTest, the_history_is_asked_for_what_the_statement_can_use) {
  values("select * from table(information_schema.query_history(result_limit => 7)) where query_id = 'x'");
  values("select * from table(information_schema.query_history_by_session())");
  values("select * from table(information_schema.query_history_by_user())");
  ASSERT_EQ(stored_.asked.size(), 3U);
  EXPECT_EQ(stored_.asked[0].ids, std::vector<std::string>{"x"});
  EXPECT_EQ(stored_.asked[0].limit, 7);
  EXPECT_EQ(stored_.asked[1].session, 9U);
  EXPECT_EQ(stored_.asked[2].user, "alice");
}

TEST_F(ConnectorTest, parameters_reach_the_scan_and_the_engine) {
  const Parameter id{.value = a_.to_string()};
  const auto number = [](std::int64_t n) { return Parameter{.value = n}; };
  EXPECT_EQ(values({.text = "select n from table(result_scan(?)) where n = ?", .parameters = {id, number(3)}}), "3");
  EXPECT_EQ(values({.text = "select n + ? from table(result_scan(?)) where n = ?",
                    .parameters = {number(100), id, number(3)}}),
            "103");
  EXPECT_EQ(values({.text = "select n, $3 from table(result_scan($1)) where n = $2",
                    .parameters = {id, number(2), number(8)}}),
            "2 8");
  EXPECT_EQ(values({.text = "select $1, n from table(result_scan($1)) limit 1", .parameters = {id}}),
            a_.to_string() + " 0")
      << "used twice";
  EXPECT_EQ(values({.text = "select n from table(result_scan($id)) where n = $n",
                    .parameters = {{.name = "id", .value = a_.to_string()}, {.name = "n", .value = std::int64_t{1}}}}),
            "1");
}

TEST_F(ConnectorTest, rows_of_parameters_are_refused) {
  const std::vector<Parameter> ids(2, {.value = a_.to_string()});
  warehouse::Request request{
      .query = own_,
      .statement = {.text = "select n from table(result_scan(?))", .parameters = {}, .parameter_rows = {1, ids}},
      .principal = "alice"};
  const auto refused = warehouse::run_task(loop_, connector_->prepare(std::move(request)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().category, FailureCategory::statement);
  EXPECT_EQ(refused.error().sqlstate, "0A000");
}

TEST_F(ConnectorTest, what_is_not_there_or_not_the_askers_is_000709) {
  for (const std::string& text : std::vector<std::string>{
           "select * from " + scan(numbered(99)), "select * from " + scan(b_),
           std::string("select * from table(result_scan('garbage; drop table x'))"),
           std::string("select * from table(result_scan(''))"), std::string("select * from table(result_scan(-1))"),
           std::string("select * from table(result_scan(last_query_id()))"),
           "select last_query_id() from " + scan(a_)}) {
    const auto told = failure(text);
    EXPECT_EQ(told.code, "000709") << text << ": " << told.message;
    EXPECT_EQ(told.sqlstate, "02000");
  }
  EXPECT_EQ(failure("select * from " + scan(b_)).message, "Statement " + b_.to_string() + " not found");
  EXPECT_EQ(values({.text = "select count(*) from " + scan(b_), .parameters = {}}, "bob"), "7");
}

TEST_F(ConnectorTest, everybody_sees_their_own_history) {
  const std::string text = "select query_text from table(information_schema.query_history()) order by 1";
  EXPECT_EQ(values(text), "select 1; select 2");
  EXPECT_EQ(values({.text = text, .parameters = {}}, "bob"), "select 3");
  EXPECT_EQ(values({.text = text, .parameters = {}}, ""), "");
}

TEST_F(ConnectorTest, a_wrong_argument_of_the_history_is_told) {
  EXPECT_EQ(failure("select * from table(information_schema.query_history(result_limit => 10001))").code, "001044");
}

TEST_F(ConnectorTest, a_statement_waits_for_a_running_query_only_so_long) {
  connector_ = open({.wait_max = 1ms});
  const auto told = failure("select * from " + scan(running_));
  EXPECT_TRUE(told.retryable);
  EXPECT_NE(told.message.find("still running"), std::string::npos) << told.message;
  EXPECT_EQ(stored_.waited, 1);
}

TEST_F(ConnectorTest, a_statement_that_scans_itself_fails_at_once) {
  stored_.results[own_] = {.principal = "alice"};
  EXPECT_NE(failure("select * from " + scan(own_)).message.find("still running"), std::string::npos);
  EXPECT_EQ(stored_.waiting, 0);
}

TEST_F(ConnectorTest, cancel_ends_the_wait) {
  const auto execution = prepared({.text = "select * from " + scan(running_), .parameters = {}});
  Started<Outcome<std::unique_ptr<warehouse::Cursor>>> running(loop_, execution->run());
  loop_.restart();
  while (stored_.waiting == 0) loop_.run_one();
  execution->cancel();
  const auto cursor = running.get();
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::canceled);
}

TEST_F(ConnectorTest, an_execution_that_was_canceled_before_it_ran_does_not_run) {
  const auto execution = prepared({.text = "select * from " + scan(a_), .parameters = {}});
  execution->cancel();
  const auto cursor = warehouse::run_task(loop_, execution->run());
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().category, FailureCategory::canceled);
}

TEST_F(ConnectorTest, nothing_can_be_written) {
  for (const std::string& text : std::vector<std::string>{
           "create table t as select * from " + scan(a_), "create table t (n int)", "create temp table t as select 1",
           "create view v as select * from " + scan(a_), "create macro m() as 1",
           "insert into t select * from " + scan(a_), "create sequence s", "select nextval('s') from " + scan(a_),
           "drop table t", "set threads = 1", "copy (select * from " + scan(a_) + ") to '/tmp/x'", "attach 'x'",
           "explain analyze create table t as select 1"}) {
    const auto told = failure(text);
    const bool refused = told.category == FailureCategory::permission || told.message.find("does not exist") < 1000;
    EXPECT_TRUE(refused) << text << ": " << told.message;
  }
  EXPECT_EQ(values("select count(*) from duckdb_tables() where not internal"), "0");
}

TEST_F(ConnectorTest, a_forged_call_reaches_nothing) {
  const auto execution = prepared({.text = "select * from " + scan(b_), .parameters = {}}, "bob");
  auto cursor = warehouse::run_task(loop_, execution->run());
  ASSERT_TRUE(cursor);
  for (const auto* text :
       {"select * from coatcheck_rows('0123456789abcdef0123456789abcdef')", "select * from coatcheck_rows('')",
        "select * from coatcheck_rows(null)", "select * from arrow_scan(1, 2, 3)",
        "select * from arrow_scan_dumb(1::pointer, 2::pointer, 3::pointer)", "select * from query('select 1')",
        "select * from duckdb_logs()", "select * from duckdb_settings()"}) {
    EXPECT_EQ(failure(text).category, FailureCategory::permission) << text;
  }
  EXPECT_EQ(failure("select * from " + scan(a_) + ", coatcheck_rows('x')").category, FailureCategory::permission);
}

TEST_F(ConnectorTest, an_error_points_into_the_statement_as_it_was_written) {
  const std::string text = "select n from " + scan(a_) + " where no_such_column = 1";
  const auto told = failure(text);
  EXPECT_EQ(told.position, text.find("no_such_column")) << told.message;
  const auto before = failure("select no_such_column from " + scan(a_));
  EXPECT_EQ(before.position, 7U);
}

TEST_F(ConnectorTest, every_statement_is_told_to_be_a_read) {
  const auto execution = prepared({.text = "select 1", .parameters = {}});
  EXPECT_EQ(execution->kind(), StatementKind::read);
  EXPECT_EQ(values("select 1"), "1") << "nothing of ours, and it runs";
}

}  // namespace
}  // namespace coatcheck::scan
