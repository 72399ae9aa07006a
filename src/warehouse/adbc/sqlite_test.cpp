#include <arrow/api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "warehouse/adbc/connector.hpp"
#include "warehouse/testing/drain.hpp"

// SQLite's driver: one of those of which Coatcheck can do without what it lacks (cancel, a description, SQLSTATE).
namespace coatcheck::warehouse {
namespace {

class AdbcSqliteTest : public ::testing::Test {
 protected:
  Outcome<Drained> run(Statement statement) { return drain(loop_, **connector_, std::move(statement)); }

  std::int64_t count_of(const Statement& statement) {
    auto drained = run(statement);
    EXPECT_TRUE(drained) << drained.error().message;
    if (!drained || drained->batches.empty()) return -1;
    EXPECT_EQ(drained->schema->field(0)->name(), "Count");
    return static_cast<const arrow::Int64Array&>(*drained->batches.front()->column(0)).Value(0);
  }

  async::Loop loop_;
  Result<std::unique_ptr<Connector>> connector_ = open_adbc({.driver = COATCHECK_ADBC_SQLITE}, loop_);
};

TEST_F(AdbcSqliteTest, every_storage_class_and_null_come_as_what_they_are) {
  auto drained = run({.text = "SELECT 9223372036854775807, 1.5, 'x', x'00ff', NULL"});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->schema->field(0)->type()->id(), arrow::Type::INT64);
  EXPECT_EQ(drained->schema->field(1)->type()->id(), arrow::Type::DOUBLE);
  EXPECT_EQ(drained->schema->field(2)->type()->id(), arrow::Type::STRING);
  EXPECT_EQ(drained->schema->field(3)->type()->id(), arrow::Type::BINARY);
  EXPECT_EQ(drained->batches.front()->column(4)->null_count(), 1);
}

TEST_F(AdbcSqliteTest, writes_yield_how_many_rows_they_changed) {
  auto made = run({.text = "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->schema->num_fields(), 0);
  EXPECT_EQ(count_of({.text = "INSERT INTO t VALUES (1, 'x'), (2, 'y')"}), 2);
  EXPECT_EQ(count_of({.text = "UPDATE t SET b = 'z' WHERE a > 99"}), 0);
  EXPECT_EQ(count_of({.text = "UPDATE t SET b = ?", .parameters = {{.value = std::string("q")}}}), 2);
  auto returned = run({.text = "DELETE FROM t RETURNING a"});
  ASSERT_TRUE(returned) << returned.error().message;
  EXPECT_EQ(returned->batches.front()->num_rows(), 2);
}

TEST_F(AdbcSqliteTest, nothing_of_one_statement_is_left_for_the_next) {
  ASSERT_TRUE(run({.text = "CREATE TEMP TABLE mine (a)"}));
  ASSERT_TRUE(run({.text = "BEGIN"}));
  EXPECT_FALSE(run({.text = "SELECT * FROM mine"}));
  EXPECT_FALSE(run({.text = "COMMIT"}));
}

TEST_F(AdbcSqliteTest, a_second_statement_is_refused_and_not_passed_over) {
  auto drained = run({.text = "SELECT 1; SELECT 2"});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().category, FailureCategory::statement);
  EXPECT_TRUE(run({.text = "SELECT ';' ; "}));
  EXPECT_FALSE(run({.text = "CREATE TABLE t (a); INSERT INTO t VALUES (1)"}));
  EXPECT_FALSE(run({.text = std::string("SELECT 1\0, 2", 12)}));
}

TEST_F(AdbcSqliteTest, a_trigger_may_have_several_statements) {
  const Statement trigger{.text = "CREATE TEMP TRIGGER u AFTER INSERT ON t BEGIN DELETE FROM t; SELECT 1; END"};
  EXPECT_EQ(run(trigger).error().sqlstate, "42P01");  // Of the table: SQLite has read the trigger to its end.
}

TEST_F(AdbcSqliteTest, mistakes_have_a_standard_state_where_sqlites_words_tell_it) {
  EXPECT_EQ(run({.text = "SELEC 1"}).error().sqlstate, "42601");
  auto missing = run({.text = "SELECT * FROM nope"});
  EXPECT_EQ(missing.error().sqlstate, "42P01");
  EXPECT_EQ(missing.error().message, "Failed to prepare query: no such table: nope");
  EXPECT_EQ(run({.text = "SELECT ? + 1"}).error().category, FailureCategory::statement);
  // A name that the statement gives says nothing of what went wrong.
  EXPECT_EQ(run({.text = "SELECT interrupted"}).error().sqlstate, "42703");
  EXPECT_EQ(run({.text = "SELECT interrupted()"}).error().category, FailureCategory::statement);
  EXPECT_EQ(run({.text = "SELECT * FROM \"database is locked\""}).error().sqlstate, "42P01");
}

TEST_F(AdbcSqliteTest, a_warehouse_that_only_reads_says_so_of_every_statement_and_refuses_writes) {
  auto reading = open_adbc({.driver = COATCHECK_ADBC_SQLITE, .only_reads = true}, loop_);
  ASSERT_TRUE(reading);
  auto read = drain(loop_, **reading, {.text = "SELECT 1"});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->kind, StatementKind::read);
  auto written = drain(loop_, **reading, {.text = "CREATE TABLE t (a)"});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().category, FailureCategory::permission);
}

