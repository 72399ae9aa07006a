#include <arrow/api.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/connector.hpp"
#include "warehouse/testing/run_task.hpp"

// Rows from elsewhere in a statement, and who may read them.
namespace coatcheck::warehouse {
namespace {

// Batches of whole numbers n = 0, 1, 2, … and texts, in columns "N" and "text".
class Numbers final : public InputRows {
 public:
  Numbers(rows::Schema schema, std::int64_t rows, std::int64_t batch_rows)
      : schema_(std::move(schema)), rows_(rows), batch_rows_(batch_rows) {}

  Outcome<std::optional<rows::Batch>> next() override {
    if (at_ == rows_) return std::optional<rows::Batch>();
    arrow::Int64Builder numbers;
    arrow::StringBuilder texts;
    const auto end = std::min(rows_, at_ + batch_rows_);
    const auto count = end - at_;
    for (; at_ < end; ++at_) {
      EXPECT_TRUE(numbers.Append(at_).ok());
      EXPECT_TRUE((at_ % 3 == 0 ? texts.AppendNull() : texts.Append("text " + std::to_string(at_))).ok());
    }
    return std::optional(arrow::RecordBatch::Make(schema_, count, {*numbers.Finish(), *texts.Finish()}));
  }

 private:
  rows::Schema schema_;
  std::int64_t rows_;
  std::int64_t batch_rows_;
  std::int64_t at_ = 0;
};

class Failing final : public InputRows {
 public:
  Outcome<std::optional<rows::Batch>> next() override {
    return Failure{.category = FailureCategory::internal, .message = "The result is damaged."};
  }
};

class InputsTest : public ::testing::Test {
 protected:
  InputsTest() {
    connector_ = *open_duckdb({.inputs = true}, loop_);
    without_ = *open_duckdb({}, loop_);
  }

  Input numbers(std::string name, std::int64_t rows, std::int64_t batch_rows = 1000) {
    const auto schema = arrow::schema({arrow::field("N", arrow::int64()), arrow::field("text", arrow::utf8())});
    return {.name = std::move(name), .schema = schema, .rows = rows, .open = [this, schema, rows, batch_rows] {
              ++opened_;
              return std::make_unique<Numbers>(schema, rows, batch_rows);
            }};
  }

  std::unique_ptr<Execution> prepared(std::string text, std::vector<Input> inputs) {
    Request request{.query = {}, .statement = {.text = std::move(text)}, .inputs = std::move(inputs)};
    auto execution = run_task(loop_, connector_->prepare(std::move(request)));
    EXPECT_TRUE(execution) << execution.error().message;
    return *std::move(execution);
  }

  Outcome<rows::Batch> first(Connector& connector, std::string text, std::vector<Input> inputs) {
    Request request{.query = {}, .statement = {.text = std::move(text)}, .inputs = std::move(inputs)};
    auto execution = run_task(loop_, connector.prepare(std::move(request)));
    if (!execution) return std::move(execution).error();
    auto cursor = run_task(loop_, (*execution)->run());
    if (!cursor) return std::move(cursor).error();
    auto batch = run_task(loop_, (*cursor)->next());
    if (!batch) return std::move(batch).error();
    ended_.push_back(*std::move(execution));
    return **batch;
  }
  Outcome<rows::Batch> first(std::string text, std::vector<Input> inputs) {
    return first(*connector_, std::move(text), std::move(inputs));
  }

  // The values of the first row as text.
  std::string row(std::string text, std::vector<Input> inputs) {
    auto batch = first(std::move(text), std::move(inputs));
    if (!batch) return batch.error().message;
    std::string values;
    for (const auto& column : (*batch)->columns()) {
      values += (values.empty() ? "" : " ") + (*column->GetScalar(0))->ToString();
    }
    return values;
  }

