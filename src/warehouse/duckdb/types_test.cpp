#include <arrow/api.h>
#include <gtest/gtest.h>

#include <string>

#include "warehouse/duckdb/connector.hpp"
#include "warehouse/testing/drain.hpp"

// How DuckDB's types are handed out: docs/duckdb.md has the same table.
namespace coatcheck::warehouse {
namespace {

struct TypeCase {
  std::string value;  // An expression of the type.
  std::string arrow;  // The type it has in Arrow.
  std::string text;   // Its value, as Arrow prints it.
};

class TypesTest : public ::testing::Test {
 protected:
  // Runs "SELECT <value>, NULL" as one column of two rows.
  void expect(const TypeCase& expected) {
    const auto sql = "SELECT v FROM (VALUES (1, " + expected.value + "), (2, NULL)) t(n, v) ORDER BY n";
    auto drained = drain(loop_, **connector_, {.text = sql});
    ASSERT_TRUE(drained) << expected.value << ": " << drained.error().message;
    ASSERT_EQ(drained->batches.size(), 1U);
    const auto column = drained->batches.front()->column(0);
    EXPECT_EQ(column->type()->ToString(), expected.arrow) << expected.value;
    ASSERT_EQ(column->length(), 2);
    EXPECT_EQ((*column->GetScalar(0))->ToString(), expected.text) << expected.value;
    // A union has no nulls of its own: its child's value is null.
    if (column->type_id() != arrow::Type::SPARSE_UNION) {
      EXPECT_TRUE(column->IsNull(1)) << expected.value;
    }
    EXPECT_TRUE(column->Validate().ok()) << expected.value;
  }

