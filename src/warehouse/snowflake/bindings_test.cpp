#include "warehouse/snowflake/bindings.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <tuple>

#include "warehouse/snowflake/moment.hpp"

namespace coatcheck::warehouse::snowflake {
namespace {

Outcome<std::string> written(Parameter parameter) {
  return write_bindings({.text = "", .parameters = {std::move(parameter)}});
}

std::string binding(const std::string& type, const std::string& text) {
  const auto json = written({.type = type, .value = text});
  return json ? json->substr(5, json->size() - 6) : json.error().sqlstate;
}

std::string expected(const std::string& type, const std::string& value) {
  return R"({"type":")" + type + R"(","value":")" + value + "\"}";
}

TEST(Bindings, are_numbered_from_one) {
  const auto json = write_bindings({.text = "", .parameters = {{.value = true}, {.value = {}}, {.value = "a\"b"}}});
  ASSERT_TRUE(json);
  EXPECT_EQ(
      *json,
      R"({"1":{"type":"BOOLEAN","value":"true"},"2":{"type":"TEXT","value":null},"3":{"type":"TEXT","value":"a\"b"}})");
  EXPECT_EQ(*write_bindings({.text = ""}), "");
}

TEST(Bindings, without_a_type_are_what_the_value_is) {
  EXPECT_EQ(*written({.value = std::int64_t{-7}}), R"({"1":{"type":"FIXED","value":"-7"}})");
  EXPECT_EQ(*written({.value = std::numeric_limits<std::uint64_t>::max()}),
            R"({"1":{"type":"FIXED","value":"18446744073709551615"}})");
  EXPECT_EQ(*written({.value = 0.1}), R"({"1":{"type":"REAL","value":"0.1"}})");
  EXPECT_EQ(*written({.value = -std::numeric_limits<double>::infinity()}), R"({"1":{"type":"REAL","value":"-inf"}})");
}

TEST(Bindings, with_a_type_are_in_the_form_of_the_api) {
  EXPECT_EQ(binding("number(38, 2)", "-12.30"), expected("FIXED", "-12.30"));
  EXPECT_EQ(binding("double", "NaN"), expected("REAL", "NaN"));
  EXPECT_EQ(binding("BOOL", "1"), expected("BOOLEAN", "true"));
  EXPECT_EQ(binding("varchar(10)", "x"), expected("TEXT", "x"));
  EXPECT_EQ(binding(std::string(loose_text), "x"), expected("TEXT", "x"));
  EXPECT_EQ(binding("BLOB", "AP8="), expected("BINARY", "00ff"));
  EXPECT_EQ(binding("HEX", "00FF"), expected("BINARY", "00ff"));
  EXPECT_EQ(binding("DATE", "2020-01-01"), expected("DATE", "1577836800000"));
  EXPECT_EQ(binding("DATE", "1969-12-31"), expected("DATE", "-86400000"));
  EXPECT_EQ(binding("TIME", "23:01:59.5"), expected("TIME", "82919500000000"));
  EXPECT_EQ(binding("TIME", "00:00:00"), expected("TIME", "0"));
  EXPECT_EQ(binding("TIMESTAMP", "2021-03-19 17:06:59"), expected("TIMESTAMP_NTZ", "1616173619000000000"));
  EXPECT_EQ(binding("timestamp_ntz(9)", "1969-12-31T23:59:59.75"), expected("TIMESTAMP_NTZ", "-250000000"));
  EXPECT_EQ(binding("TIMESTAMP", "9999-12-31 23:59:59.999999999"), expected("TIMESTAMP_NTZ", "253402300799999999999"));
  EXPECT_EQ(binding("TIMESTAMP_LTZ", "2021-03-19T18:06:59+01:00"), expected("TIMESTAMP_LTZ", "1616173619000000000"));
  EXPECT_EQ(binding("TIMESTAMPTZ", "2021-03-19 09:06:59-0800"), expected("TIMESTAMP_TZ", "1616173619000000000 960"));
  EXPECT_EQ(binding("timestamp with time zone", "2021-03-19 17:06:59 Z"),
            expected("TIMESTAMP_TZ", "1616173619000000000 1440"));
  EXPECT_EQ(*written({.type = "DATE", .value = {}}), R"({"1":{"type":"DATE","value":null}})");
}

TEST(Bindings, that_are_no_such_value_are_refused) {
  const std::pair<std::string, std::string> wrong[] = {{"NUMBER", "1e5"},
                                                       {"NUMBER", ""},
                                                       {"NUMBER", "1; DROP"},
                                                       {"REAL", "x"},
                                                       {"BOOLEAN", "maybe"},
                                                       {"BINARY", "%"},
                                                       {"HEX", "abc"},
                                                       {"DATE", "2020-02-30"},
                                                       {"DATE", "2020-1-1"},
                                                       {"DATE", "18262"},
                                                       {"TIME", "24:00:00"},
                                                       {"TIME", "12:00:60"},
                                                       {"TIME", "12:00:00."},
                                                       {"TIME", "12"},
                                                       {"TIMESTAMP", "2020-01-01X"},
                                                       {"TIMESTAMP", "2020-01-01T00:00Z"},
                                                       {"TIMESTAMPTZ", "2020-01-01 00:00:00+15:00"},
                                                       {"TIMESTAMPTZ", "2020-01-01 00:00:00.1234567891Z"}};
  for (const auto& [type, text] : wrong) EXPECT_EQ(binding(type, text), "22018") << type << " " << text;
}

TEST(Bindings, that_snowflake_has_not_are_refused) {
  EXPECT_EQ(binding("INTERVAL", "1 day"), "42704");
  EXPECT_EQ(written({.name = "a", .value = true}).error().sqlstate, "0A000");
  const auto rows = write_bindings({.text = "", .parameter_rows = {1, {{.value = true}}}});
  EXPECT_EQ(rows.error().sqlstate, "0A000");
  EXPECT_NE(rows.error().message.find("FLATTEN(PARSE_JSON(?))"), std::string::npos) << "and what to do instead";
}

TEST(NanosecondsText, has_the_sign_of_the_whole) {
  EXPECT_EQ(nanoseconds_text(0, 0), "0");
  EXPECT_EQ(nanoseconds_text(0, 5), "5");
  EXPECT_EQ(nanoseconds_text(1, 5), "1000000005");
  EXPECT_EQ(nanoseconds_text(-1, 0), "-1000000000");
  EXPECT_EQ(nanoseconds_text(-1, 999'999'999), "-1");
  EXPECT_EQ(nanoseconds_text(-2, 1), "-1999999999");
}

}  // namespace
}  // namespace coatcheck::warehouse::snowflake
