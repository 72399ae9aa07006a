#include "scan/tokenizer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace coatcheck::scan {
namespace {

using Spellings = std::vector<std::string>;

Spellings spelled(std::string_view text, Dialect dialect = Dialect::duckdb) {
  Spellings spellings;
  Tokenizer tokenizer(text, dialect);
  while (const auto token = tokenizer.next()) spellings.emplace_back(spelling(text, *token));
  return spellings;
}

// The kinds as one letter each, capital if the token is not closed.
std::string kinds(std::string_view text, Dialect dialect = Dialect::duckdb) {
  std::string letters;
  Tokenizer tokenizer(text, dialect);
  while (const auto token = tokenizer.next()) {
    const char letter = std::string_view("wqsnco?:$")[static_cast<std::size_t>(token->kind)];
    letters += token->closed ? letter : static_cast<char>(letter - 'a' + 'A');
  }
  return letters;
}

TEST(Tokenizer, words_numbers_and_operations_are_told_apart) {
  EXPECT_EQ(spelled("select a1,b$c FROM t_2 where x>=1.5e-3"),
            (Spellings{"select", "a1", ",", "b$c", "FROM", "t_2", "where", "x", ">", "=", "1.5e-3"}));
  EXPECT_EQ(kinds("a 1 .5 1e5 1e"), "wnnnnw");
  EXPECT_EQ(spelled("1e 2.x 1..2"), (Spellings{"1", "e", "2.", "x", "1.", ".2"}));
  EXPECT_EQ(spelled("f(a=>1,b::int)"), (Spellings{"f", "(", "a", "=>", "1", ",", "b", "::", "int", ")"}));
  EXPECT_EQ(spelled("größe ß"), (Spellings{"größe", "ß"}));
}

TEST(Tokenizer, white_space_is_of_every_ascii_kind) { EXPECT_EQ(kinds(" a\t\n\r\v\f b "), "ww"); }

TEST(Tokenizer, a_doubled_quote_does_not_end_a_string_or_identifier) {
  EXPECT_EQ(spelled("'it''s' x"), (Spellings{"'it''s'", "x"}));
  EXPECT_EQ(spelled(R"("a""b".c)"), (Spellings{R"("a""b")", ".", "c"}));
  EXPECT_EQ(spelled("'''' ''"), (Spellings{"''''", "''"}));
  EXPECT_EQ(spelled("'--' \"/*\" '//'"), (Spellings{"'--'", "\"/*\"", "'//'"}));
}

TEST(Tokenizer, a_backslash_escapes_where_the_dialect_or_the_string_says_so) {
  EXPECT_EQ(spelled(R"('\' a)"), (Spellings{R"('\')", "a"}));
  EXPECT_EQ(kinds(R"('\' a)", Dialect::snowflake), "S");
  EXPECT_EQ(spelled(R"(E'\'' a)"), (Spellings{R"(E'\'')", "a"}));
  EXPECT_EQ(spelled(R"(e'a''b\\' a)"), (Spellings{R"(e'a''b\\')", "a"}));
  EXPECT_EQ(spelled(R"(typee'\' a)"), (Spellings{"typee", R"('\')", "a"})) << "not an E string";
  EXPECT_EQ(spelled(R"(1e'\'' a)"), (Spellings{"1", R"(e'\'')", "a"}));
  EXPECT_EQ(spelled(R"("a\" b)"), (Spellings{R"("a\")", "b"}));
}

TEST(Tokenizer, dollar_quotes_end_with_their_own_mark_only) {
  EXPECT_EQ(spelled("$$ ' -- $$ a"), (Spellings{"$$ ' -- $$", "a"}));
  EXPECT_EQ(spelled("$t$ $$ $tt$ $t$ a"), (Spellings{"$t$ $$ $tt$ $t$", "a"}));
  EXPECT_EQ(kinds("$t$ x $t"), "S");
  EXPECT_EQ(kinds("$t$ x $t$", Dialect::snowflake), "$ow$o") << "Snowflake has no tags";
  EXPECT_EQ(spelled("a$$b c"), (Spellings{"a$$b", "c"})) << "a $ inside a word is part of it";
  EXPECT_EQ(kinds("$ a"), "ow");
}

TEST(Tokenizer, comments_end_where_the_dialect_ends_them) {
  EXPECT_EQ(spelled("a--b 'c\nd"), (Spellings{"a", "--b 'c", "d"}));
  EXPECT_EQ(spelled("a--b\rd"), (Spellings{"a", "--b", "d"}));
  EXPECT_EQ(spelled("a/*b*/c"), (Spellings{"a", "/*b*/", "c"}));
  EXPECT_EQ(spelled("/*a/*b*/c*/d"), (Spellings{"/*a/*b*/c*/", "d"}));
  EXPECT_EQ(spelled("/*a/*b*/c*/d", Dialect::snowflake), (Spellings{"/*a/*b*/", "c", "*", "/", "d"}));
  EXPECT_EQ(spelled("/**/a"), (Spellings{"/**/", "a"}));
  EXPECT_EQ(spelled("/*/ a */b"), (Spellings{"/*/ a */", "b"}));
  EXPECT_EQ(spelled("7//2\n3"), (Spellings{"7", "/", "/", "2", "3"}));
  EXPECT_EQ(spelled("7//2\n3", Dialect::snowflake), (Spellings{"7", "//2", "3"}));
  EXPECT_EQ(spelled("1//*x*/2"), (Spellings{"1", "/", "/*x*/", "2"}));
  EXPECT_EQ(spelled("a -/*x*/- b"), (Spellings{"a", "-", "/*x*/", "-", "b"}));
}

TEST(Tokenizer, placeholders_are_no_casts) {
  EXPECT_EQ(kinds("? :1 :name $1 $name x::int a:b"), "?::$$woww:");
  EXPECT_EQ(spelled("x::int"), (Spellings{"x", "::", "int"}));
  EXPECT_EQ(spelled(":a:b"), (Spellings{":a", ":b"}));
  EXPECT_EQ(spelled("?1"), (Spellings{"?", "1"}));
}

TEST(Tokenizer, what_is_not_closed_is_one_token_to_the_end) {
  for (const std::string text : {"'a b", "\"a b", "/* a b", "$$ a b", "$x$ a b", "E'a\\'", "'a''", "/*/", "'"}) {
    const auto tokens = spelled(text);
    ASSERT_EQ(tokens.size(), 1U) << text;
    EXPECT_EQ(tokens.front(), text);
    EXPECT_NE(kinds(text), "s") << text;
  }
  EXPECT_TRUE(spelled("").empty());
  EXPECT_TRUE(tokenize(" -- only a comment").empty());
}

TEST(Tokenizer, any_byte_is_some_token) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = std::string(1, static_cast<char>(c)) + "x";
    std::size_t bytes = 0;
    for (const auto& token : spelled(text)) bytes += token.size();
    EXPECT_GE(bytes, 1U) << c;
  }
  EXPECT_EQ(kinds(std::string_view("a\0b", 3)), "wow");
}