  async::Loop loop_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Connector> without_;
  std::atomic<int> opened_ = 0;
  // Ended after the batches that came of them: what both share, Arrow takes down unseen by the thread sanitizer.
  std::vector<std::unique_ptr<Execution>> ended_;
};

TEST_F(InputsTest, an_input_is_read_like_a_table) {
  EXPECT_EQ(
      row("SELECT count(*), sum(n)::BIGINT, count(text), max(text) FROM coatcheck_rows('a')", {numbers("a", 5000)}),
      "5000 12497500 3333 text 998");
  EXPECT_EQ(row("SELECT count(*) FROM coatcheck_rows('a')", {numbers("a", 5000)}), "5000") << "no column at all";
  EXPECT_EQ(row("SELECT text, n FROM coatcheck_rows('a') WHERE n = 4000", {numbers("a", 5000)}), "text 4000 4000");
  EXPECT_EQ(row("SELECT count(*) FROM coatcheck_rows('a')", {numbers("a", 0)}), "0");
  EXPECT_EQ(row("SELECT n FROM coatcheck_rows('a') ORDER BY n DESC LIMIT 1", {numbers("a", 300'000, 131'072)}),
            "299999");
}

TEST_F(InputsTest, rows_keep_their_order_and_columns_their_names) {
  const auto batch =
      first("SELECT n, \"TEXT\" FROM coatcheck_rows('a') AS x LIMIT 1000", {numbers("a", 300'000, 131'072)});
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ((*batch)->column_name(0), "N");
  EXPECT_EQ((*batch)->column_name(1), "text");
  const auto& numbers = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
  for (std::int64_t i = 0; i != numbers.length(); ++i) ASSERT_EQ(numbers.Value(i), i);
}

TEST_F(InputsTest, every_scan_of_an_input_begins_at_its_first_row) {
  EXPECT_EQ(
      row("SELECT count(*) FROM coatcheck_rows('a') x JOIN coatcheck_rows('a') y ON x.n = y.n", {numbers("a", 5000)}),
      "5000");
  EXPECT_EQ(opened_, 2);
  EXPECT_EQ(row("SELECT count(*) FROM coatcheck_rows('a') x JOIN coatcheck_rows('b') y USING (n)",
                {numbers("a", 5000), numbers("b", 17)}),
            "17");
}

TEST_F(InputsTest, a_statement_sees_its_own_inputs_only) {
  const auto holder = prepared("SELECT * FROM coatcheck_rows('secret')", {numbers("secret", 10)});
  for (const auto* text : {"SELECT * FROM coatcheck_rows('secret')", "SELECT * FROM coatcheck_rows('')",
                           "SELECT * FROM coatcheck_rows(NULL)", "SELECT * FROM main.coatcheck_rows('secret')",
                           "SELECT * FROM system.main.coatcheck_rows('a' || 'b')"}) {
    const auto batch = first(text, {numbers("mine", 10)});
    ASSERT_FALSE(batch) << text;
    EXPECT_EQ(batch.error().category, FailureCategory::permission) << text << ": " << batch.error().message;
  }
}

TEST_F(InputsTest, addresses_cannot_be_given_by_sql) {
  for (const auto* text :
       {"SELECT * FROM arrow_scan(1::POINTER, 2::POINTER, 3::POINTER)", "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM arrow_scan_dumb(1, 2, 3)", "SELECT * FROM coatcheck_rows(1::POINTER)",
        "SELECT * FROM coatcheck_rows(1)", "SELECT * FROM coatcheck_rows('a', 'b')"}) {
    EXPECT_FALSE(first(text, {numbers("a", 10)})) << text;
  }
}

TEST_F(InputsTest, a_warehouse_that_takes_no_inputs_has_no_such_function) {
  const auto batch = first(*without_, "SELECT * FROM coatcheck_rows('a')", {numbers("a", 10)});
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, "Catalog Error");
}

TEST_F(InputsTest, an_input_that_fails_fails_the_statement_in_its_words) {
  const auto schema = arrow::schema({arrow::field("N", arrow::int64())});
  Input failing{.name = "a", .schema = schema, .open = [] { return std::make_unique<Failing>(); }};
  const auto batch = first("SELECT sum(n) FROM coatcheck_rows('a')", {failing});
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().message, "The result is damaged.");
}

TEST_F(InputsTest, dual_is_there_unless_the_database_has_its_own) {
  EXPECT_EQ(row("SELECT * FROM dual", {}), "X");
  EXPECT_EQ(row("SELECT dummy FROM DUAL", {}), "X");
  EXPECT_EQ(first("SELECT * FROM dual", {}).operator*()->column_name(0), "DUMMY");
  for (const auto* text : {"SELECT count(*) FROM information_schema.tables WHERE table_name = 'dual'",
                           "SELECT count(*) FROM (SHOW ALL TABLES) WHERE name = 'dual'",
                           "SELECT count(*) FROM (SHOW TABLES) WHERE name = 'dual'"}) {
    EXPECT_EQ(row(text, {}), "0") << text;
  }
  auto own = open_duckdb({.tables = {{"dual", "SELECT 42 AS mine"}}}, loop_);
  ASSERT_TRUE(own) << own.error().message;
  {
    const auto batch = first(**own, "SELECT * FROM dual", {});
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ((*batch)->column_name(0), "mine");
  }
  ended_.clear();
}

TEST_F(InputsTest, clients_may_make_a_table_that_is_called_dual) {
  const auto made =
      run_task(loop_, without_->prepare({.query = {}, .statement = {.text = "CREATE TABLE dual AS SELECT 7 AS n"}}));
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(run_task(loop_, (*made)->run()));
  const auto batch = first(*without_, "SELECT * FROM dual", {});
  ASSERT_TRUE(batch);
  EXPECT_EQ((*batch)->column_name(0), "n");
  const auto dropped =
      run_task(loop_, without_->prepare({.query = {}, .statement = {.text = "DROP VIEW system.main.dual"}}));
  if (dropped) {
    EXPECT_FALSE(run_task(loop_, (*dropped)->run()));
  }
}

}  // namespace
}  // namespace coatcheck::warehouse
