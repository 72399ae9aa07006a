#include "warehouse/snowflake/decoder.hpp"

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "warehouse/snowflake/answer.hpp"

namespace coatcheck::warehouse::snowflake {
namespace {

// Reads values of one column, and returns them as Arrow prints them.
struct Read {
  std::string type;
  std::string values;  // Or what was wrong.
};

Outcome<rows::Batch> decode(const std::string& column, const std::string& data,
                            std::optional<std::uint64_t> rows = {}) {
  const auto answer = read_answer(R"({"resultSetMetaData":{"numRows":0,"rowType":[)" + column + "]}}");
  EXPECT_TRUE(answer.columns) << answer.mistake;
  return decode_rows(*answer.columns, R"({"data":)" + data + "}", rows);
}

Read read(const std::string& type, const std::string& values) {
  std::string data;
  for (std::size_t at = 0; at <= values.size();) {
    const auto end = std::min(values.find('|', at), values.size());
    const auto value = values.substr(at, end - at);
    data += fmt::format("{}[{}]", data.empty() ? "" : ",", value == "null" ? value : "\"" + value + "\"");
    at = end + 1;
  }
  const auto batch = decode(R"({"name":"c",)" + type + "}", "[" + data + "]");
  if (!batch) return {.type = "", .values = batch.error().message};
  std::string printed;
  const auto& column = *(*batch)->column(0);
  for (std::int64_t i = 0; i < column.length(); ++i) {
    const auto value = column.GetScalar(i).ValueOrDie();
    printed += (i == 0 ? "" : "|") + (value->is_valid ? value->ToString() : "null");
  }
  return {(*batch)->schema()->field(0)->type()->ToString(), printed};
}

void expect(const std::string& type, const std::string& values, const std::string& arrow, const std::string& printed) {
  const auto got = read(type, values);
  EXPECT_EQ(got.type, arrow) << type << ": " << got.values;
  EXPECT_EQ(got.values, printed) << type;
}

void expect_refused(const std::string& type, const std::vector<std::string>& values) {
  for (const auto& value : values) EXPECT_EQ(read(type, value).type, "") << type << " " << value;
}

TEST(SnowflakeDecoder, reads_numbers_by_their_digits) {
  const std::string small = R"("type":"fixed","precision":18,"scale":0)";
  expect(small, "1|-999999999999999999|null|0", "int64", "1|-999999999999999999|null|0");
  expect(R"("type":"FIXED","precision":38,"scale":0)", "-99999999999999999999999999999999999999|7", "decimal128(38, 0)",
         "-99999999999999999999999999999999999999|7");
  const std::string money = R"("type":"fixed","precision":10,"scale":2)";
  expect(money, "12.30|-0.05|12|0.1|null", "decimal128(10, 2)", "12.30|-0.05|12.00|0.10|null");
  expect_refused(small, {"", "1.5", "9999999999999999999", "1e3", " 1", "1 ", "x", "+1"});
  expect_refused(money, {"12.345", "123456789.00", "1e1", "NaN", ".5", "5.", "-", "--1"});
}

TEST(SnowflakeDecoder, reads_floating_point) {
  expect(R"("type":"real")", "1.5|-1e300|NaN|inf|-inf|null", "double", "1.5|-1e+300|nan|inf|-inf|null");
  expect_refused(R"("type":"real")", {"", "1,5", "nan(1)", "0x1", "1.5 "});
}

TEST(SnowflakeDecoder, reads_text_and_what_snowflake_writes_as_text) {
  for (const std::string type : {"text", "variant", "object", "array", "geography", "decfloat", "something new"}) {
    expect(R"("type":")" + type + "\"", R"({\"a\":1}|\u00e4|null)", "string", "{\"a\":1}|ä|null");
  }
}

TEST(SnowflakeDecoder, reads_booleans_and_bytes) {
  expect(R"("type":"boolean")", "true|false|1|0|null", "bool", "true|false|true|false|null");
  expect_refused(R"("type":"boolean")", {"", "yes", "2"});
  const auto bytes = decode(R"({"name":"c","type":"binary"})", R"([["00fF"],[""],[null]])");
  ASSERT_TRUE(bytes);
  const auto& column = static_cast<const arrow::BinaryArray&>(*(*bytes)->column(0));
  EXPECT_EQ(column.GetView(0), std::string_view("\0\xff", 2));
  EXPECT_EQ(column.GetView(1), "");
  EXPECT_TRUE(column.IsNull(2));
  expect_refused(R"("type":"binary")", {"0", "0g", "zz"});
}

TEST(SnowflakeDecoder, reads_dates_and_times) {
  expect(R"("type":"date")", "18262|-719162|2932896|null", "date32[day]", "2020-01-01|0001-01-01|9999-12-31|null");
  expect_refused(R"("type":"date")", {"", "2020-01-01", "99999999999", "1.0"});
  expect(R"("type":"time","scale":9)", "82919.000000001|0.000000000", "time64[ns]",
         "23:01:59.000000001|00:00:00.000000000");
  expect(R"("type":"time","scale":6)", "82919.500000000|82919", "time64[us]", "23:01:59.500000|23:01:59.000000");
  expect_refused(R"("type":"time","scale":6)", {"86400.0", "-1.0", "0.0000001", "", "x"});
}

TEST(SnowflakeDecoder, reads_instants) {
  expect(R"("type":"timestamp_ntz","scale":9)", "1616173619.000000001|-0.500000000", "timestamp[ns]",
         "2021-03-19 17:06:59.000000001|1969-12-31 23:59:59.500000000");
  expect(R"("type":"timestamp_ntz","scale":6)", "253402300799.999999000|-62135596800.000000000", "timestamp[us]",
         "9999-12-31 23:59:59.999999|0001-01-01 00:00:00.000000");
  expect(R"("type":"timestamp_ltz","scale":3)", "1616173619.123000000", "timestamp[us, tz=UTC]",
         "2021-03-19 17:06:59.123000Z");
  expect(R"("type":"timestamp_tz","scale":9)", "1616173619.000000000 960|1616173619.000000000 2160",
         "timestamp[ns, tz=UTC]", "2021-03-19 17:06:59.000000000Z|2021-03-19 17:06:59.000000000Z");
  expect_refused(R"("type":"timestamp_tz","scale":9)", {"1616173619.0", "1616173619.0 -1", "1616173619.0 9999", "1 x"});
  expect_refused(R"("type":"timestamp_ntz","scale":9)", {"", ".", "1.2.3", "99999999999999999999.0"});
}

TEST(SnowflakeDecoder, says_what_to_do_when_nanoseconds_do_not_reach) {
  const auto wrong = decode(R"({"name":"due","type":"timestamp_ntz","scale":9})", R"([["253402300799.000000000"]])");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().category, FailureCategory::statement);
  EXPECT_EQ(wrong.error().sqlstate, "22008");
  EXPECT_NE(wrong.error().message.find("'due'"), std::string::npos);
  const auto zoned = decode(R"({"name":"d","type":"timestamp_tz","scale":9})", R"([["253402300799.000000000 1440"]])");
  EXPECT_EQ(zoned.error().sqlstate, "22008");
}

