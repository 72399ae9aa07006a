#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace coatcheck {
namespace {

std::string written(std::string_view text) {
  std::string out = "before:";
  append_json_string(out, text);
  EXPECT_TRUE(out.starts_with("before:"));
  return out.substr(7);
}

TEST(JsonText, plain_text_stands_between_quotes_as_it_is) {
  EXPECT_EQ(written(""), R"("")");
  EXPECT_EQ(written("select 1 / 2 -- ~"), R"("select 1 / 2 -- ~")");
}

TEST(JsonText, what_would_end_the_text_or_the_line_is_escaped) {
  EXPECT_EQ(written(R"(a"b\c)"), R"("a\"b\\c")");
  EXPECT_EQ(written("\"\"\\"), R"("\"\"\\")");
  EXPECT_EQ(written("a\nb\rc\td"), R"("a\nb\rc\td")");
}

TEST(JsonText, controls_are_escaped_those_that_steer_terminals_too) {
  EXPECT_EQ(written(std::string_view("\0\x01\x0b\x1b\x1f ", 6)), R"("\u0000\u0001\u000b\u001b\u001f ")");
  EXPECT_EQ(written("~\x7f"), R"("~\u007f")");
  EXPECT_EQ(written("\xC2\x80\xC2\x9B\xC2\x9F"), R"("\u0080\u009b\u009f")");
  EXPECT_EQ(written("\xC2\xA0"), "\"\xC2\xA0\"");
}

TEST(JsonText, characters_of_every_length_stay_as_they_are) {
  for (const std::string text : {"\xC3\xBC", "\xDF\xBF", "\xE0\xA0\x80", "\xE2\x82\xAC", "\xED\x9F\xBF", "\xEE\x80\x80",
                                 "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF0\x9F\xA7\xA5", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(written(text), '"' + text + '"');
  }
}

TEST(JsonText, each_byte_that_is_no_utf8_becomes_a_replacement_character) {
  const auto replaced = [](std::string_view text) {
    std::string expected = "\"";
    for (std::size_t i = 0; i != text.size(); ++i) expected += "\xEF\xBF\xBD";
    EXPECT_EQ(written(text), expected + '"');
  };
  replaced("\x80");      // Continues nothing.
  replaced("\xFE\xFF");  // Bytes that no text has.
  replaced("\xC0\xAF");  // "/", in a form too long; so are the next three.
  replaced("\xC1\xBF");
  replaced("\xE0\x9F\xBF");
  replaced("\xF0\x8F\xBF\xBF");
  replaced("\xED\xA0\x80");              // Halves of a surrogate pair, the first,
  replaced("\xED\xBF\xBF");              // the last,
  replaced("\xED\xA0\xBD\xED\xB8\x80");  // and a whole pair (CESU-8).
  replaced("\xF4\x90\x80\x80");          // Past U+10FFFF.
  replaced("\xF5\x80\x80\x80");
}

TEST(JsonText, a_character_that_is_cut_off_is_replaced_and_what_follows_is_kept) {
  EXPECT_EQ(written("a\xE2\x82"), "\"a\uFFFD\uFFFD\"");
  EXPECT_EQ(written("\xF0\x9F\xA7"), "\"\uFFFD\uFFFD\uFFFD\"");
  EXPECT_EQ(written("\xE2\x82z\xC3\xBC"), "\"\uFFFD\uFFFDz\xC3\xBC\"");
  EXPECT_EQ(written("\xC3\""), "\"\uFFFD\\\"\"");
}

TEST(JsonText, a_view_is_read_no_further_than_it_goes) {
  const std::string euro = "\xE2\x82\xAC";
  EXPECT_EQ(written(std::string_view(euro).substr(0, 2)), "\"\uFFFD\uFFFD\"");
}

}  // namespace
}  // namespace coatcheck
