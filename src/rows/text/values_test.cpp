#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows {
namespace {

using testing::array;
using testing::check;
using testing::in_csv;
using testing::in_json;
using testing::value_or_throw;

template <class Type, class T = typename Type::c_type>
std::shared_ptr<arrow::Array> numbers(const std::vector<T>& values,
                                      const std::shared_ptr<arrow::DataType>& type = std::make_shared<Type>()) {
  arrow::NumericBuilder<Type> builder(type, arrow::default_memory_pool());
  check(builder.AppendValues(values));
  return value_or_throw(builder.Finish());
}

std::shared_ptr<arrow::Array> strings(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  check(builder.AppendValues(values));
  return value_or_throw(builder.Finish());
}

TEST(Numbers, integers_keep_every_digit) {
  EXPECT_EQ(in_json(array(arrow::int8(), "[-128, 0, 127, null]")), "-128\n0\n127\nnull\n");
  EXPECT_EQ(in_json(numbers<arrow::Int64Type>({INT64_MIN, INT64_MAX, -1})),
            "-9223372036854775808\n9223372036854775807\n-1\n");
  EXPECT_EQ(in_csv(numbers<arrow::UInt64Type>({UINT64_MAX, 0, 9, 10, 99, 100})),
            "18446744073709551615\n0\n9\n10\n99\n100\n");
}

TEST(Numbers, every_power_of_ten_and_its_neighbours) {
  std::vector<std::uint64_t> values;
  std::string expected;
  for (std::uint64_t power = 1, i = 0; i < 20; ++i, power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1}) {
      values.push_back(value);
      expected += std::to_string(value) + "\n";
    }
  }
  EXPECT_EQ(in_json(numbers<arrow::UInt64Type>(values)), expected);
}

TEST(Numbers, decimals_keep_their_scale) {
  EXPECT_EQ(in_json(array(arrow::decimal128(10, 2), R"(["10.10", "-0.05", "0.00", "-12345678.90", null])")),
            "10.10\n-0.05\n0.00\n-12345678.90\nnull\n");
  EXPECT_EQ(in_csv(array(arrow::decimal128(38, 20),
                         R"(["0.00000000000000000001", "-123456789012345678.50000000000000000000"])")),
            "0.00000000000000000001\n-123456789012345678.50000000000000000000\n");
  EXPECT_EQ(in_json(array(arrow::decimal32(9, 3), R"(["-1.234", "0.001"])")), "-1.234\n0.001\n");
  EXPECT_EQ(in_json(array(arrow::decimal64(18, 0), R"(["-123456789012345678"])")), "-123456789012345678\n");
}

TEST(Numbers, negative_scales_become_zeros) {
  const auto type = arrow::decimal128(5, -3);
  arrow::Decimal128Builder builder(type);
  check(builder.Append(arrow::Decimal128(12)));
  check(builder.Append(arrow::Decimal128(0)));
  EXPECT_EQ(in_json(value_or_throw(builder.Finish())), "12000\n0\n");
}

TEST(Numbers, any_128_and_256_bit_value_is_exact) {
  arrow::Decimal128Builder huge(arrow::decimal128(38, 0));
  check(huge.Append(arrow::Decimal128(INT64_MAX, UINT64_MAX)));
  check(huge.Append(arrow::Decimal128(INT64_MIN, 0)));
  check(huge.Append(arrow::Decimal128(0, UINT64_MAX)));
  EXPECT_EQ(in_json(value_or_throw(huge.Finish())),
            "170141183460469231731687303715884105727\n-170141183460469231731687303715884105728\n"
            "18446744073709551615\n");
  arrow::Decimal256Builder wide(arrow::decimal256(76, 1));
  check(wide.Append(arrow::Decimal256(std::array<std::uint64_t, 4>{0, 0, 0, 0x8000000000000000})));
  check(wide.Append(arrow::Decimal256(-5)));
  EXPECT_EQ(in_json(value_or_throw(wide.Finish())),
            "-5789604461865809771178549250434395392663499233282028201972879200395656481996.8\n-0.5\n");
}

