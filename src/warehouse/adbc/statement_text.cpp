#include "warehouse/adbc/statement_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace coatcheck::warehouse::adbc {

namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Reads a text token by token: words, texts in quotes (as one token), other characters one by one.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // Returns the next token, empty at the end.
  std::string_view next() {
    skip_blanks();
    if (rest_.empty()) return {};
    if (is_word(rest_.front())) return take(word_length());
    if (const char close = closing_quote(rest_.front()); close != '\0') {
      const auto end = rest_.find(close, 1);
      return take(end == rest_.npos ? rest_.size() : end + 1);
    }
    return take(1);
  }

 private:
  static char closing_quote(char open) {
    if (open == '[') return ']';
    return open == '\'' || open == '"' || open == '`' ? open : '\0';
  }

  std::size_t word_length() const {
    std::size_t length = 0;
    while (length < rest_.size() && is_word(rest_[length])) ++length;
    return length;
  }

  std::string_view take(std::size_t length) {
    const auto token = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return token;
  }

  void skip_blanks() {
    while (!rest_.empty()) {
      if (is_space(rest_.front())) {
        rest_.remove_prefix(1);
      } else if (rest_.starts_with("--")) {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const auto end = rest_.find("*/", 2);
        rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 2);
      } else {
        return;
      }
    }
  }

  std::string_view rest_;
};

}  // namespace

std::string upper(std::string_view word) {
  std::string copy(word);
  for (char& c : copy) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return copy;
}

std::string first_word(std::string_view text) {
  Tokens tokens(text);
  std::string_view token = tokens.next();
  while (token == "(") token = tokens.next();
  return token.empty() || !is_word(token.front()) ? std::string() : upper(token);
}

bool has_word(std::string_view text, std::string_view word) {
  Tokens tokens(text);
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token.size() == word.size() && upper(token) == word) return true;
  }
  return false;
}

bool has_second_statement(std::string_view text) {
  Tokens tokens(text);
  bool ended = false;
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (token != ";" && ended) return true;
    ended = ended || token == ";";
  }
  return false;
}

bool creates_trigger(std::string_view text) {
  Tokens tokens(text);
  if (upper(tokens.next()) != "CREATE") return false;
  std::string word = upper(tokens.next());
  if (word == "TEMP" || word == "TEMPORARY") word = upper(tokens.next());
  return word == "TRIGGER";
}

bool is_change(std::string_view first_word) {
  constexpr std::array<std::string_view, 5> words = {"CREATE", "DROP", "ALTER", "TRUNCATE", "COMMENT"};
  return counts_rows(first_word) || std::ranges::find(words, first_word) != words.end();
}

bool counts_rows(std::string_view first_word) {
  constexpr std::array<std::string_view, 5> words = {"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"};
  return std::ranges::find(words, first_word) != words.end();
}

}  // namespace coatcheck::warehouse::adbc