TEST(SnowflakeDecoder, refuses_columns_that_cannot_be) {
  for (const std::string type :
       {R"("type":"fixed","precision":39,"scale":0)", R"("type":"fixed","precision":0,"scale":0)",
        R"("type":"fixed","precision":5,"scale":6)", R"("type":"fixed","precision":5,"scale":-1)",
        R"("type":"time","scale":10)", R"("type":"timestamp_ntz","scale":-1)", R"("type":7)"}) {
    const auto answer = read_answer(R"({"resultSetMetaData":{"numRows":0,"rowType":[{"name":"c",)" + type + "}]}}");
    EXPECT_FALSE(answer.columns) << type;
    EXPECT_FALSE(answer.mistake.empty());
  }
}

TEST(SnowflakeDecoder, refuses_rows_of_another_form) {
  const std::string column = R"({"name":"c","type":"text"})";
  for (const std::string data : {"[[]]", R"([["a","b"]])", R"(["a"])", R"([[1]])", "[[true]]", "[[1.5]]", "[[{}]]",
                                 "[[[]]]", R"("a")", "{}", "7", R"([["a"])", R"([["a"]],"data":[])", "[{}]"}) {
    EXPECT_FALSE(decode(column, data)) << data;
  }
  EXPECT_FALSE(decode(column, "[[\"\xff\"]]"));
  EXPECT_FALSE(decode(column, R"([["\ud800"]])"));
  EXPECT_FALSE(decode(column, R"([["a"]])", 2));
  EXPECT_TRUE(decode(column, R"([["a"]])", 1));
  EXPECT_TRUE(decode(column, "null", 0));
}

TEST(SnowflakeDecoder, reads_the_same_of_any_length) {
  const std::string long_text(100'000, 'x');
  const auto batch = decode(R"({"name":"c","type":"text"})", R"([[")" + long_text + R"(\n\"é"]])");
  ASSERT_TRUE(batch);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*(*batch)->column(0)).GetString(0), long_text + "\n\"é");
}

// Every beginning of an answer is an answer that broke off.
TEST(SnowflakeDecoder, refuses_every_answer_that_broke_off) {
  const auto answer = read_answer(
      R"({"resultSetMetaData":{"numRows":0,"rowType":[{"name":"a","type":"fixed"},{"name":"b","type":"text"}]}})");
  const std::string whole = R"({"x":{"data":[1]},"data":[["1","\u00e4\n"],[null,null]],"y":[{}]})";
  ASSERT_TRUE(decode_rows(*answer.columns, whole, 2));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_rows(*answer.columns, std::string_view(whole).substr(0, size), 2)) << size;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse::snowflake