// Not to be fooled is linear, too: any text takes about as long as any other of its size.
TEST(Tokenizer, nasty_texts_take_no_longer_than_harmless_ones) {
  for (const std::string piece : {"/*", "*/", "'", "\"", "$a", "$a$ ", "$$", "--", "e'", "\\", "(", "$aaaaaaa"}) {
    std::string text;
    while (text.size() < 300'000) text += piece;
    const auto begin = std::chrono::steady_clock::now();
    tokenize(text);
    tokenize(text, Dialect::snowflake);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10)) << piece;
  }
}

TEST(Tokenizer, names_and_strings_have_values) {
  const auto name = [](std::string_view text) { return name_of(text, tokenize(text).at(0)); };
  EXPECT_EQ(name("abc"), "ABC");
  EXPECT_EQ(name(R"("a""b")"), "a\"b");
  EXPECT_EQ(name("'a'"), std::nullopt);
  EXPECT_EQ(name("\"a"), std::nullopt);
  const auto value = [](std::string_view text, Dialect dialect = Dialect::duckdb) {
    return string_value(text, tokenize(text, dialect).at(0), dialect);
  };
  EXPECT_EQ(value("'it''s'"), "it's");
  EXPECT_EQ(value("''"), "");
  EXPECT_EQ(value("$$a'b$$"), "a'b");
  EXPECT_EQ(value("$t$a$$b$t$"), "a$$b");
  EXPECT_EQ(value(R"(E'a\'b\\')"), R"(a'b\)");
  EXPECT_EQ(value(R"(E'a\nb')"), std::nullopt) << "not worth knowing";
  EXPECT_EQ(value(R"('a\b')"), R"(a\b)");
  EXPECT_EQ(value(R"('a\'b')", Dialect::snowflake), "a'b");
  EXPECT_EQ(value("'open"), std::nullopt);
  EXPECT_EQ(value("abc"), std::nullopt);
}

TEST(Tokenizer, statements_end_at_semicolons_that_are_code) {
  using Views = std::vector<std::string_view>;
  EXPECT_EQ(split_statements("select 1; select 2"), (Views{"select 1", "select 2"}));
  EXPECT_EQ(split_statements(" ;; select ';' ; -- ;\n select \";\" /* ; */; "),
            (Views{"select ';'", "-- ;\n select \";\" /* ; */"}));
  EXPECT_EQ(split_statements("select $$;$$;"), (Views{"select $$;$$"}));
  EXPECT_TRUE(split_statements("-- nothing\n;/* at all */").empty());
  EXPECT_EQ(split_statements("a // b; c\n", Dialect::snowflake), (Views{"a // b; c"}));
  EXPECT_EQ(split_statements("select 'open; select 2"), (Views{"select 'open; select 2"}));
}

TEST(Tokenizer, the_first_word_is_past_comments_and_parentheses) {
  EXPECT_EQ(first_word("  -- c\n /* d */ ((select 1))"), "SELECT");
  EXPECT_EQ(first_word("With x as"), "WITH");
  EXPECT_EQ(first_word("'select'"), "");
  EXPECT_EQ(first_word(""), "");
}

}  // namespace
}  // namespace coatcheck::scan
