#include "api/snowflake/bindings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace coatcheck::api::snowflake {
namespace {

namespace json = boost::json;

Result<Bindings, SnowflakeError> read(const std::string& text) { return read_bindings(json::parse(text)); }

// The parameter that one binding becomes.
Parameter one(const std::string& type, const json::value& value) {
  const json::value bindings = {{"1", {{"type", type}, {"value", value}}}};
  const auto read = read_bindings(bindings);
  if (!read) {
    ADD_FAILURE() << type << ' ' << json::serialize(value) << ": " << read.error().message;
    return {};
  }
  return read->parameters.at(0);
}

Parameter plain(Parameter::Value value) { return {"", "", std::move(value)}; }
Parameter typed(std::string type, std::string text) { return {"", std::move(type), std::move(text)}; }

TEST(Bindings, each_type_arrives_with_the_value_that_it_was_sent_for) {
  struct Case {
    const char* type;
    const char* value;
    Parameter parameter;
  };
  for (const Case& c : {
           Case{"FIXED", "123", plain(std::int64_t{123})},
           Case{"fixed", "-9223372036854775808", plain(INT64_MIN)},
           Case{"FIXED", "9223372036854775808", typed("HUGEINT", "9223372036854775808")},
           Case{"FIXED", "12.30", typed("DECIMAL(4,2)", "12.30")},
           Case{"FIXED", "1e+21", typed("HUGEINT", "1000000000000000000000")},
           Case{"REAL", "1.5", plain(1.5)},
           Case{"REAL", "1e+16", plain(1e16)},
           Case{"REAL", "+2", plain(2.0)},
           Case{"REAL", "nan", typed("DOUBLE", "NaN")},
           Case{"REAL", "-inf", typed("DOUBLE", "-Infinity")},
           Case{"REAL", "Infinity", typed("DOUBLE", "Infinity")},
           Case{"DECFLOAT", "1.25", typed("DECIMAL(3,2)", "1.25")},
           Case{"DECFLOAT", "1e100", plain(1e100)},
           Case{"TEXT", "it's", plain(std::string("it's"))},
           Case{"TEXT", "", plain(std::string())},
           Case{"ANY", "a", plain(std::string("a"))},
           Case{"BINARY", "00fFab", typed("BLOB", "AP+r")},
           Case{"BINARY", "", typed("BLOB", "")},
           Case{"BOOLEAN", "true", plain(true)},
           Case{"BOOLEAN", "0", plain(false)},
           Case{"DATE", "0", typed("DATE", "1970-01-01")},
           Case{"DATE", "1795305600000", typed("DATE", "2026-11-22")},
           Case{"DATE", "-1", typed("DATE", "1969-12-31")},
           Case{"DATE", "-62135596800000", typed("DATE", "0001-01-01")},
           Case{"DATE", "253402300799999", typed("DATE", "9999-12-31")},
           Case{"DATE", "2026-11-22", typed("DATE", "2026-11-22")},
           Case{"TIME", "0000000000", typed("TIME", "00:00:00")},
           Case{"TIME", "82919123456789", typed("TIME", "23:01:59.123456")},
           Case{"TIME", "23:01:59.5", typed("TIME", "23:01:59.5")},
           Case{"TIMESTAMP_NTZ", "1616173619000000000", typed("TIMESTAMP", "2021-03-19 17:06:59")},
           Case{"TIMESTAMP_NTZ", "1616173619123456000", typed("TIMESTAMP", "2021-03-19 17:06:59.123456")},
           Case{"TIMESTAMP_NTZ", "1616173619123456789", typed("TIMESTAMP_NS", "2021-03-19 17:06:59.123456789")},
           Case{"TIMESTAMP", "-500000000", typed("TIMESTAMP", "1969-12-31 23:59:59.500000")},
           Case{"TIMESTAMP_NTZ", "253402300799999999999", typed("TIMESTAMP", "9999-12-31 23:59:59.999999")},
           Case{"TIMESTAMP_NTZ", "2021-03-19T17:06:59Z", typed("TIMESTAMP", "2021-03-19T17:06:59Z")},
           Case{"TIMESTAMP_LTZ", "1616173619000000000", typed("TIMESTAMPTZ", "2021-03-19 17:06:59+00:00")},
           Case{"TIMESTAMP_TZ", "1616173619000000000 960", typed("TIMESTAMPTZ", "2021-03-19 17:06:59+00:00")},
           Case{"TIMESTAMP_TZ", "1616173619000000000", typed("TIMESTAMPTZ", "2021-03-19 17:06:59+00:00")},
           Case{"VARIANT", R"({"a":[1]})", typed("JSON", R"({"a":[1]})")},
           Case{"VARIANT", "2021-03-19T17:06:59.000Z", plain(std::string("2021-03-19T17:06:59.000Z"))},
           Case{"ARRAY", "[1,2]", typed("JSON", "[1,2]")},
           Case{"OBJECT", "{}", typed("JSON", "{}")},
       }) {
    EXPECT_EQ(one(c.type, c.value), c.parameter) << c.type << ' ' << c.value;
  }
}

TEST(Bindings, a_value_may_come_as_itself_instead_of_as_text) {
  EXPECT_EQ(one("FIXED", 7), plain(std::int64_t{7}));
  EXPECT_EQ(one("BOOLEAN", true), plain(true));
  EXPECT_EQ(one("REAL", 1.5), plain(1.5));
}

TEST(Bindings, null_is_null_in_every_type) {
  for (const char* type : {"FIXED", "REAL", "TEXT", "ANY", "BINARY", "DATE", "TIMESTAMP_TZ", "OBJECT", "NONSENSE"}) {
    EXPECT_EQ(one(type, nullptr), plain(std::monostate())) << type;
  }
  const auto none = read(R"({"1":{"type":"TEXT"}})");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->parameters.at(0), plain(std::monostate()));
}

