#include "client/width.hpp"

#include <gtest/gtest.h>

namespace coatcheck::client {
namespace {

TEST(Width, counts_columns_and_not_bytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("Zürich"), 6U);
  EXPECT_EQ(display_width("東京"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);  // e and a combining accent.
  EXPECT_EQ(display_width("✈"), 1U);
  EXPECT_EQ(display_width("🚀"), 2U);
  EXPECT_EQ(display_width("한글"), 4U);
}

TEST(Width, bytes_that_are_not_utf8_take_one_column_each) {
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
  EXPECT_EQ(display_width("\xe6\x9d"), 2U);      // A character that breaks off.
  EXPECT_EQ(display_width("\xed\xa0\x80"), 3U);  // A surrogate.
  EXPECT_EQ(display_width("\xc0\xaf"), 2U);      // An overlong form.
}

TEST(Visible, controls_become_pictures) {
  EXPECT_EQ(visible("a\nb\tc\x1b[31m\x7f"), "a␊b␉c␛[31m␡");
  EXPECT_EQ(visible(std::string_view("\0", 1)), "␀");
}

TEST(Visible, what_turns_or_hides_text_is_named) {
  EXPECT_EQ(visible("a\u202eb\u200bc\u009bd"), "a<U+202E>b<U+200B>c<U+009B>d");
}

TEST(Visible, broken_bytes_become_replacement_characters) { EXPECT_EQ(visible("a\xffz"), "a\uFFFDz"); }

TEST(Visible, lines_stay_lines_in_messages) { EXPECT_EQ(visible_lines("a\r\n\tb\x1b"), "a\n    b␛"); }

TEST(Cut, keeps_what_fits) {
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abcd", 3), "ab…");
  EXPECT_EQ(cut("abcd", 1), "…");
  EXPECT_EQ(cut("abcd", 0), "");
}

TEST(Cut, never_takes_half_of_a_wide_character) {
  EXPECT_EQ(cut("東京都", 5), "東京…");
  EXPECT_EQ(cut("東京都", 4), "東…");
  EXPECT_EQ(display_width(cut("東京都", 4)), 3U);
}

TEST(Padded, fills_to_exactly_the_width) {
  EXPECT_EQ(padded("7", 3, Align::right), "  7");
  EXPECT_EQ(padded("京", 4, Align::left), "京  ");
  EXPECT_EQ(padded("東京都", 4, Align::left), "東… ");
}

}  // namespace
}  // namespace coatcheck::client