TEST(Numbers, doubles_read_back_as_floating_point) {
  EXPECT_EQ(in_json(numbers<arrow::DoubleType>({0.0, -0.0, 1.0, 0.1, -2.5, 1234.5678, 1e15, 1e22, 5e-324, 123456789.125,
                                                1e-6, 9007199254740993.0, 0.1 + 0.2, 1.7976931348623157e308})),
            "0.0\n-0.0\n1.0\n0.1\n-2.5\n1234.5678\n1e+15\n1e+22\n5e-324\n123456789.125\n0.000001\n"
            "9007199254740992.0\n0.30000000000000004\n1.7976931348623157e+308\n");
  EXPECT_EQ(in_json(numbers<arrow::FloatType>({0.1F, 16777216.0F, 1.0F, -0.0F, 3.4028235e38F})),
            "0.1\n16777216.0\n1.0\n-0.0\n3.4028235e+38\n");
}

TEST(Numbers, what_is_not_finite_is_a_word) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto values = numbers<arrow::DoubleType>({std::nan(""), infinity, -infinity});
  EXPECT_EQ(in_json(values), "\"NaN\"\n\"Infinity\"\n\"-Infinity\"\n");
  EXPECT_EQ(in_csv(values), "NaN\nInfinity\n-Infinity\n");
}

TEST(Moments, dates_reach_beyond_four_digit_years) {
  const auto days = numbers<arrow::Date32Type>({0, 20779, -1, -719528, -719529, 2932896, 2932897, 11016});
  EXPECT_EQ(in_csv(days),
            "1970-01-01\n2026-11-22\n1969-12-31\n0000-01-01\n-0001-12-31\n9999-12-31\n+10000-01-01\n2000-02-29\n");
  EXPECT_EQ(in_json(numbers<arrow::Date32Type>({INT32_MAX, -INT32_MAX, INT32_MIN})),
            "\"infinity\"\n\"-infinity\"\n\"-5877641-06-23\"\n");
}

