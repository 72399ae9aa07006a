#include "scan/tokenizer.hpp"

#include <algorithm>
#include <utility>

namespace coatcheck::scan {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool goes_on_in_word(char c) { return begins_word(c) || is_digit(c) || c == '$'; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string upper_text(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), upper);
  return result;
}

// Returns what stands between the quotes at both ends, or nothing if an escape is not one of the simple ones.
std::optional<std::string> unescaped(std::string_view body, char quote, bool backslashes) {
  std::string value;
  value.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == quote) {
      ++i;  // The tokenizer lets a quote pass only if another follows.
    } else if (backslashes && body[i] == '\\') {
      if (i + 1 == body.size() || (body[i + 1] != quote && body[i + 1] != '\\')) return std::nullopt;
      ++i;
    }
    value += body[i];
  }
  return value;
}

}  // namespace

Tokenizer::Tokenizer(std::string_view text, Dialect dialect)
    : text_(text.substr(0, tokenized_bytes_max)), dialect_(dialect) {}

std::optional<Token> Tokenizer::next() {
  while (place_ < text_.size() && is_space(text_[place_])) ++place_;
  if (place_ == text_.size()) return std::nullopt;
  const std::size_t begin = place_;
  const char c = text_[begin];
  const char following = at(begin + 1);
  if (begins_word(c)) return word(begin);
  if (is_digit(c) || (c == '.' && is_digit(following))) return number(begin);
  switch (c) {
    case '\'': return quoted(TokenKind::string, begin, begin, dialect_ == Dialect::snowflake);
    case '"': return quoted(TokenKind::quoted_identifier, begin, begin, false);
    case '$': return dollar(begin);
    case '?': return token(TokenKind::question_mark, begin, begin + 1);
    case ':': return colon(begin);
    case '-':
      if (following == '-') return line_comment(begin);
      break;
    case '/':
      if (following == '*') return block_comment(begin);
      if (following == '/' && dialect_ == Dialect::snowflake) return line_comment(begin);
      break;
    case '=':
      if (following == '>') return token(TokenKind::operation, begin, begin + 2);
      break;
    default: break;
  }
  return token(TokenKind::operation, begin, begin + 1);
}

Token Tokenizer::token(TokenKind kind, std::size_t begin, std::size_t end, bool closed) {
  place_ = end;
  return {.kind = kind,
          .closed = closed,
          .begin = static_cast<std::uint32_t>(begin),
          .end = static_cast<std::uint32_t>(end)};
}

Token Tokenizer::line_comment(std::size_t begin) {
  const auto end = text_.find_first_of("\n\r", begin);
  return token(TokenKind::comment, begin, std::min(end, text_.size()));
}

Token Tokenizer::block_comment(std::size_t begin) {
  std::size_t depth = 1;
  for (std::size_t i = begin + 2; i + 1 < text_.size();) {
    if (text_[i] == '*' && text_[i + 1] == '/') {
      i += 2;
      if (--depth == 0) return token(TokenKind::comment, begin, i);
    } else if (dialect_ == Dialect::duckdb && text_[i] == '/' && text_[i + 1] == '*') {
      i += 2;
      ++depth;
    } else {
      ++i;
    }
  }
  return token(TokenKind::comment, begin, text_.size(), false);
}

Token Tokenizer::quoted(TokenKind kind, std::size_t begin, std::size_t quote_at, bool backslashes) {
  const char quote = text_[quote_at];
  for (std::size_t i = quote_at + 1; i < text_.size(); ++i) {
    if (backslashes && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (at(i + 1) != quote) return token(kind, begin, i + 1);
      ++i;
    }
  }
  return token(kind, begin, text_.size(), false);
}

Token Tokenizer::dollar(std::size_t begin) {
  const char following = at(begin + 1);
  if (is_digit(following)) return token(TokenKind::dollar_parameter, begin, end_of_digits(begin + 1));
  std::size_t tag_end = begin + 1;
  if (begins_word(following)) {
    while (tag_end < text_.size() && goes_on_in_word(text_[tag_end]) && text_[tag_end] != '$') ++tag_end;
  }
  const bool tagged = tag_end > begin + 1;
  if (at(tag_end) == '$' && (!tagged || dialect_ == Dialect::duckdb)) {
    // Linear, for the mark has a $ at its ends only: no comparison goes past the next $ of the text.
    const auto mark = text_.substr(begin, tag_end + 1 - begin);
    const auto end = text_.find(mark, tag_end + 1);
    if (end == text_.npos) return token(TokenKind::string, begin, text_.size(), false);
    return token(TokenKind::string, begin, end + mark.size());
  }
  return tagged ? token(TokenKind::dollar_parameter, begin, tag_end) : token(TokenKind::operation, begin, begin + 1);
}

