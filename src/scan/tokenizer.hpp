#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coatcheck::scan {

// Where the ways to read a text as tokens differ.
//
// duckdb:    '…' knows no backslash (E'…' does), block comments nest, $tag$…$tag$ is a string, // is division.
// snowflake: '…' knows backslashes, block comments do not nest, only $$…$$ is a string, // begins a comment.
enum class Dialect { duckdb, snowflake };

enum class TokenKind : std::uint8_t {
  word,               // A keyword or plain identifier: letters, digits, _ and $, any byte above ASCII.
  quoted_identifier,  // "…", with "" for a quotation mark.
  string,             // '…', E'…', $$…$$, $tag$…$tag$.
  number,
  comment,
  operation,         // One character, but for => and ::
  question_mark,     // ?
  colon_parameter,   // :name, :1
  dollar_parameter,  // $name, $1
};

// A piece of a text: bytes [begin, end).
struct Token {
  TokenKind kind = TokenKind::operation;
  bool closed = true;  // False for what ends only because the text does.
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool operator==(const Token&) const = default;
};

// The largest text that is read; of a longer one, what is beyond is not seen.
inline constexpr std::size_t tokenized_bytes_max = std::size_t{1} << 30;

// Reads a text token by token, from front to back, in linear time. Never fails: what is not closed is one token to
// the end of the text, and a byte that means nothing is an operation. The text must outlive it.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text, Dialect dialect = Dialect::duckdb);

  // Returns the next token, comments included, nothing at the end.
  std::optional<Token> next();

 private:
  Token token(TokenKind kind, std::size_t begin, std::size_t end, bool closed = true);
  Token line_comment(std::size_t begin);
  Token block_comment(std::size_t begin);
  Token quoted(TokenKind kind, std::size_t begin, std::size_t quote_at, bool backslashes);
  Token dollar(std::size_t begin);
  Token number(std::size_t begin);
  Token word(std::size_t begin);
  Token colon(std::size_t begin);
  char at(std::size_t place) const { return place < text_.size() ? text_[place] : '\0'; }
  std::size_t end_of_word(std::size_t place) const;
  std::size_t end_of_digits(std::size_t place) const;

  std::string_view text_;
  Dialect dialect_;
  std::size_t place_ = 0;
};

// Returns all tokens but the comments.
std::vector<Token> tokenize(std::string_view text, Dialect dialect = Dialect::duckdb);

// Returns the token's bytes.
inline std::string_view spelling(std::string_view text, const Token& token) {
  return text.substr(token.begin, token.end - token.begin);
}

// Whether the token is this word (given in upper case), in any case and not quoted.
bool is_word(std::string_view text, const Token& token, std::string_view upper_word);

// Returns the name that a word (in upper case) or quoted identifier (as it is) stands for; of others nothing.
std::optional<std::string> name_of(std::string_view text, const Token& token);

// Returns the value of a string token as `dialect` reads it; nothing of an unclosed one, or if it holds an escape
// other than a quotation mark that is doubled or has a backslash before it, or a backslash that is.
std::optional<std::string> string_value(std::string_view text, const Token& token, Dialect dialect = Dialect::duckdb);

// Returns the text's statements: what is between semicolons outside of strings, identifiers and comments, without
// white space around it. What holds nothing but comments is left out. Views into `text`.
std::vector<std::string_view> split_statements(std::string_view text, Dialect dialect = Dialect::duckdb);

// Returns the first word of the statement in upper case, past comments and opening parentheses ("SELECT"); empty if
// it does not begin with a word.
std::string first_word(std::string_view text, Dialect dialect = Dialect::duckdb);

}  // namespace coatcheck::scan