TEST(Bindings, what_is_none_of_its_type_is_said_as_snowflake_says_it) {
  const auto read_one = read(R"({"1":{"type":"FIXED","value":"12a"}})");
  ASSERT_FALSE(read_one);
  EXPECT_EQ(read_one.error(), (SnowflakeError{"100037", "22018", "FIXED value '12a' is not recognized", 0}));
  struct Case {
    const char* type;
    json::value value;
  };
  for (const Case& c : {
           Case{"FIXED", ""},
           Case{"FIXED", "NaN"},
           Case{"FIXED", "1e40"},
           Case{"REAL", "1.5x"},
           Case{"REAL", "++1"},
           Case{"REAL", "nan(1)"},
           Case{"REAL", "1e400"},
           Case{"BOOLEAN", "maybe"},
           Case{"BINARY", "abc"},
           Case{"BINARY", "zz"},
           Case{"DATE", "1.5"},
           Case{"DATE", "253402300800000"},
           Case{"DATE", "99999999999999999999"},
           Case{"TIME", "86400000000000"},
           Case{"TIME", "-1"},
           Case{"TIMESTAMP_NTZ", "1e9"},
           Case{"TIMESTAMP_NTZ", "253402300800000000000"},
           Case{"TIMESTAMP_NTZ", "99999999999999999999999999999"},
           Case{"TIMESTAMP_TZ", "0 9999"},
           Case{"TIMESTAMP_TZ", "0 x"},
           Case{"DATE", "2026-01-01'; --"},
           Case{"NONSENSE", "1"},
           Case{"TEXT", json::string("a\0b", 3)},
       }) {
    const json::value bindings = {{"1", {{"type", c.type}, {"value", c.value}}}};
    const auto result = read_bindings(bindings);
    ASSERT_FALSE(result) << c.type << ' ' << json::serialize(c.value);
    EXPECT_EQ(result.error().code, "100037") << c.type;
    EXPECT_EQ(result.error().sqlstate, "22018") << c.type;
  }
}

TEST(Bindings, a_long_value_is_shown_in_part) {
  const json::value bindings = {{"1", {{"type", "FIXED"}, {"value", std::string(1 << 20, 'x')}}}};
  EXPECT_LT(read_bindings(bindings).error().message.size(), 300U);
}

