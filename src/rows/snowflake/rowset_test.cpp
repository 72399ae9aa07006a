#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rows/snowflake/column.hpp"
#include "rows/snowflake/encoders.hpp"
#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows::snowflake {
namespace {

using testing::array;
using testing::batch;
using testing::check;
using testing::value_or_throw;

using Values = std::shared_ptr<arrow::Array>;

Result<std::string> rowset(const std::vector<Batch>& batches, Dialect dialect = Dialect::driver) {
  auto encoder = make_rowset_encoder(batches.front()->schema(), dialect);
  if (!encoder) return std::move(encoder).error();
  std::string out;
  if (auto begun = (*encoder)->begin(out); !begun) return begun.error();
  for (const Batch& each : batches) {
    if (auto appended = (*encoder)->append(*each, out); !appended) return appended.error();
  }
  if (auto finished = (*encoder)->finish(out); !finished) return finished.error();
  return out;
}

// The rows of one column.
std::string cells(const Values& values, Dialect dialect = Dialect::driver) {
  const auto text = rowset({batch({{"v", values}})}, dialect);
  return text ? *text : "refused: " + text.error().message;
}

Column described(const std::shared_ptr<arrow::DataType>& type) {
  return describe(arrow::schema({arrow::field("v", type)})).at(0);
}

Column of_type(const std::string& type) { return {.name = "v", .type = type}; }

Column number(int precision, int scale) {
  return {.name = "v", .type = "fixed", .precision = precision, .scale = scale};
}

Column moment(const std::string& type, int scale) {
  return {.name = "v", .type = type, .precision = 0, .scale = scale};
}

Column text() { return {.name = "v", .type = "text", .length = 16'777'216, .byte_length = 16'777'216}; }

template <class Type, class T = typename Type::c_type>
Values numbers(const std::vector<T>& values, const std::shared_ptr<arrow::DataType>& type = std::make_shared<Type>()) {
  arrow::NumericBuilder<Type> builder(type, arrow::default_memory_pool());
  check(builder.AppendValues(values));
  check(builder.AppendNull());
  return value_or_throw(builder.Finish());
}

TEST(SnowflakeColumns, numbers) {
  for (const auto& type : {arrow::int8(), arrow::int64(), arrow::uint8(), arrow::uint64()}) {
    EXPECT_EQ(described(type), number(38, 0)) << *type;
  }
  EXPECT_EQ(described(arrow::decimal128(10, 2)), number(10, 2));
  EXPECT_EQ(described(arrow::decimal128(38, 38)), number(38, 38));
  EXPECT_EQ(described(arrow::decimal256(39, 0)), text());
  EXPECT_EQ(described(arrow::decimal128(5, -3)), text());
  for (const auto& type : {arrow::float16(), arrow::float32(), arrow::float64()}) {
    EXPECT_EQ(described(type), of_type("real")) << *type;
  }
  EXPECT_EQ(described(arrow::boolean()), of_type("boolean"));
}

TEST(SnowflakeColumns, moments_have_the_scale_of_their_unit) {
  EXPECT_EQ(described(arrow::date32()), of_type("date"));
  EXPECT_EQ(described(arrow::time32(arrow::TimeUnit::SECOND)), moment("time", 0));
  EXPECT_EQ(described(arrow::time64(arrow::TimeUnit::MICRO)), moment("time", 6));
  EXPECT_EQ(described(arrow::timestamp(arrow::TimeUnit::SECOND)), moment("timestamp_ntz", 0));
  EXPECT_EQ(described(arrow::timestamp(arrow::TimeUnit::MILLI)), moment("timestamp_ntz", 3));
  EXPECT_EQ(described(arrow::timestamp(arrow::TimeUnit::MICRO)), moment("timestamp_ntz", 6));
  EXPECT_EQ(described(arrow::timestamp(arrow::TimeUnit::NANO)), moment("timestamp_ntz", 9));
  EXPECT_EQ(described(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), moment("timestamp_ltz", 6));
}

TEST(SnowflakeColumns, what_has_no_type_of_its_own_is_text) {
  for (const auto& type :
       {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::null(), arrow::month_day_nano_interval(),
        arrow::duration(arrow::TimeUnit::SECOND), arrow::dictionary(arrow::uint8(), arrow::utf8()),
        arrow::extension::uuid(), arrow::extension::json()}) {
    EXPECT_EQ(described(type), text()) << *type;
  }
  EXPECT_EQ(described(arrow::binary()),
            (Column{.name = "v", .type = "binary", .length = 8'388'608, .byte_length = 8'388'608}));
}

TEST(SnowflakeColumns, containers_are_semi_structured) {
  const auto element = arrow::field("x", arrow::int32());
  EXPECT_EQ(described(arrow::list(arrow::int32())), of_type("array"));
  EXPECT_EQ(described(arrow::fixed_size_list(arrow::int32(), 2)), of_type("array"));
  EXPECT_EQ(described(arrow::struct_({element})), of_type("object"));
  EXPECT_EQ(described(arrow::map(arrow::utf8(), arrow::int32())), of_type("object"));
  EXPECT_EQ(described(arrow::map(arrow::int32(), arrow::utf8())), of_type("array"));
  EXPECT_EQ(described(arrow::sparse_union({element})), of_type("variant"));
  EXPECT_EQ(described(arrow::dictionary(arrow::int8(), arrow::int32())), of_type("variant"));
}

TEST(SnowflakeColumns, names_are_unique_and_fields_may_be_required) {
  const auto columns =
      describe(arrow::schema({arrow::field("a", arrow::utf8(), false), arrow::field("a", arrow::utf8())}));
  EXPECT_EQ(columns.at(0).name, "a");
  EXPECT_FALSE(columns.at(0).nullable);
  EXPECT_EQ(columns.at(1).name, "a_1");
  EXPECT_TRUE(columns.at(1).nullable);
}

TEST(Rowset, rows_stand_without_brackets_around_them) {
  const Batch rows =
      batch({{"a", array(arrow::int64(), "[1, null, 3]")}, {"b", array(arrow::utf8(), R"(["x", "", null])")}});
  EXPECT_EQ(*rowset({rows}), R"(["1","x"],[null,""],["3",null])");
  EXPECT_EQ(*rowset({rows->Slice(0, 0)}), "");
}

TEST(Rowset, batches_follow_each_other_and_slices_begin_where_they_begin) {
  const Batch rows = batch({{"a", array(arrow::int64(), "[1, 2, null, 4]")},
                            {"b", array(arrow::boolean(), "[true, false, null, true]")},
                            {"c", array(arrow::binary(), R"(["a", "b", null, "d"])")},
                            {"d", array(arrow::list(arrow::int8()), "[[1], [2], null, [4]]")}});
  EXPECT_EQ(*rowset({rows->Slice(3), rows->Slice(0, 0), rows->Slice(1, 2)}),
            R"(["4","1","64","[4]"],["2","0","62","[2]"],[null,null,null,null])");
}

TEST(Rowset, rows_without_columns_are_counted) {
  EXPECT_EQ(*rowset({arrow::RecordBatch::Make(arrow::schema({}), 2, arrow::ArrayVector{})}), "[],[]");
}

TEST(Rowset, numbers_keep_every_digit) {
  EXPECT_EQ(cells(array(arrow::int8(), "[-128, null]")), R"(["-128"],[null])");
  EXPECT_EQ(cells(array(arrow::uint64(), "[18446744073709551615]")), R"(["18446744073709551615"])");
  EXPECT_EQ(cells(array(arrow::decimal128(10, 2), R"(["10.10", "-0.05", null])")), R"(["10.10"],["-0.05"],[null])");
  EXPECT_EQ(cells(array(arrow::decimal256(40, 1), R"(["123456789012345678901234567890123456789.5", null])")),
            R"(["123456789012345678901234567890123456789.5"],[null])");
  arrow::Decimal128Builder huge(arrow::decimal128(38, 0));
  check(huge.Append(arrow::Decimal128(INT64_MIN, 0)));
  EXPECT_EQ(cells(value_or_throw(huge.Finish())), R"(["-170141183460469231731687303715884105728"])");
}

TEST(Rowset, infinities_are_spelled_as_every_driver_reads_them) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(cells(numbers<arrow::DoubleType>({0.1, -1.0, 1e300, std::nan(""), infinity, -infinity})),
            R"(["0.1"],["-1.0"],["1e+300"],["NaN"],["Infinity"],["-Infinity"],[null])");
  EXPECT_EQ(cells(numbers<arrow::FloatType>({0.1F})), R"(["0.1"],[null])");
}