TEST_F(AdbcSqliteTest, a_database_that_is_not_there_makes_statements_fail_and_not_the_start) {
  auto nowhere =
      open_adbc({.driver = COATCHECK_ADBC_SQLITE, .database_options = {{"uri", "file:/no/such/folder/x.db"}}}, loop_);
  ASSERT_TRUE(nowhere);
  auto drained = drain(loop_, **nowhere, {.text = "SELECT 1"});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().category, FailureCategory::unavailable);
  EXPECT_TRUE(drained.error().retryable);
}

TEST_F(AdbcSqliteTest, a_database_that_somebody_else_writes_to_is_busy_for_a_while) {
  const auto file = std::filesystem::temp_directory_path() / ("coatcheck-locked-" + std::to_string(::getpid()) + ".db");
  auto shared =
      open_adbc({.driver = COATCHECK_ADBC_SQLITE, .database_options = {{"uri", "file:" + file.string()}}}, loop_);
  auto writing = run_task(loop_, (*shared)->prepare({.query = {}, .statement = {.text = "BEGIN EXCLUSIVE"}}));
  ASSERT_TRUE(writing) << writing.error().message;
  auto cursor = run_task(loop_, (*writing)->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  auto drained = drain(loop_, **shared, {.text = "CREATE TABLE t (a)"});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().category, FailureCategory::resources) << drained.error().message;
  EXPECT_TRUE(drained.error().retryable);
  EXPECT_EQ(drained.error().sqlstate, "55P03");
  std::filesystem::remove(file);
}

TEST_F(AdbcSqliteTest, what_cannot_be_loaded_is_refused_at_the_start) {
  auto opened = open_adbc({.driver = "/no/such/driver.so", .database_options = {{"password", "hush"}}}, loop_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::invalid_argument);
  EXPECT_EQ(opened.error().field, "driver");
  EXPECT_NE(opened.error().message.find("/no/such/driver.so"), std::string::npos);
  EXPECT_FALSE(open_adbc({.driver = COATCHECK_ADBC_SQLITE, .running_max = 0}, loop_));
}

TEST_F(AdbcSqliteTest, long_batches_are_cut) {
  auto small = open_adbc({.driver = COATCHECK_ADBC_SQLITE, .batch_rows = 100}, loop_);
  auto drained =
      drain(loop_, **small,
            {.text = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 1050) SELECT * FROM r"});
  ASSERT_TRUE(drained) << drained.error().message;
  std::int64_t rows = 0;
  for (const auto& batch : drained->batches) {
    EXPECT_LE(batch->num_rows(), 100);
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 1050);
}

TEST_F(AdbcSqliteTest, more_statements_than_seats_wait_for_one) {
  auto one = open_adbc({.driver = COATCHECK_ADBC_SQLITE, .running_max = 1}, loop_);
  auto first = run_task(loop_, (*one)->prepare({.query = {}, .statement = {.text = "SELECT 1"}}));
  ASSERT_TRUE(first);
  std::optional<bool> second;
  async::asio::co_spawn(loop_, (*one)->prepare({.query = {}, .statement = {.text = "SELECT 2"}}),
                        [&](std::exception_ptr, auto prepared) { second = static_cast<bool>(prepared); });
  loop_.restart();
  while (loop_.poll() > 0) {
  }
  EXPECT_FALSE(second);
  first->reset();
  while (!second && loop_.run_one() > 0) {
  }
  EXPECT_EQ(second, true);
}

TEST_F(AdbcSqliteTest, statements_that_wait_for_a_seat_get_it_in_their_order) {
  auto one = open_adbc({.driver = COATCHECK_ADBC_SQLITE, .running_max = 1}, loop_);
  auto first = run_task(loop_, (*one)->prepare({.query = {}, .statement = {.text = "SELECT 1"}}));
  ASSERT_TRUE(first);
  using Prepared = Outcome<std::unique_ptr<Execution>>;
  std::array<Prepared, 3> waiting;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    async::asio::co_spawn(loop_, (*one)->prepare({.query = {}, .statement = {.text = "SELECT 2"}}),
                          [&, i](std::exception_ptr, Prepared prepared) {
                            waiting[i] = std::move(prepared);
                            order.push_back(i);
                          });
  }
  loop_.restart();
  int handled = 0;
  while (handled < 1000 && loop_.poll_one() > 0) ++handled;
  EXPECT_LT(handled, 1000);  // Who waits does nothing.
  EXPECT_TRUE(order.empty());
  first->reset();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    while (order.size() == i && loop_.run_one() > 0) {
    }
    ASSERT_EQ(order.size(), i + 1);
    EXPECT_EQ(order.back(), i);
    waiting[i] = Prepared();
  }
}

TEST_F(AdbcSqliteTest, the_time_of_a_statement_that_waits_for_a_seat_is_limited) {
  auto one = open_adbc({.driver = COATCHECK_ADBC_SQLITE, .running_max = 1}, loop_);
  auto first = run_task(loop_, (*one)->prepare({.query = {}, .statement = {.text = "SELECT 1"}}));
  ASSERT_TRUE(first);
  auto second = run_task(
      loop_,
      (*one)->prepare({.query = {}, .statement = {.text = "SELECT 2"}, .timeout = std::chrono::milliseconds(10)}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().category, FailureCategory::timeout);
  first->reset();
  EXPECT_TRUE(run_task(loop_, (*one)->prepare({.query = {}, .statement = {.text = "SELECT 3"}})));
}

}  // namespace
}  // namespace coatcheck::warehouse