TEST(Bindings, positions_come_in_their_order) {
  std::string text = "{";
  for (int i = 12; i != 0; --i)
    text += fmt::format(R"("{}":{{"type":"FIXED","value":"{}"}}{})", i, i, i == 1 ? "}" : ",");
  const auto bindings = read(text);
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_TRUE(bindings->rows.empty());
  ASSERT_EQ(bindings->parameters.size(), 12U);
  for (std::size_t i = 0; i != 12; ++i) EXPECT_EQ(bindings->parameters[i], plain(static_cast<std::int64_t>(i + 1)));
}

TEST(Bindings, names_stay_names) {
  const auto bindings = read(R"({"day":{"type":"TEXT","value":"a"},"id":{"type":"FIXED","value":"1"}})");
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_EQ(bindings->parameters[0], (Parameter{"day", "", std::string("a")}));
  EXPECT_EQ(bindings->parameters[1], (Parameter{"id", "", std::int64_t{1}}));
}

TEST(Bindings, arrays_are_rows) {
  const auto bindings =
      read(R"({"1":{"type":"FIXED","value":["1","2",null]},"2":{"type":"TEXT","value":["a",null,"c"]}})");
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_TRUE(bindings->parameters.empty());
  ASSERT_EQ(bindings->rows.size(), 3U);
  using ::testing::ElementsAre;
  EXPECT_THAT(bindings->rows.row(0), ElementsAre(plain(std::int64_t{1}), typed(std::string(loose_text), "a")));
  EXPECT_THAT(bindings->rows.row(1), ElementsAre(plain(std::int64_t{2}), plain(std::monostate())));
  EXPECT_THAT(bindings->rows.row(2), ElementsAre(plain(std::monostate()), typed(std::string(loose_text), "c")));
}

TEST(Bindings, an_array_of_one_is_one_run) {
  const auto bindings = read(R"({"a":{"type":"FIXED","value":["1"]},"b":{"type":"TEXT","value":["x"]}})");
  ASSERT_TRUE(bindings) << bindings.error().message;
  EXPECT_TRUE(bindings->rows.empty());
  EXPECT_THAT(bindings->parameters,
              ::testing::ElementsAre(Parameter{"a", "", std::int64_t{1}}, Parameter{"b", "", "x"}));
}

TEST(Bindings, a_cell_that_is_none_of_its_type_is_found_in_any_row) {
  EXPECT_EQ(read(R"({"1":{"type":"FIXED","value":["1","2","x"]}})").error().message,
            "FIXED value 'x' is not recognized");
}

TEST(Bindings, nothing_bound_is_no_row) {
  for (const char* text : {"null", "{}"}) {
    const auto bindings = read(text);
    ASSERT_TRUE(bindings);
    EXPECT_TRUE(bindings->empty());
  }
}

TEST(Bindings, another_form_is_refused) {
  for (const char* text : {
           "[]",
           "7",
           R"({"1":7})",
           R"({"1":{"type":7,"value":"a"}})",
           R"({"2":{"type":"TEXT","value":"a"}})",
           R"({"1":{"value":"a"},"a":{"value":"b"}})",
           R"({"1":{"value":"a"},"01":{"value":"b"}})",
           R"({"":{"value":"a"}})",
           R"({"1":{"value":["a"]},"2":{"value":"b"}})",
           R"({"1":{"value":["a","b"]},"2":{"value":["b"]}})",
           R"({"1":{"value":[]}})",
       }) {
    const auto bindings = read(text);
    ASSERT_FALSE(bindings) << text;
    EXPECT_EQ(bindings.error().code, "390142") << text;
  }
}

TEST(Bindings, more_than_the_limits_is_refused) {
  json::object many;
  for (std::size_t i = 1; i != binding_columns_max + 2; ++i) many[std::to_string(i)] = {{"value", "a"}};
  EXPECT_EQ(read_bindings(many).error().code, "390142");
  json::array values(parameter_cells_max + 1, json::value(nullptr));
  const json::value large = {{"1", {{"type", "TEXT"}, {"value", values}}}};
  EXPECT_EQ(read_bindings(large).error().code, "390142");
}

}  // namespace
}  // namespace coatcheck::api::snowflake
