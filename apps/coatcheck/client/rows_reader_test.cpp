#include "client/rows_reader.hpp"

#include <gtest/gtest.h>

namespace coatcheck::client {
namespace {

constexpr std::string_view document =
    R"_({"columns":[{"name":"n","type":"DECIMAL(38,10)"},{"name":"t","type":"VARCHAR"},{"name":"l","type":"VARCHAR[]"}],)_"
    R"("rows":[[12345678901234567890.1234567890,"a\"ü",["x",null,{"k":[1,{}]},2.50]],[null,"",[]],[true,"z",null]]})";

void check(const Rows& rows) {
  ASSERT_EQ(rows.columns.size(), 3U);
  EXPECT_EQ(rows.columns[0].name, "n");
  EXPECT_EQ(rows.columns[0].type, "DECIMAL(38,10)");
  ASSERT_EQ(rows.rows.size(), 3U);
  ASSERT_EQ(rows.rows[0].size(), 3U);
  EXPECT_EQ(rows.rows[0][0].text, "12345678901234567890.1234567890");
  EXPECT_EQ(rows.rows[0][1].text, "a\"ü");
  EXPECT_TRUE(rows.rows[0][1].is_text);
  EXPECT_EQ(rows.rows[0][2].text, R"(["x",null,{"k":[1,{}]},2.50])");
  EXPECT_TRUE(rows.rows[1][0].is_null);
  EXPECT_EQ(rows.rows[1][1].text, "");
  EXPECT_FALSE(rows.rows[1][1].is_null);
  EXPECT_EQ(rows.rows[1][2].text, "[]");
  EXPECT_EQ(rows.rows[2][0].text, "true");
  EXPECT_TRUE(rows.rows[2][2].is_null);
}

TEST(RowsReader, keeps_every_digit_and_the_difference_of_null_and_empty) {
  RowsReader reader(10);
  ASSERT_TRUE(reader.feed(document));
  const auto rows = reader.finish();
  ASSERT_TRUE(rows);
  check(*rows);
}

TEST(RowsReader, takes_the_document_in_pieces_of_any_size) {
  for (std::size_t piece = 1; piece < 9; ++piece) {
    RowsReader reader(10);
    for (std::size_t at = 0; at < document.size(); at += piece) ASSERT_TRUE(reader.feed(document.substr(at, piece)));
    const auto rows = reader.finish();
    ASSERT_TRUE(rows);
    check(*rows);
  }
}

TEST(RowsReader, keeps_no_more_rows_than_it_may) {
  RowsReader reader(1);
  ASSERT_TRUE(reader.feed(document));
  EXPECT_EQ(reader.finish()->rows.size(), 1U);
}

TEST(RowsReader, keeps_the_beginning_of_a_long_value) {
  RowsReader reader(1);
  ASSERT_TRUE(reader.feed(R"({"columns":[{"name":"t","type":"VARCHAR"}],"rows":[[")"));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(reader.feed(std::string(1000, 'x')));
  ASSERT_TRUE(reader.feed(R"("]]})"));
  const auto rows = reader.finish();
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows[0][0].text, std::string(4096, 'x'));
}

TEST(RowsReader, a_document_that_breaks_off_is_trouble) {
  RowsReader reader(10);
  ASSERT_TRUE(reader.feed(document.substr(0, document.size() - 1)));
  EXPECT_FALSE(reader.finish());
}

TEST(RowsReader, what_is_no_json_is_trouble) {
  RowsReader reader(10);
  EXPECT_FALSE(reader.feed("<html>"));
}

}  // namespace
}  // namespace coatcheck::client