TEST(Moments, timestamps_have_as_many_decimals_as_they_need) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(
      in_csv(numbers<arrow::TimestampType>({0, 1, 1000, 1'795'355'100'123'456, -1, INT64_MAX, -INT64_MAX}, micros)),
      "1970-01-01T00:00:00\n1970-01-01T00:00:00.000001\n1970-01-01T00:00:00.001\n2026-11-22T13:45:00.123456\n"
      "1969-12-31T23:59:59.999999\ninfinity\n-infinity\n");
  const auto zoned = arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin");
  EXPECT_EQ(in_json(numbers<arrow::TimestampType>({1, 86'400'000'000'000}, zoned)),
            "\"1970-01-01T00:00:00.000000001Z\"\n\"1970-01-02T00:00:00Z\"\n");
  const auto seconds = arrow::timestamp(arrow::TimeUnit::SECOND);
  EXPECT_EQ(in_csv(numbers<arrow::TimestampType>({INT64_MIN, INT64_MAX - 1}, seconds)),
            "-292277022657-01-27T08:29:52\n+292277026596-12-04T15:30:06\n");
}

TEST(Moments, times_of_day) {
  EXPECT_EQ(in_csv(numbers<arrow::Time64Type>({0, 49'500'123'456, 86'400'000'000, -1'000'000},
                                              arrow::time64(arrow::TimeUnit::MICRO))),
            "00:00:00\n13:45:00.123456\n24:00:00\n-00:00:01\n");
  EXPECT_EQ(in_json(numbers<arrow::Time32Type>({1500}, arrow::time32(arrow::TimeUnit::MILLI))), "\"00:00:01.500\"\n");
}

TEST(Moments, intervals_are_iso_8601) {
  arrow::MonthDayNanoIntervalBuilder builder;
  for (const arrow::MonthDayNanoIntervalType::MonthDayNanos value :
       {arrow::MonthDayNanoIntervalType::MonthDayNanos{14, 3, 14'706'789'000'000},
        {0, 0, 0},
        {-1, 0, 0},
        {0, 1, -1},
        {INT32_MIN, INT32_MIN, INT64_MIN}}) {
    check(builder.Append(value));
  }
  EXPECT_EQ(in_csv(value_or_throw(builder.Finish())),
            "P1Y2M3DT4H5M6.789S\nPT0S\nP-1M\nP1DT-0.000000001S\n"
            "P-178956970Y-8M-2147483648DT-2562047H-47M-16.854775808S\n");
  EXPECT_EQ(in_json(numbers<arrow::DurationType>({90'061, -60}, arrow::duration(arrow::TimeUnit::SECOND))),
            "\"PT25H1M1S\"\n\"PT-1M\"\n");
}

TEST(Strings, json_escapes_at_every_place_of_a_word) {
  for (std::size_t size = 0; size < 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const auto& [raw, escaped] : {std::pair<std::string, std::string>{"\"", "\\\""},
                                         {"\\", "\\\\"},
                                         {"\n", "\\n"},
                                         {std::string(1, '\0'), "\\u0000"},
                                         {"\x1f", "\\u001f"},
                                         {"\x7f", "\x7f"},
                                         {"\xC3\xA9", "\xC3\xA9"},
                                         {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
                                         {"\xFF", "\xEF\xBF\xBD"}}) {
        const std::string before(at, '!');
        const std::string after(size - at - 1, 'z');
        ASSERT_EQ(in_json(strings({before + raw + after})), "\"" + before + escaped + after + "\"\n");
      }
    }
  }
}

TEST(Strings, what_is_not_utf8_is_replaced_piece_by_piece) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(in_json(strings({"a\xC0\xAF"
                             "b"})),
            "\"a" + replacement + replacement + "b\"\n");
  EXPECT_EQ(in_json(strings({"\xE2\x82"})), "\"" + replacement + "\"\n");
  EXPECT_EQ(in_json(strings({"\xED\xA0\x80"})), "\"" + replacement + replacement + replacement + "\"\n");
  EXPECT_EQ(in_json(strings({"\xF4\x90\x80\x80"})),
            "\"" + replacement + replacement + replacement + replacement + "\"\n");
  EXPECT_EQ(in_csv(strings({"x\xF0\x9F\x98"})), "x" + replacement + "\n");
  const std::string three = replacement + replacement + replacement;
  EXPECT_EQ(in_csv(strings({"\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xE0\xA0\x80"})),
            three + "\n" + three + replacement + "\n\xE0\xA0\x80\n");
}

TEST(Strings, csv_quotes_only_where_needed) {
  EXPECT_EQ(in_csv(strings({"plain text", " spaces ", "a,b", "say \"hi\"", "line\nend", "tab\tand \x01", "", "=1+1"})),
            "plain text\n spaces \n\"a,b\"\n\"say \"\"hi\"\"\"\n\"line\nend\"\ntab\tand \x01\n\"\"\n=1+1\n");
}

TEST(Strings, views_and_large_strings_are_strings) {
  const std::string json = R"(["short", "longer than twelve bytes", null, ""])";
  const std::string expected = "\"short\"\n\"longer than twelve bytes\"\nnull\n\"\"\n";
  EXPECT_EQ(in_json(array(arrow::large_utf8(), json)), expected);
  EXPECT_EQ(in_json(array(arrow::utf8_view(), json)), expected);
}

TEST(Strings, bytes_are_base64) {
  const auto bytes = array(arrow::binary(), R"(["", "f", "fo", "foo", "foob", null])");
  EXPECT_EQ(in_json(bytes), "\"\"\n\"Zg==\"\n\"Zm8=\"\n\"Zm9v\"\n\"Zm9vYg==\"\nnull\n");
  EXPECT_EQ(in_csv(bytes), "\"\"\nZg==\nZm8=\nZm9v\nZm9vYg==\n\n");
  EXPECT_EQ(in_json(array(arrow::fixed_size_binary(3), R"(["foo"])")), "\"Zm9v\"\n");
}

TEST(Strings, uuids_are_hyphenated) {
  const auto storage = array(arrow::fixed_size_binary(16), R"(["0123456789abcdef"])");
  const auto uuid = arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage);
  EXPECT_EQ(in_csv(uuid), "30313233-3435-3637-3839-616263646566\n");
}

}  // namespace
}  // namespace coatcheck::rows
