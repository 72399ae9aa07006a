#include "client/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "client/width.hpp"

namespace coatcheck::client {
namespace {

using testing::ElementsAre;

Rows::Cell text(std::string value) { return {.text = std::move(value), .is_text = true}; }
Rows::Cell number(std::string value) { return {.text = std::move(value)}; }
Rows::Cell null() { return {.is_null = true}; }

TEST(Table, aligns_numbers_right_and_texts_left_by_what_is_seen) {
  Rows rows;
  rows.columns = {{"id", "BIGINT"}, {"city", "VARCHAR"}};
  rows.rows = {{number("7"), text("東京")}, {number("12345"), text("Zürich")}};
  EXPECT_EQ(draw_table(rows, 80, {}).text,
            "┌────────┬─────────┐\n"
            "│     id │ city    │\n"
            "│ bigint │ varchar │\n"
            "├────────┼─────────┤\n"
            "│      7 │ 東京    │\n"
            "│  12345 │ Zürich  │\n"
            "└────────┴─────────┘\n");
}

TEST(Table, null_is_told_from_a_text_that_reads_the_same) {
  Rows rows;
  rows.columns = {{"t", "VARCHAR"}};
  rows.rows = {{null()}, {text("NULL")}, {text("")}};
  EXPECT_EQ(draw_table(rows, 80, {}).text,
            "┌─────────┐\n"
            "│ t       │\n"
            "│ varchar │\n"
            "├─────────┤\n"
            "│ NULL    │\n"
            "│ 'NULL'  │\n"
            "│         │\n"
            "└─────────┘\n");
  EXPECT_NE(draw_table(rows, 80, {.colours = true}).text.find("\x1b[2mNULL"), std::string::npos);
}

TEST(Table, control_characters_cannot_break_it) {
  Rows rows;
  rows.columns = {{"a\nb", "VARCHAR"}};
  rows.rows = {{text("x\ny\x1b[2J")}};
  const std::string drawn = draw_table(rows, 80, {}).text;
  EXPECT_NE(drawn.find("a␊b"), std::string::npos);
  EXPECT_NE(drawn.find("x␊y␛[2J"), std::string::npos);
  EXPECT_EQ(drawn.find('\x1b'), std::string::npos);
}

TEST(Table, is_never_wider_than_it_may_be) {
  Rows rows;
  std::vector<Rows::Cell> row;
  for (int i = 0; i < 30; ++i) {
    rows.columns.push_back({"column" + std::to_string(i), i % 3 == 0 ? "BIGINT" : "VARCHAR"});
    row.push_back(i % 3 == 0 ? number("1234567890") : text(std::string(static_cast<std::size_t>(i * 5), 'x')));
  }
  rows.rows = {row, row};
  for (std::size_t width = 20; width < 200; ++width) {
    const Table table = draw_table(rows, width, {});
    EXPECT_GT(table.hidden_columns, 0U);
    std::istringstream lines(table.text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(display_width(line), width) << line;
  }
  EXPECT_EQ(draw_table(rows, unlimited_width, {}).hidden_columns, 0U);
}

TEST(Table, a_result_without_rows_still_shows_its_columns) {
  Rows rows;
  rows.columns = {{"a", "DATE"}};
  EXPECT_EQ(draw_table(rows, 80, {}).text, "┌──────┐\n│ a    │\n│ date │\n├──────┤\n└──────┘\n");
}

TEST(FitColumns, gives_all_their_natural_width_if_there_is_room) {
  EXPECT_THAT(fit_columns({{5, 5}, {10, 8}}, 22), ElementsAre(5, 10));
}

TEST(FitColumns, cuts_the_widest_first) {
  EXPECT_THAT(fit_columns({{5, 5}, {100, 8}, {20, 8}}, 5 + 20 + 20 + 10), ElementsAre(5, 20, 20));
  EXPECT_THAT(fit_columns({{5, 5}, {100, 8}, {20, 8}}, 5 + 12 + 12 + 10), ElementsAre(5, 12, 12));
}

TEST(FitColumns, keeps_floors_and_leaves_columns_out_instead) {
  EXPECT_THAT(fit_columns({{20, 20}, {20, 20}, {20, 20}}, 60), ElementsAre(20, 20));
}

TEST(FitColumns, one_column_is_always_there) { EXPECT_THAT(fit_columns({{20, 20}, {5, 5}}, 3), ElementsAre(20)); }

}  // namespace
}  // namespace coatcheck::client
