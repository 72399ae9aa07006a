#include "warehouse/trino/literal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "warehouse/trino/type_name.hpp"

namespace coatcheck::warehouse::trino {
namespace {

std::string made(Parameter parameter) {
  auto text = literal(parameter, 0);
  return text ? *text : "refused " + text.error().sqlstate;
}

// Reads what Trino's lexer would take for one text ('…' with '' for a quote); nothing unless that is all there is.
std::optional<std::string> read_back(std::string_view sql) {
  if (sql.size() < 2 || sql.front() != '\'') return std::nullopt;
  std::string text;
  for (std::size_t i = 1; i < sql.size(); ++i) {
    if (sql[i] != '\'') {
      text += sql[i];
    } else if (i + 1 == sql.size()) {
      return text;
    } else if (sql[++i] != '\'') {
      return std::nullopt;
    } else {
      text += '\'';
    }
  }
  return std::nullopt;
}

TEST(Literal, a_value_alone_speaks_for_itself) {
  EXPECT_EQ(made({.value = std::monostate{}}), "NULL");
  EXPECT_EQ(made({.value = true}), "TRUE");
  EXPECT_EQ(made({.value = false}), "FALSE");
  EXPECT_EQ(made({.value = std::int64_t{-5}}), "INTEGER '-5'");
  EXPECT_EQ(made({.value = std::int64_t{2'147'483'648}}), "BIGINT '2147483648'");
  EXPECT_EQ(made({.value = std::numeric_limits<std::int64_t>::min()}), "BIGINT '-9223372036854775808'");
  EXPECT_EQ(made({.value = std::uint64_t{7}}), "INTEGER '7'");
  EXPECT_EQ(made({.value = std::numeric_limits<std::uint64_t>::max()}), "DECIMAL '18446744073709551615'");
  EXPECT_EQ(made({.value = 0.1}), "DOUBLE '0.1'");
  EXPECT_EQ(made({.value = 1e300}), "DOUBLE '1e+300'");
  EXPECT_EQ(made({.value = std::nan("")}), "nan()");
  EXPECT_EQ(made({.value = -std::numeric_limits<double>::infinity()}), "-infinity()");
  EXPECT_EQ(made({.value = std::string("x")}), "'x'");
  EXPECT_EQ(made({.type = std::string(loose_text), .value = std::string("x")}), "'x'");
}

TEST(Literal, no_text_ends_its_literal_early) {
  for (const std::string text :
       {"", "'", "''", "'''", "\\'", "\\", "a'b", "'; DROP TABLE t; --", "' || (SELECT 1) || '", "\n'\r\n", "--'",
        "/*'", "\xC3\xA4'\xE2\x80\x99", "U&'\\0027'", "\xCA\xBC", "\xEF\xBC\x87"}) {
    const auto sql = text_literal(text);
    EXPECT_EQ(read_back(sql), text) << sql;
    EXPECT_EQ(made({.value = text}), sql);
  }
}

TEST(Literal, no_text_of_few_hostile_characters_ends_its_literal_early) {
  constexpr std::string_view alphabet = "'\\\"-;";
  for (int word = 0; word < 5 * 5 * 5 * 5 * 5 * 5; ++word) {
    std::string text;
    for (int rest = word, i = 0; i < 6; ++i, rest /= 5) text += alphabet[static_cast<std::size_t>(rest % 5)];
    ASSERT_EQ(read_back(text_literal(text)), text);
    ASSERT_EQ(read_back(text_literal(text_literal(text))), text_literal(text));
  }
}

TEST(Literal, text_that_is_not_utf8_is_refused) {
  for (const std::string text : {"\xC0\xA7", "\xE0\x80\xA7", "\xED\xA0\x80", "\xFF", "a\xC3", "\xF8\x88\x80\x80\xA7"}) {
    EXPECT_EQ(made({.value = text}), "refused 22021");
    EXPECT_EQ(made({.type = "varchar", .value = text}), "refused 22021");
  }
}

TEST(Literal, a_type_casts_the_characters_of_the_value) {
  EXPECT_EQ(made({.type = "decimal(38, 10)", .value = std::string("1.5")}), "CAST('1.5' AS DECIMAL(38,10))");
  EXPECT_EQ(made({.type = "BIGINT", .value = std::int64_t{5}}), "CAST('5' AS BIGINT)");
  EXPECT_EQ(made({.type = "boolean", .value = true}), "CAST('true' AS BOOLEAN)");
  EXPECT_EQ(made({.type = "double", .value = std::nan("")}), "CAST('NaN' AS DOUBLE)");
  EXPECT_EQ(made({.type = "date", .value = std::monostate{}}), "CAST(NULL AS DATE)");
  EXPECT_EQ(made({.type = "date", .value = std::string("2020-01-01'")}), "CAST('2020-01-01''' AS DATE)");
  EXPECT_EQ(made({.type = "json", .value = std::string("{\"a\":\"'\"}")}), "json_parse('{\"a\":\"''\"}')");
  EXPECT_EQ(made({.type = "array(bigint)", .value = std::string("[1]")}), "CAST(json_parse('[1]') AS ARRAY(BIGINT))");
}

TEST(Literal, bytes_are_base64_and_become_digits) {
  EXPECT_EQ(made({.type = "varbinary", .value = std::string("AP8n")}), "X'00FF27'");
  EXPECT_EQ(made({.type = "varbinary", .value = std::string("")}), "X''");
  for (const std::string text : {"'", "YWI", "YWI==", "YW=I", "====", "YW I=", "YWI-", "YWI=YWI="}) {
    EXPECT_EQ(made({.type = "varbinary", .value = text}), "refused 22018") << text;
  }
}

TEST(Literal, timestamps_may_be_of_rfc_3339) {
  EXPECT_EQ(made({.type = "timestamp(3)", .value = std::string("2020-01-01T01:02:03.5")}),
            "CAST('2020-01-01 01:02:03.5' AS TIMESTAMP(3))");
  EXPECT_EQ(made({.type = "timestamp(6) with time zone", .value = std::string("2020-01-01T01:02:03Z")}),
            "CAST('2020-01-01 01:02:03 UTC' AS TIMESTAMP(6) WITH TIME ZONE)");
  EXPECT_EQ(made({.type = "timestamp", .value = std::string("T'")}), "CAST('T''' AS TIMESTAMP)");
}

TEST(Literal, names_are_refused) { EXPECT_EQ(made({.name = "a", .value = true}), "refused 07001"); }

TEST(TypeName, is_written_anew_from_known_words) {
  const std::pair<const char*, const char*> good[] = {
      {"int", "INTEGER"},
      {" Decimal ( 10 , 2 ) ", "DECIMAL(10,2)"},
      {"varchar(5)", "VARCHAR(5)"},
      {"double precision", "DOUBLE"},
      {"timestamp (6)  with  time zone", "TIMESTAMP(6) WITH TIME ZONE"},
      {"time without time zone", "TIME"},
      {"timestamptz", "TIMESTAMP(6) WITH TIME ZONE"},
      {"map(varchar, array(decimal(3,1)))", "MAP(VARCHAR, ARRAY(DECIMAL(3,1)))"},
      {"row(a bigint, select varchar)", "ROW(\"a\" BIGINT, \"select\" VARCHAR)"},
  };
  for (const auto& [text, sql] : good) {
    const auto type = read_type_name(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(type->sql, sql);
  }
}

TEST(TypeName, anything_else_is_refused) {
  for (const auto* text : {"",
                           "unknown_type",
                           "bigint)",
                           "bigint) OR 1=1 --",
                           "decimal(10,2",
                           "decimal(10,2,3)",
                           "decimal(-1)",
                           "decimal(a)",
                           "decimal()",
                           "varchar(5) x",
                           "bigint;",
                           "date'",
                           "array",
                           "array()",
                           "array(bigint",
                           "array(bigint,bigint)",
                           "map(bigint)",
                           "row()",
                           "row(bigint)",
                           "row(\"a\" bigint)",
                           "row(a bigint) x",
                           "timestamp with",
                           "timestamp with time",
                           "boolean(1)",
                           "VARCHAR\n",
                           "varchar(99999999999)",
                           "decimal(1e2)",
                           "big int",
                           "bigint\xC3\xA4"}) {
    EXPECT_FALSE(read_type_name(text)) << text;
  }
  std::string deep = "bigint";
  for (int i = 0; i < 20; ++i) deep = "array(" + deep + ")";
  EXPECT_FALSE(read_type_name(deep));
  EXPECT_EQ(made({.type = "bigint) OR 1=1 --", .value = std::int64_t{1}}), "refused 42704");
}

TEST(Bind, a_statement_alone_is_sent_as_it_is) {
  auto bound = bind("SELECT '?'", {});
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->text, "SELECT '?'");
  EXPECT_EQ(bound->columns_before, 0U);
}

TEST(Bind, parameters_go_behind_the_statement_in_order) {
  const Parameter parameters[] = {{.value = std::int64_t{1}}, {.value = std::string("it's")}};
  auto bound = bind("SELECT ?, 'a', ?", parameters);
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->text, "EXECUTE IMMEDIATE 'SELECT ?, ''a'', ?' USING INTEGER '1', 'it''s'");
  EXPECT_EQ(bound->columns_before, 19U);
}

TEST(Bind, a_statement_that_is_not_utf8_is_refused) {
  const Parameter parameters[] = {{.value = true}};
  EXPECT_FALSE(bind("SELECT '\xC0\xA7' || ?", parameters));
  EXPECT_FALSE(bind("SELECT '\xFF'", {}));
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
