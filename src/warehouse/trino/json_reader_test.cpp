#include "warehouse/trino/json_reader.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace coatcheck::warehouse::trino {
namespace {

using Kind = JsonReader::Kind;

std::optional<std::string> string_of(std::string_view text) {
  JsonReader json(text);
  const auto read = json.string();
  if (!read) return std::nullopt;
  return std::string(*read);
}

bool is_good(std::string_view text) {
  JsonReader json(text);
  return json.skip() && json.at_end() && !json.failed();
}

TEST(JsonReader, reads_values_in_order) {
  JsonReader json(R"( [1, -2.50e+3, "x", true, false, null, [], {} ] )");
  ASSERT_TRUE(json.array());
  ASSERT_TRUE(json.more_elements());
  EXPECT_EQ(json.number(), "1");
  ASSERT_TRUE(json.more_elements());
  EXPECT_EQ(json.number(), "-2.50e+3");
  ASSERT_TRUE(json.more_elements());
  EXPECT_EQ(json.string(), "x");
  ASSERT_TRUE(json.more_elements());
  EXPECT_EQ(json.boolean(), true);
  ASSERT_TRUE(json.more_elements());
  EXPECT_EQ(json.boolean(), false);
  ASSERT_TRUE(json.more_elements());
  EXPECT_TRUE(json.null());
  ASSERT_TRUE(json.more_elements());
  ASSERT_TRUE(json.array());
  EXPECT_FALSE(json.more_elements());
  ASSERT_TRUE(json.more_elements());
  ASSERT_TRUE(json.object());
  EXPECT_FALSE(json.more_members());
  EXPECT_FALSE(json.more_elements());
  EXPECT_TRUE(json.at_end());
  EXPECT_FALSE(json.failed());
}

TEST(JsonReader, members_come_with_their_names) {
  JsonReader json(R"({"a": 1, "\u0062" : {"c": []}})");
  ASSERT_TRUE(json.object());
  EXPECT_EQ(json.more_members(), "a");
  EXPECT_EQ(json.number(), "1");
  EXPECT_EQ(json.more_members(), "b");
  EXPECT_EQ(json.skip(), R"({"c": []})");
  EXPECT_FALSE(json.more_members());
  EXPECT_FALSE(json.failed());
}

TEST(JsonReader, strings_lose_their_escapes) {
  EXPECT_EQ(string_of(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(string_of(R"("\u00e4\u20AC\ud83d\ude00")"), "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(string_of("\"\xC3\xA4\""), "\xC3\xA4");
  EXPECT_EQ(string_of(R"("a\u0000b")"), std::string("a\0b", 3));
}

TEST(JsonReader, strings_that_are_not_unicode_are_mistakes) {
  for (const auto* text :
       {R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ude00")", R"("\u12g4")", R"("\u12")", R"("\x")",
        "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xFF\"", "\"\xC3\"", "\"a\nb\"", "\"abc", "\"abc\\"}) {
    EXPECT_EQ(string_of(text), std::nullopt) << text;
  }
}

TEST(JsonReader, what_is_no_json_is_a_mistake) {
  for (const auto* text :
       {"",      "[",       "]",        "[1",         "[1,",       "[1,]", "[,1]", "[1 2]", "{",
        "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "01",   "-",    "1.",    ".5",
        "1e",    "+1",      "nul",      "tru",        "NaN",       "[1]]", "'a'",  "[1}",   "{\"a\":1]"}) {
    EXPECT_FALSE(is_good(text)) << text;
  }
  for (const auto* text : {"0", "-0.5E-7", "[]", "{}", "[[],[[]],{}]", "{\"a\":[1,{\"b\":null}]}", " \n\t\r1 "}) {
    EXPECT_TRUE(is_good(text)) << text;
  }
}

TEST(JsonReader, nesting_has_an_end) {
  const std::string deep(JsonReader::depth_max, '[');
  EXPECT_TRUE(is_good(deep + std::string(deep.size(), ']')));
  EXPECT_FALSE(is_good("[" + deep + std::string(deep.size() + 1, ']')));
  EXPECT_FALSE(is_good(std::string(10'000'000, '[')));
}

TEST(JsonReader, after_a_mistake_nothing_is_read) {
  JsonReader json("[1 2, 3]");
  ASSERT_TRUE(json.array());
  ASSERT_TRUE(json.more_elements());
  EXPECT_TRUE(json.number());
  EXPECT_FALSE(json.more_elements());
  EXPECT_TRUE(json.failed());
  EXPECT_EQ(json.peek(), Kind::wrong);
  EXPECT_FALSE(json.number());
  EXPECT_FALSE(json.more_elements());
}

TEST(JsonReader, every_prefix_and_every_changed_byte_ends_in_peace) {
  const std::string text = R"({"a":[1,-2.5e3,"\u00e4\n",true,null,{"b":[[],{}]}],"c":"xyz"})";
  for (std::size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(is_good(text.substr(0, size)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : {'\0', '"', '\\', '[', ']', '{', '}', ',', '9', '\xFF'}) {
      auto changed = text;
      changed[at] = c;
      (void)is_good(changed);
    }
  }
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
