#include "api/snowflake/statement_outcome.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake {
namespace {

std::shared_ptr<arrow::Array> whole(std::int64_t value) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  return *builder.Finish();
}

// As the connector for Snowflake has a number of more than 18 digits.
std::shared_ptr<arrow::Array> decimal(std::int64_t value, int scale = 0) {
  arrow::Decimal128Builder builder(arrow::decimal128(19, scale));
  EXPECT_TRUE(builder.Append(arrow::Decimal128(value)).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::Array> text(const std::string& value) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.Append(value).ok());
  return *builder.Finish();
}

struct Named {
  std::string name;
  std::shared_ptr<arrow::Array> values;
};

std::shared_ptr<arrow::RecordBatch> row(const std::vector<Named>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const Named& each : columns) {
    fields.push_back(arrow::field(each.name, each.values->type()));
    arrays.push_back(each.values);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 1, arrays);
}

using Counts = std::vector<RowCount>;

TEST(RowCounts, a_count_is_the_first_of_snowflakes_columns) {
  const auto count = row({{"Count", whole(7)}});
  EXPECT_EQ(row_counts(StatementType::insert, *count), (Counts{{"number of rows inserted", 7}}));
  EXPECT_EQ(row_counts(StatementType::update, *count),
            (Counts{{"number of rows updated", 7}, {"number of multi-joined rows updated", 0}}));
  EXPECT_EQ(row_counts(StatementType::remove, *count), (Counts{{"number of rows deleted", 7}}));
  EXPECT_EQ(row_counts(StatementType::merge, *count),
            (Counts{{"number of rows inserted", 7}, {"number of rows updated", 0}}));
}

TEST(RowCounts, snowflakes_own_stay_as_they_are) {
  const auto merged = row({{"number of rows inserted", decimal(2)}, {"number of rows deleted", whole(3)}});
  EXPECT_EQ(row_counts(StatementType::merge, *merged),
            (Counts{{"number of rows inserted", 2}, {"number of rows deleted", 3}}));
}

TEST(RowCounts, other_rows_are_none) {
  EXPECT_FALSE(row_counts(StatementType::select, *row({{"Count", whole(7)}})));
  EXPECT_FALSE(row_counts(StatementType::insert, *row({{"n", whole(7)}})));
  EXPECT_FALSE(row_counts(StatementType::insert, *row({{"number of rows inserted", text("7")}})));
  EXPECT_FALSE(row_counts(StatementType::insert, *row({{"number of rows inserted", decimal(7, 1)}})));
  EXPECT_FALSE(row_counts(StatementType::insert, *row({{"number of rows inserted", whole(7)}, {"n", whole(7)}})));
  EXPECT_FALSE(row_counts(StatementType::insert, *row({{"Count", whole(7)}})->Slice(0, 0)));
}

TEST(StatusWords, are_the_warehouses_if_it_has_any) {
  EXPECT_EQ(status_words(*row({{"status", text("Table T successfully created.")}})), "Table T successfully created.");
  EXPECT_EQ(status_words(*row({{"Count", whole(7)}})), "Statement executed successfully.");
  EXPECT_EQ(status_words(*row({{"status", whole(7)}})), "Statement executed successfully.");
}

}  // namespace
}  // namespace coatcheck::api::snowflake
