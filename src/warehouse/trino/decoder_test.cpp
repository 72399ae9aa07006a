#include "warehouse/trino/decoder.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <cmath>

#include "warehouse/trino/page.hpp"
#include "warehouse/trino/utf8.hpp"

namespace coatcheck::warehouse::trino {
namespace {

// Reads columns as the server writes them, and rows as a segment has them: nobody has read these before.
Result<rows::Batch, Failure> decoded(const std::string& columns, const std::string& rows) {
  auto page = read_page(R"({"columns":)" + columns + "}");
  if (!page) return std::move(page).error();
  return Decoder(*page->columns).decode(rows);
}

std::string column(const std::string& signature, const std::string& name = "c") {
  return R"({"name":")" + name + R"(","type":"ignored","typeSignature":)" + signature + "}";
}

std::string raw(const std::string& type, const std::string& arguments = "") {
  return R"({"rawType":")" + type + R"(","arguments":[)" + arguments + "]}";
}

std::string number(int value) { return R"({"kind":"LONG","value":)" + std::to_string(value) + "}"; }
std::string part(const std::string& signature) { return R"({"kind":"TYPE","value":)" + signature + "}"; }
std::string field(const std::string& name, const std::string& signature) {
  return R"({"kind":"NAMED_TYPE","value":{"fieldName":{"name":")" + name + R"("},"typeSignature":)" + signature + "}}";
}

// Returns the values of one column as Arrow writes them, or what was wrong.
std::string shown(const std::string& signature, const std::string& values) {
  std::string rows;
  JsonReader json(values);
  json.array();
  while (json.more_elements()) rows += (rows.empty() ? "[" : ",[") + std::string(*json.skip()) + "]";
  auto batch = decoded("[" + column(signature) + "]", "[" + rows + "]");
  if (!batch) return batch.error().message;
  EXPECT_TRUE((*batch)->ValidateFull().ok());
  const auto& array = *(*batch)->column(0);
  std::string out = array.type()->ToString() + ":";
  for (std::int64_t i = 0; i < array.length(); ++i) out += " " + array.GetScalar(i).ValueOrDie()->ToString();
  return out;
}

TEST(Decoder, numbers_keep_every_digit) {
  EXPECT_EQ(shown(raw("boolean"), "[true,false,null]"), "bool: true false null");
  EXPECT_EQ(shown(raw("tinyint"), "[-128,127,null]"), "int8: -128 127 null");
  EXPECT_EQ(shown(raw("smallint"), "[-32768,32767]"), "int16: -32768 32767");
  EXPECT_EQ(shown(raw("integer"), "[-2147483648,2147483647]"), "int32: -2147483648 2147483647");
  EXPECT_EQ(shown(raw("bigint"), "[-9223372036854775808,9223372036854775807,null]"),
            "int64: -9223372036854775808 9223372036854775807 null");
  EXPECT_EQ(shown(raw("decimal", number(38) + "," + number(10)),
                  R"(["-9999999999999999999999999999.9999999999","0.0000000001",null])"),
            "decimal128(38, 10): -9999999999999999999999999999.9999999999 1E-10 null");
  EXPECT_EQ(shown(raw("decimal", number(3) + "," + number(0)), R"(["-999","0"])"), "decimal128(3, 0): -999 0");
}

TEST(Decoder, floating_point_numbers_are_the_nearest_and_may_be_none) {
  auto batch = decoded(
      "[" + column(raw("double"), "d") + "," + column(raw("real"), "r") + "]",
      R"([[0.30000000000000004,1.17549435E-38],["NaN","NaN"],["Infinity","-Infinity"],[1e300,-0.0],[null,null]])");
  ASSERT_TRUE(batch) << batch.error().message;
  const auto& doubles = static_cast<const arrow::DoubleArray&>(*(*batch)->column(0));
  const auto& reals = static_cast<const arrow::FloatArray&>(*(*batch)->column(1));
  EXPECT_EQ(doubles.Value(0), 0.1 + 0.2);
  EXPECT_EQ(reals.Value(0), 1.17549435E-38F);
  EXPECT_TRUE(std::isnan(doubles.Value(1)));
  EXPECT_TRUE(std::isinf(doubles.Value(2)));
  EXPECT_LT(reals.Value(2), 0);
  EXPECT_EQ(doubles.Value(3), 1e300);
  EXPECT_TRUE(std::signbit(reals.Value(3)));
  EXPECT_TRUE(doubles.IsNull(4));
}

TEST(Decoder, text_stays_as_it_is) {
  EXPECT_EQ(shown(raw("varchar", number(2147483647)), R"(["a\u00e4\n","",null])"), "string: a\xC3\xA4\n  null");
  EXPECT_EQ(shown(raw("char", number(3)), R"(["a  "])"), "string: a  ");
  EXPECT_EQ(shown(raw("json"), R"(["{\"a\":1}"])"), R"(string: {"a":1})");
  EXPECT_EQ(shown(raw("uuid"), R"(["12151fd2-7586-11e9-8f9e-2a86e4085a59"])"),
            "string: 12151fd2-7586-11e9-8f9e-2a86e4085a59");
  EXPECT_EQ(shown(raw("ipaddress"), R"(["10.0.0.1"])"), "string: 10.0.0.1");
}

TEST(Decoder, bytes_are_base64) {
  EXPECT_EQ(shown(raw("varbinary"), R"(["AP8=","",null])"), std::string("binary: \0\xFF  null", 16));
  EXPECT_NE(shown(raw("varbinary"), R"(["AP8"])").find("that is no varbinary"), std::string::npos);
}

TEST(Decoder, dates_and_times_have_the_unit_that_holds_them) {
  EXPECT_EQ(shown(raw("date"), R"(["1970-01-02","9999-12-31",null])"), "date32[day]: 1970-01-02 9999-12-31 null");
  EXPECT_EQ(shown(raw("time", number(3)), R"(["23:59:59.123"])"), "time64[us]: 23:59:59.123000");
  EXPECT_EQ(shown(raw("time", number(9)), R"(["23:59:59.123456789"])"), "time64[ns]: 23:59:59.123456789");
  EXPECT_EQ(shown(raw("time", number(12)), R"(["23:59:59.123456789012"])"), "string: 23:59:59.123456789012");
  EXPECT_EQ(shown(raw("timestamp", number(0)), R"(["2020-01-01 00:00:00"])"),
            "timestamp[us]: 2020-01-01 00:00:00.000000");
  EXPECT_EQ(shown(raw("timestamp", number(9)), R"(["2020-01-01 00:00:00.123456789"])"),
            "timestamp[ns]: 2020-01-01 00:00:00.123456789");
  EXPECT_EQ(shown(raw("timestamp", number(12)), R"(["2020-01-01 00:00:00.123456789012"])"),
            "string: 2020-01-01 00:00:00.123456789012");
  EXPECT_EQ(shown(raw("timestamp with time zone", number(3)), R"(["2020-07-01 00:00:00.123 Europe/Berlin"])"),
            "timestamp[us, tz=UTC]: 2020-06-30 22:00:00.123000Z");
  EXPECT_EQ(shown(raw("time with time zone", number(1)), R"(["01:02:03.5+05:30"])"), "string: 01:02:03.5+05:30");
}

TEST(Decoder, a_time_out_of_reach_says_what_helps) {
  const auto words = shown(raw("timestamp", number(9)), R"(["9999-12-31 00:00:00.000000000"])");
  EXPECT_NE(words.find("cast it to a precision of 6"), std::string::npos) << words;
  const auto zone = shown(raw("timestamp with time zone", number(3)), R"(["2020-01-01 00:00:00.000 Mars/Olympus"])");
  EXPECT_NE(zone.find("time zone database"), std::string::npos) << zone;
}

TEST(Decoder, intervals_have_months_or_days) {
  EXPECT_EQ(shown(raw("interval year to month"), R"(["3-2",null])"), "month_day_nano_interval: 38M0d0ns null");
  EXPECT_EQ(shown(raw("interval day to second"), R"(["-1 01:01:01.500"])"),
            "month_day_nano_interval: 0M-1d-3661500000000ns");
}

TEST(Decoder, arrays_maps_and_rows_nest) {
  EXPECT_EQ(shown(raw("array", part(raw("integer"))), "[[1,null],[],null]"),
            "list<item: int32>: list<item: int32>[1, null] list<item: int32>[] null");
  auto batch = decoded(
      "[" + column(raw("map", part(raw("bigint")) + "," + part(raw("array", part(raw("varchar")))))) + "," +
          column(raw("row", field("a", raw("bigint")) + "," + R"({"kind":"NAMED_TYPE","value":{"typeSignature":)" +
                                raw("row", field("b", raw("boolean"))) + "}}"),
                 "r") +
          "]",
      R"([[{"1":["x",null],"-2":null},[7,[true]]],[{},[null,null]],[null,null]])");
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_TRUE((*batch)->ValidateFull().ok());
  const auto& maps = static_cast<const arrow::MapArray&>(*(*batch)->column(0));
  EXPECT_EQ(maps.value_length(0), 2);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*maps.keys()).Value(1), -2);
  EXPECT_TRUE(maps.items()->IsNull(1));
  EXPECT_EQ(maps.value_length(1), 0);
  EXPECT_TRUE(maps.IsNull(2));
  EXPECT_EQ((*batch)->column(1)->type()->ToString(), "struct<a: int64, field1: struct<b: bool>>");
  EXPECT_TRUE((*batch)->column(1)->IsNull(2));
  EXPECT_FALSE((*batch)->column(1)->IsNull(1));
}

TEST(Decoder, keys_of_maps_are_of_their_type) {
  EXPECT_EQ(shown(raw("map", part(raw("decimal", number(3) + "," + number(1))) + "," + part(raw("varbinary"))),
                  R"([{"1.5":"AA==","2.0":null}])")
                .find("map<decimal128(3, 1), binary"),
            0U);
  const auto nested =
      shown(raw("map", part(raw("array", part(raw("integer")))) + "," + part(raw("integer"))), R"([{"[1]":2}])");
  EXPECT_EQ(nested.find("map<string, int32"), 0U) << nested;
}

TEST(Decoder, what_arrow_has_no_type_for_is_text) {
  EXPECT_EQ(shown(raw("hyperloglog"), R"(["AAA=",null])"), "string: AAA= null");
  EXPECT_EQ(shown(raw("something new"), R"([{"x": 1},[2],3])"), "string: {\"x\": 1} [2] 3");
  EXPECT_EQ(shown(raw("unknown"), "[null]"), "int32: null");
  EXPECT_EQ(shown(raw("decimal", number(99) + "," + number(1)), R"(["1.5"])"), "string: 1.5");
}

TEST(Decoder, a_value_of_another_type_is_a_failure) {
  const std::pair<std::string, std::string> wrong[] = {
      {raw("tinyint"), "[128]"},
      {raw("bigint"), "[9223372036854775808]"},
      {raw("bigint"), "[1.5]"},
      {raw("bigint"), "[[1]]"},
      {raw("bigint"), R"([""])"},
      {raw("bigint"), R"(["0x10"])"},
      {raw("boolean"), "[1]"},
      {raw("double"), R"(["inf"])"},
      {raw("double"), R"(["1e999"])"},
      {raw("decimal", number(3) + "," + number(1)), R"(["1234.5"])"},
      {raw("decimal", number(3) + "," + number(1)), R"(["1.25"])"},
      {raw("decimal", number(3) + "," + number(1)), R"(["x"])"},
      {raw("date"), R"(["2020-01-01 00:00:00"])"},
      {raw("array", part(raw("bigint"))), R"([{"1":2}])"},
      {raw("array", part(raw("bigint"))), R"([["x"]])"},
      {raw("map", part(raw("bigint")) + "," + part(raw("bigint"))), R"([{"x":2}])"},
      {raw("row", field("a", raw("bigint"))), "[[1,2]]"},
      {raw("row", field("a", raw("bigint"))), "[[]]"},
      {raw("varchar"), R"(["\ud800"])"},
      {raw("something new"), "[{\"x\":\"\xFF\"}]"},
  };
  for (const auto& [signature, values] : wrong) {
    std::string rows = "[" + values + "]";
    auto batch = decoded("[" + column(signature) + "]", rows);
    ASSERT_FALSE(batch) << signature << values;
    EXPECT_EQ(batch.error().category, FailureCategory::internal);
  }
}

TEST(Decoder, rows_have_as_many_values_as_there_are_columns) {
  const auto columns = "[" + column(raw("bigint"), "a") + "," + column(raw("bigint"), "b") + "]";
  for (const auto* rows :
       {"[[1]]", "[[1,2,3]]", "[1]", "[[1,2]", "[[1,2],]", "[[1,2]] x", "[null]", "[[1,2,]", "[[1,2,,[3,4]]"}) {
    EXPECT_FALSE(decoded(columns, rows)) << rows;
  }
  auto none = decoded(columns, "[]");
  ASSERT_TRUE(none);
  EXPECT_EQ((*none)->num_rows(), 0);
}

TEST(Utf8, is_well_formed_or_not) {
  for (const auto* text : {"", "a", "\xC3\xA4", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text));
  for (const auto* text : {"\x80", "\xC1\x81", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