TEST(Rowset, booleans_differ_between_the_dialects) {
  const Values values = array(arrow::boolean(), "[true, false, null]");
  EXPECT_EQ(cells(values), R"(["1"],["0"],[null])");
  EXPECT_EQ(cells(values, Dialect::sql_api), R"(["true"],["false"],[null])");
}

TEST(Rowset, dates_are_days) {
  EXPECT_EQ(cells(numbers<arrow::Date32Type>({18262, 0, -1, -719529, 2932897})),
            R"(["18262"],["0"],["-1"],["-719529"],["2932897"],[null])");
  EXPECT_EQ(cells(numbers<arrow::Date64Type>({86'400'000, -86'400'000, -1})), R"(["1"],["-1"],["-1"],[null])");
}

TEST(Rowset, timestamps_are_seconds_with_the_digits_of_their_scale) {
  const auto stamps = [](const std::vector<std::int64_t>& values, arrow::TimeUnit::type unit, const char* zone = "") {
    return numbers<arrow::TimestampType>(values, arrow::timestamp(unit, zone));
  };
  EXPECT_EQ(cells(stamps({1'616'173'619, -1, 0}, arrow::TimeUnit::SECOND)), R"(["1616173619"],["-1"],["0"],[null])");
  EXPECT_EQ(cells(stamps({1'616'173'619'007, -1'500}, arrow::TimeUnit::MILLI)),
            R"(["1616173619.007"],["-1.500"],[null])");
  EXPECT_EQ(cells(stamps({1'616'173'619'000'001, -1, -1'500'000, 0}, arrow::TimeUnit::MICRO)),
            R"(["1616173619.000001"],["-0.000001"],["-1.500000"],["0.000000"],[null])");
  EXPECT_EQ(cells(stamps({1'616'173'619'000'000'001, INT64_MIN + 2}, arrow::TimeUnit::NANO)),
            R"(["1616173619.000000001"],["-9223372036.854775806"],[null])");
  EXPECT_EQ(cells(stamps({1'616'173'619'000'001}, arrow::TimeUnit::MICRO, "UTC")), R"(["1616173619.000001"],[null])");
}

TEST(Rowset, the_sql_api_has_nine_digits_after_each_second) {
  EXPECT_EQ(cells(numbers<arrow::TimestampType>({-1'500}, arrow::timestamp(arrow::TimeUnit::MILLI)), Dialect::sql_api),
            R"(["-1.500000000"],[null])");
  EXPECT_EQ(cells(numbers<arrow::Time32Type>({82'919}, arrow::time32(arrow::TimeUnit::SECOND)), Dialect::sql_api),
            R"(["82919.000000000"],[null])");
}

TEST(Rowset, times_are_seconds_of_the_day) {
  EXPECT_EQ(cells(numbers<arrow::Time32Type>({82'919}, arrow::time32(arrow::TimeUnit::SECOND))), R"(["82919"],[null])");
  EXPECT_EQ(cells(numbers<arrow::Time32Type>({1'500}, arrow::time32(arrow::TimeUnit::MILLI))), R"(["1.500"],[null])");
  EXPECT_EQ(cells(numbers<arrow::Time64Type>({86'399'999'999}, arrow::time64(arrow::TimeUnit::MICRO))),
            R"(["86399.999999"],[null])");
  EXPECT_EQ(cells(numbers<arrow::Time64Type>({1}, arrow::time64(arrow::TimeUnit::NANO))), R"(["0.000000001"],[null])");
}

TEST(Rowset, moments_without_a_form_are_refused_by_the_name_of_their_column) {
  const auto refused = [](const Values& values) {
    const auto text = rowset({batch({{"good", values->Slice(1)}, {"bad", values->Slice(0, values->length() - 1)}})});
    return !text && text.error().code == Errc::invalid_argument && text.error().field == "bad";
  };
  EXPECT_TRUE(refused(numbers<arrow::Date32Type>({INT32_MAX, 0})));
  EXPECT_TRUE(refused(numbers<arrow::Date32Type>({-INT32_MAX, 0})));
  EXPECT_TRUE(refused(numbers<arrow::Date64Type>({INT64_MAX, 0})));
  EXPECT_TRUE(refused(numbers<arrow::Date64Type>({std::int64_t{INT32_MAX} * 86'400'000, 0})));
  EXPECT_TRUE(refused(numbers<arrow::TimestampType>({INT64_MAX, 0}, arrow::timestamp(arrow::TimeUnit::MICRO))));
  EXPECT_TRUE(refused(numbers<arrow::TimestampType>({-INT64_MAX, 0}, arrow::timestamp(arrow::TimeUnit::NANO, "UTC"))));
  EXPECT_TRUE(refused(numbers<arrow::Time64Type>({86'400'000'000, 0}, arrow::time64(arrow::TimeUnit::MICRO))));
  EXPECT_TRUE(refused(numbers<arrow::Time32Type>({-1, 0}, arrow::time32(arrow::TimeUnit::SECOND))));
}

TEST(Rowset, a_refusal_names_the_column_as_it_is_described) {
  const auto good = array(arrow::date32(), "[0]");
  const auto text = rowset({batch({{"d", good}, {"d", array(arrow::date32(), "[2147483647]")}})});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().field, "d_1");
}

TEST(Rowset, what_lies_under_a_null_is_nobodys_moment) {
  arrow::Date32Builder builder;
  const std::int32_t days[] = {INT32_MAX, 1};
  const std::uint8_t valid[] = {0, 1};
  check(builder.AppendValues(days, 2, valid));
  EXPECT_EQ(cells(value_or_throw(builder.Finish())), R"([null],["1"])");
}

TEST(Rowset, strings_are_escaped_once) {
  EXPECT_EQ(cells(array(arrow::utf8(), R"(["a\"b\\\n", "é", "null", null])")), R"(["a\"b\\\n"],["é"],["null"],[null])");
  EXPECT_EQ(cells(array(arrow::large_utf8(), R"(["x"])")), R"(["x"])");
  EXPECT_EQ(cells(array(arrow::null(), "[null]")), "[null]");
  const auto words = array(arrow::utf8(), R"(["sad", null])");
  EXPECT_EQ(cells(value_or_throw(arrow::DictionaryArray::FromArrays(array(arrow::int8(), "[0, null, 1]"), words))),
            R"(["sad"],[null],[null])");
}

TEST(Rowset, text_of_other_types) {
  EXPECT_EQ(cells(arrow::ExtensionType::WrapArray(
                arrow::extension::uuid(), array(arrow::fixed_size_binary(16), R"(["0123456789abcdef", null])"))),
            R"(["30313233-3435-3637-3839-616263646566"],[null])");
  EXPECT_EQ(cells(arrow::ExtensionType::WrapArray(arrow::extension::json(), array(arrow::utf8(), R"(["{\"a\":1}"])"))),
            R"(["{\"a\":1}"])");
  arrow::MonthDayNanoIntervalBuilder interval;
  check(interval.Append({14, 3, 14'706'789'000'000}));
  check(interval.AppendNull());
  EXPECT_EQ(cells(value_or_throw(interval.Finish())), R"(["P1Y2M3DT4H5M6.789S"],[null])");
  EXPECT_EQ(cells(numbers<arrow::DurationType>({-60}, arrow::duration(arrow::TimeUnit::SECOND))),
            R"(["PT-1M"],[null])");
}

TEST(Rowset, bytes_are_hexadecimal_in_capitals) {
  const std::string json = R"(["", "\u00ff", "xyz", null])";
  const std::string expected = R"([""],["C3BF"],["78797A"],[null])";
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    EXPECT_EQ(cells(array(type, json)), expected) << *type;
  }
  EXPECT_EQ(cells(array(arrow::fixed_size_binary(2), R"(["ab", null])")->Slice(0)), R"(["6162"],[null])");
}

TEST(Rowset, containers_are_json_in_a_string) {
  EXPECT_EQ(cells(array(arrow::list(arrow::utf8()), R"([["a\"b", null], [], null])")),
            R"(["[\"a\\\"b\",null]"],["[]"],[null])");
  EXPECT_EQ(cells(array(arrow::struct_({arrow::field("d", arrow::date32()), arrow::field("n", arrow::int32())}),
                        R"([{"d": 0, "n": 1}, null])")),
            R"(["{\"d\":\"1970-01-01\",\"n\":1}"],[null])");
  EXPECT_EQ(cells(array(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1]], null])")),
            R"(["{\"k\":1}"],[null])");
  EXPECT_EQ(cells(array(arrow::map(arrow::int32(), arrow::utf8()), R"([[[1, "x"]], null])")),
            R"(["[{\"key\":1,\"value\":\"x\"}]"],[null])");
}

TEST(Rowset, a_union_is_the_json_of_its_member) {
  const auto type = arrow::sparse_union({arrow::field("n", arrow::int32()), arrow::field("s", arrow::utf8())}, {0, 1});
  EXPECT_EQ(cells(array(type, R"([[0, 5], [1, "null"], [0, null]])")), R"(["5"],["\"null\""],[null])");
}

TEST(Rowset, a_value_longer_than_the_scratch_arrives_whole) {
  const std::string word(300'000, '\x01');
  arrow::BinaryBuilder bytes;
  arrow::ListBuilder list(arrow::default_memory_pool(), std::make_shared<arrow::StringBuilder>());
  for (int i = 0; i < 3; ++i) {
    check(bytes.Append(word));
    check(list.Append());
    check(static_cast<arrow::StringBuilder*>(list.value_builder())->Append("y" + std::string(200'000, 'x')));
  }
  const auto text = rowset({batch({{"b", value_or_throw(bytes.Finish())}, {"l", value_or_throw(list.Finish())}})});
  ASSERT_TRUE(text);
  std::string hex;
  for (std::size_t i = 0; i < word.size(); ++i) hex += "01";
  const std::string row = "[\"" + hex + R"(","[\"y)" + std::string(200'000, 'x') + "\\\"]\"]";
  EXPECT_TRUE(*text == row + "," + row + "," + row);
}

TEST(Rowset, another_schemas_batch_and_broken_offsets_are_corrupt) {
  const Batch good = batch({{"v", array(arrow::int32(), "[1]")}});
  const Batch other = batch({{"v", array(arrow::int64(), "[1]")}});
  EXPECT_EQ(rowset({good, other}).error().code, Errc::corrupt);

  const auto offsets = arrow::Buffer::FromVector(std::vector<std::int32_t>{0, 9'999, 3});
  const auto data = arrow::ArrayData::Make(arrow::binary(), 2, {nullptr, offsets, arrow::Buffer::FromString("abc")});
  EXPECT_EQ(rowset({batch({{"v", arrow::MakeArray(data)}})}).error().code, Errc::corrupt);
}

TEST(Rowset, a_type_nested_too_deeply_is_refused_by_its_name) {
  auto type = arrow::int32();
  for (int i = 0; i < 70; ++i) type = arrow::list(type);
  const auto schema = arrow::schema({arrow::field("deep", type)});
  const auto encoder = make_rowset_encoder(schema, Dialect::driver);
  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().field, "deep");
  EXPECT_EQ(make_arrow_encoder(schema).error().field, "deep");
  EXPECT_EQ(describe(schema).at(0).type, "array");
}

}  // namespace
}  // namespace coatcheck::rows::snowflake