  async::Loop loop_;
  Result<std::unique_ptr<Connector>> connector_ = open_duckdb({}, loop_);
};

TEST_F(TypesTest, numbers_keep_every_digit) {
  for (const auto& expected : {
           TypeCase{"true", "bool", "true"},
           TypeCase{"(-128)::TINYINT", "int8", "-128"},
           TypeCase{"(-32768)::SMALLINT", "int16", "-32768"},
           TypeCase{"(-2147483648)::INTEGER", "int32", "-2147483648"},
           TypeCase{"(-9223372036854775808)::BIGINT", "int64", "-9223372036854775808"},
           TypeCase{"255::UTINYINT", "uint8", "255"},
           TypeCase{"65535::USMALLINT", "uint16", "65535"},
           TypeCase{"4294967295::UINTEGER", "uint32", "4294967295"},
           TypeCase{"18446744073709551615::UBIGINT", "uint64", "18446744073709551615"},
           TypeCase{"1.5::FLOAT", "float", "1.5"},
           TypeCase{"'-inf'::DOUBLE", "double", "-inf"},
           TypeCase{"(-12.34)::DECIMAL(4,2)", "decimal128(4, 2)", "-12.34"},
           TypeCase{"1234567.89::DECIMAL(9,2)", "decimal128(9, 2)", "1234567.89"},
           TypeCase{"1234567890123.45::DECIMAL(18,2)", "decimal128(18, 2)", "1234567890123.45"},
           TypeCase{"99999999999999999999999999999999999.999::DECIMAL(38,3)", "decimal128(38, 3)",
                    "99999999999999999999999999999999999.999"},
       }) {
    expect(expected);
  }
}

TEST_F(TypesTest, integers_wider_than_64_bits_keep_every_digit) {
  for (const auto& expected : {
           TypeCase{"170141183460469231731687303715884105727::HUGEINT", "decimal128(38, 0)",
                    "170141183460469231731687303715884105727"},
           TypeCase{"(-170141183460469231731687303715884105728)::HUGEINT", "decimal128(38, 0)",
                    "-170141183460469231731687303715884105728"},
           TypeCase{"340282366920938463463374607431768211455::UHUGEINT", "string",
                    "340282366920938463463374607431768211455"},
           TypeCase{"'-1701411834604692317316873037158841057280000000001'::BIGNUM", "string",
                    "-1701411834604692317316873037158841057280000000001"},
       }) {
    expect(expected);
  }
}

TEST_F(TypesTest, texts_and_bytes_are_as_they_were) {
  for (const auto& expected : {
           TypeCase{"'é' || chr(0) || 'x'", "string", std::string("é\0x", 4)},
           TypeCase{"'\\x00\\xFF'::BLOB", "binary", std::string("\0\xFF", 2)},
           TypeCase{"'x'::VARIANT", "string", "x"},
           TypeCase{"'0101'::BIT", "string", "0101"},
           TypeCase{"'00112233-4455-6677-8899-aabbccddeeff'::UUID", "string", "00112233-4455-6677-8899-aabbccddeeff"},
           TypeCase{"'{\"a\": [1]}'::JSON", "string", "{\"a\": [1]}"},
       }) {
    expect(expected);
  }
}

TEST_F(TypesTest, moments_keep_their_precision) {
  for (const auto& expected : {
           TypeCase{"'2026-11-22'::DATE", "date32[day]", "2026-11-22"},
           TypeCase{"'12:34:56.123456'::TIME", "time64[us]", "12:34:56.123456"},
           TypeCase{"'12:34:56.123456789'::TIME_NS", "string", "12:34:56.123456789"},
           TypeCase{"'12:34:56+01:30'::TIMETZ", "string", "12:34:56+01:30"},
           TypeCase{"'2026-11-22 12:34:56'::TIMESTAMP_S", "timestamp[s]", "2026-11-22 12:34:56"},
           TypeCase{"'2026-11-22 12:34:56.123'::TIMESTAMP_MS", "timestamp[ms]", "2026-11-22 12:34:56.123"},
           TypeCase{"'2026-11-22 12:34:56.123456'::TIMESTAMP", "timestamp[us]", "2026-11-22 12:34:56.123456"},
           TypeCase{"'2026-11-22 12:34:56.123456789'::TIMESTAMP_NS", "timestamp[ns]", "2026-11-22 12:34:56.123456789"},
           TypeCase{"'2026-11-22 12:34:56+02'::TIMESTAMPTZ", "timestamp[us, tz=UTC]", "2026-11-22 10:34:56.000000Z"},
           TypeCase{"INTERVAL '14 months 3 days 1.5 seconds'", "month_day_nano_interval", "14M3d1500000000ns"},
       }) {
    expect(expected);
  }
}

TEST_F(TypesTest, nested_values_are_nested) {
  for (const auto& expected : {
           TypeCase{"'b'::ENUM('a', 'b')", "dictionary<values=string, indices=uint8, ordered=0>",
                    "[\n  \"a\",\n  \"b\"\n][1]"},
           TypeCase{"[1, NULL, 3]", "list<l: int32>", "list<l: int32>[1, null, 3]"},
           TypeCase{"[1, NULL]::INTEGER[2]", "fixed_size_list<: int32>[2]", "fixed_size_list<: int32>[2][1, null]"},
           TypeCase{"{'a': 1, 'b': NULL::VARCHAR}", "struct<a: int32, b: string>", "{a:int32 = 1, b:string = null}"},
           TypeCase{"MAP {'k': 1}", "map<string, int32>", "map<string, int32>[{key:string = k, value:int32 = 1}]"},
           TypeCase{"union_value(n := 1)::UNION(n INTEGER, s VARCHAR)", "sparse_union<n: int32=0, s: string=1>",
                    "union{n: int32 = 1}"},
           TypeCase{"[340282366920938463463374607431768211455::UHUGEINT]", "list<l: string>",
                    "list<l: string>[340282366920938463463374607431768211455]"},
           TypeCase{"{'a': ['12:00:00+01'::TIMETZ]}", "struct<a: list<l: string>>",
                    "{a:list<l: string> = list<l: string>[12:00:00+01]}"},
           TypeCase{"MAP {'101'::BIT: 1::BIGNUM}", "map<string, string>",
                    "map<string, string>[{key:string = 101, value:string = 1}]"},
           TypeCase{"['1'::BIT, NULL]::BIT[2]", "fixed_size_list<: string>[2]",
                    "fixed_size_list<: string>[2][1, null]"},
       }) {
    expect(expected);
  }
}

TEST_F(TypesTest, the_column_that_is_only_null_has_a_type) {
  auto drained = drain(loop_, **connector_, {.text = "SELECT NULL AS v"});
  ASSERT_TRUE(drained);
  EXPECT_EQ(drained->schema->ToString(), "v: int32");
  EXPECT_EQ(drained->batches.at(0)->column(0)->null_count(), 1);
}

// DuckDB's own collection of every type, with the smallest and largest value of each.
TEST_F(TypesTest, no_type_is_refused) {
  auto drained = drain(loop_, **connector_, {.text = "FROM test_all_types()"});
  ASSERT_TRUE(drained) << drained.error().message;
  ASSERT_EQ(drained->batches.size(), 1U);
  EXPECT_EQ(drained->batches.front()->num_rows(), 3);
  EXPECT_TRUE(drained->batches.front()->Validate().ok());
  EXPECT_GT(drained->schema->num_fields(), 50);
}

TEST_F(TypesTest, text_made_from_a_type_is_right_in_every_chunk) {
  auto drained = drain(loop_, **connector_,
                       {.text = "SELECT CASE WHEN range % 3 = 0 THEN NULL ELSE range::UHUGEINT END AS v, range AS n "
                                "FROM range(10000)"});
  ASSERT_TRUE(drained) << drained.error().message;
  std::int64_t row = 0;
  for (const auto& batch : drained->batches) {
    const auto& text = static_cast<const arrow::StringArray&>(*batch->column(0));
    const auto& number = static_cast<const arrow::Int64Array&>(*batch->column(1));
    for (std::int64_t i = 0; i < batch->num_rows(); ++i, ++row) {
      ASSERT_EQ(text.IsNull(i), number.Value(i) % 3 == 0);
      if (!text.IsNull(i)) {
        ASSERT_EQ(text.GetString(i), std::to_string(number.Value(i)));
      }
    }
  }
  EXPECT_EQ(row, 10000);
}

}  // namespace
}  // namespace coatcheck::warehouse