Token Tokenizer::number(std::size_t begin) {
  auto end = end_of_digits(begin);
  if (at(end) == '.') end = end_of_digits(end + 1);
  if (upper(at(end)) == 'E') {
    const bool is_signed = at(end + 1) == '+' || at(end + 1) == '-';
    const auto exponent = end + (is_signed ? 2 : 1);
    if (is_digit(at(exponent))) end = end_of_digits(exponent);
  }
  return token(TokenKind::number, begin, end);
}

Token Tokenizer::word(std::size_t begin) {
  const auto end = end_of_word(begin);
  if (end == begin + 1 && upper(text_[begin]) == 'E' && at(end) == '\'') {
    return quoted(TokenKind::string, begin, end, true);
  }
  return token(TokenKind::word, begin, end);
}

Token Tokenizer::colon(std::size_t begin) {
  const char following = at(begin + 1);
  if (following == ':') return token(TokenKind::operation, begin, begin + 2);
  if (is_digit(following)) return token(TokenKind::colon_parameter, begin, end_of_digits(begin + 1));
  if (begins_word(following)) return token(TokenKind::colon_parameter, begin, end_of_word(begin + 1));
  return token(TokenKind::operation, begin, begin + 1);
}

std::size_t Tokenizer::end_of_word(std::size_t place) const {
  while (place < text_.size() && goes_on_in_word(text_[place])) ++place;
  return place;
}

std::size_t Tokenizer::end_of_digits(std::size_t place) const {
  while (place < text_.size() && is_digit(text_[place])) ++place;
  return place;
}

std::vector<Token> tokenize(std::string_view text, Dialect dialect) {
  std::vector<Token> tokens;
  Tokenizer tokenizer(text, dialect);
  while (const auto token = tokenizer.next()) {
    if (token->kind != TokenKind::comment) tokens.push_back(*token);
  }
  return tokens;
}

bool is_word(std::string_view text, const Token& token, std::string_view upper_word) {
  return token.kind == TokenKind::word &&
         std::ranges::equal(spelling(text, token), upper_word, [](char a, char b) { return upper(a) == b; });
}

std::optional<std::string> name_of(std::string_view text, const Token& token) {
  const auto spelled = spelling(text, token);
  if (token.kind == TokenKind::word) return upper_text(spelled);
  if (token.kind != TokenKind::quoted_identifier || !token.closed) return std::nullopt;
  return unescaped(spelled.substr(1, spelled.size() - 2), '"', false);
}

std::optional<std::string> string_value(std::string_view text, const Token& token, Dialect dialect) {
  if (token.kind != TokenKind::string || !token.closed) return std::nullopt;
  auto spelled = spelling(text, token);
  if (spelled.starts_with('$')) {
    const auto mark = spelled.find('$', 1) + 1;
    return std::string(spelled.substr(mark, spelled.size() - 2 * mark));
  }
  const bool escaping = !spelled.starts_with('\'');
  if (escaping) spelled.remove_prefix(1);
  return unescaped(spelled.substr(1, spelled.size() - 2), '\'', escaping || dialect == Dialect::snowflake);
}

std::vector<std::string_view> split_statements(std::string_view text, Dialect dialect) {
  std::vector<std::string_view> statements;
  Tokenizer tokenizer(text, dialect);
  std::size_t begin = 0;  // Of the statement's first token, comments included.
  std::size_t end = 0;    // Of its last one.
  bool begun = false;     // Whether there is any token…
  bool says_any = false;  // …and one that is no comment.
  const auto finish = [&] {
    if (says_any) statements.push_back(text.substr(begin, end - begin));
    begun = says_any = false;
  };
  while (const auto token = tokenizer.next()) {
    if (token->kind == TokenKind::operation && text[token->begin] == ';') {
      finish();
      continue;
    }
    if (!std::exchange(begun, true)) begin = token->begin;
    end = token->end;
    says_any = says_any || token->kind != TokenKind::comment;
  }
  finish();
  return statements;
}

std::string first_word(std::string_view text, Dialect dialect) {
  Tokenizer tokenizer(text, dialect);
  while (const auto token = tokenizer.next()) {
    if (token->kind == TokenKind::comment || spelling(text, *token) == "(") continue;
    if (token->kind == TokenKind::word) return upper_text(spelling(text, *token));
    break;
  }
  return {};
}

}  // namespace coatcheck::scan
