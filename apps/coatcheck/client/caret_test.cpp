#include "client/caret.hpp"

#include <gtest/gtest.h>

#include <string>

#include "client/width.hpp"

namespace coatcheck::client {
namespace {

TEST(Caret, stands_under_the_place_in_its_line) {
  EXPECT_EQ(caret_excerpt("SELECT 1\nFROM flighs\nWHERE x", 14, 80, {}),
            "   2 │ FROM flighs\n"
            "     │      ^\n");
}

TEST(Caret, counts_columns_of_wide_characters_and_tabs) {
  EXPECT_EQ(caret_excerpt("\t'東京' x", 10, 80, {}),
            "   1 │     '東京' x\n"
            "     │            ^\n");
}

TEST(Caret, a_position_at_or_past_the_end_points_behind_the_last_character) {
  EXPECT_EQ(caret_excerpt("SELECT", 6, 80, {}), "   1 │ SELECT\n     │       ^\n");
  EXPECT_EQ(caret_excerpt("SELECT", 600, 80, {}), "   1 │ SELECT\n     │       ^\n");
  EXPECT_EQ(caret_excerpt("", 3, 80, {}), "   1 │ \n     │ ^\n");
}

TEST(Caret, a_position_within_a_character_points_at_it) {
  EXPECT_EQ(caret_excerpt("ü x", 1, 80, {}), "   1 │ ü x\n     │ ^\n");
}

TEST(Caret, a_line_end_belongs_to_the_line_before_it) {
  EXPECT_EQ(caret_excerpt("a\nb", 1, 80, {}), "   1 │ a\n     │  ^\n");
  EXPECT_EQ(caret_excerpt("\n\nb", 1, 80, {}), "   2 │ \n     │ ^\n");
}

TEST(Caret, a_long_line_is_shown_around_the_place) {
  const std::string statement = std::string(500, 'a') + "HERE" + std::string(500, 'b');
  const std::string excerpt = caret_excerpt(statement, 500, 60, {});
  const std::string line = excerpt.substr(0, excerpt.find('\n'));
  EXPECT_LE(display_width(line), 60U);
  EXPECT_NE(line.find("…aaa"), std::string::npos);
  EXPECT_NE(line.find("aHERE"), std::string::npos);
  EXPECT_EQ(display_width(line.substr(0, line.find("HERE"))),
            display_width(excerpt.substr(excerpt.find('\n') + 1)) - 1 - 1);
}

}  // namespace
}  // namespace coatcheck::client
