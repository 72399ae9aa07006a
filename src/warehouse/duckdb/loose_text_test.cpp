#include "warehouse/duckdb/loose_text.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::duckdb {
namespace {

// Type and text of what it is.
std::string shown(duckdb_type expected, std::string text) {
  const auto what = settled({.type = std::string(loose_text), .value = std::move(text)}, expected);
  return what ? what->type + " " + std::get<std::string>(what->value) : "nothing";
}

TEST(LooseText, a_number_is_a_date_or_a_time_where_one_is_expected) {
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "1709164800000"), "DATE 2024-02-29");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "86400000"), "DATE 1970-01-02") << "Python's milliseconds";
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "-86400000"), "DATE 1969-12-31");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "0"), "DATE 1970-01-01");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "1709210096789000000"), "DATE 2024-02-29");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "1709210096"), "DATE 2024-02-29");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "253402214400000"), "DATE 9999-12-31");
  EXPECT_EQ(shown(DUCKDB_TYPE_TIME, "45296789000000"), "TIME 12:34:56.789000000");
  EXPECT_EQ(shown(DUCKDB_TYPE_TIME, "45296"), "TIME 12:34:56.000000000");
  for (const char* same : {"1709210096", "1709210096000", "1709210096000000", "1709210096000000000"}) {
    EXPECT_EQ(shown(DUCKDB_TYPE_TIMESTAMP, same), "TIMESTAMP 2024-02-29 12:34:56.000000000") << same;
  }
  EXPECT_EQ(shown(DUCKDB_TYPE_TIMESTAMP_NS, "1709210096000000001"), "TIMESTAMP_NS 2024-02-29 12:34:56.000000001");
  EXPECT_EQ(shown(DUCKDB_TYPE_TIMESTAMP_TZ, "-1500000000000000000"), "TIMESTAMPTZ 1922-06-20 21:20:00.000000000+00:00");
  EXPECT_EQ(shown(DUCKDB_TYPE_TIMESTAMP, "-31536000000000001"), "TIMESTAMP 1968-12-31 23:59:59.999999999");
}

TEST(LooseText, hexadecimal_digits_are_bytes_where_bytes_are_expected) {
  EXPECT_EQ(shown(DUCKDB_TYPE_BLOB, "00fF10"), "HEX 00fF10");
  EXPECT_EQ(shown(DUCKDB_TYPE_BLOB, ""), "HEX ");
}

TEST(LooseText, everything_else_stays_a_text) {
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "2024-02-29"), " 2024-02-29");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, ""), " ");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "99999999999999999999"), " 99999999999999999999");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "9223372036854775807"), "DATE 2262-04-11");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "300000000000001"), "DATE 1979-07-05");
  EXPECT_EQ(shown(DUCKDB_TYPE_DATE, "345600000000000"), " 345600000000000") << "past the year 9999";
  EXPECT_EQ(shown(DUCKDB_TYPE_TIME, "86400000000000"), " 86400000000000");
  EXPECT_EQ(shown(DUCKDB_TYPE_TIME, "-1"), " -1");
  EXPECT_EQ(shown(DUCKDB_TYPE_BLOB, "abc"), " abc");
  EXPECT_EQ(shown(DUCKDB_TYPE_BLOB, "zz"), " zz");
  EXPECT_EQ(shown(DUCKDB_TYPE_BIGINT, "12"), " 12");
  EXPECT_EQ(shown(DUCKDB_TYPE_VARCHAR, "1709164800000"), " 1709164800000");
}

TEST(LooseText, what_has_another_type_is_not_looked_at) {
  EXPECT_FALSE(settled({.value = "1709164800000"}, DUCKDB_TYPE_DATE));
  EXPECT_FALSE(settled({.type = "DATE", .value = "1709164800000"}, DUCKDB_TYPE_DATE));
  EXPECT_FALSE(settled({.type = std::string(loose_text), .value = {}}, DUCKDB_TYPE_DATE));
}

TEST(LooseText, a_name_is_kept) {
  EXPECT_EQ(settled({.name = "n", .type = std::string(loose_text), .value = "0"}, DUCKDB_TYPE_DATE)->name, "n");
}

}  // namespace
}  // namespace coatcheck::warehouse::duckdb
