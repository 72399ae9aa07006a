#include "warehouse/trino/statement_text.hpp"

#include <algorithm>
#include <string>

namespace coatcheck::warehouse::trino {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// Reads a statement token by token: words in lower case, punctuation; names in quotes, texts and numbers are of no
// concern and come as one character.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  // Returns the next token, empty at the end.
  std::string next() {
    skip_space();
    if (text_.empty()) return {};
    const char first = text_.front();
    if (first == '\'' || first == '"' || first == '`') {
      skip_quoted(first);
      return std::string(1, first);
    }
    if (is_word(first)) {
      const auto size = static_cast<std::size_t>(std::ranges::find_if_not(text_, is_word) - text_.begin());
      std::string word(text_.substr(0, size));
      std::ranges::transform(word, word.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      text_.remove_prefix(size);
      return word;
    }
    text_.remove_prefix(1);
    return std::string(1, first);
  }

 private:
  void skip_to_after(std::string_view end) {
    const auto at = text_.find(end);
    text_ = at == text_.npos ? std::string_view() : text_.substr(at + end.size());
  }

  // A quote that is doubled ends one text and begins the next: the same for us.
  void skip_quoted(char quote) {
    text_.remove_prefix(1);
    skip_to_after({&quote, 1});
  }

  void skip_space() {
    while (!text_.empty()) {
      if (is_space(text_.front())) {
        text_.remove_prefix(1);
      } else if (text_.starts_with("--")) {
        // Trino ends such a comment at either kind of line break.
        text_ = text_.substr(std::min(text_.find_first_of("\r\n"), text_.size()));
      } else if (text_.starts_with("/*")) {
        text_.remove_prefix(2);
        skip_to_after("*/");
      } else {
        return;
      }
    }
  }

  std::string_view text_;
};

bool calls_table_function(std::string_view text) {
  Tokens tokens(text);
  for (auto token = tokens.next(); !token.empty();) {
    auto following = tokens.next();
    if (token == "table" && following == "(") return true;
    token = std::move(following);
  }
  return false;
}

StatementKind kind_of_query(std::string_view text) {
  return calls_table_function(text) ? StatementKind::unknown : StatementKind::read;
}

}  // namespace

std::string_view bare_statement(std::string_view text) {
  const auto dispensable = [](char c) { return is_space(c) || c == ';'; };
  while (!text.empty() && dispensable(text.back())) text.remove_suffix(1);
  return text;
}

StatementKind kind_by_grammar(std::string_view text) {
  Tokens tokens(text);
  auto first = tokens.next();
  while (first == "(") first = tokens.next();
  if (first == "select" || first == "values" || first == "table") return kind_of_query(text);
  if (first == "with") {
    const auto second = tokens.next();
    if (second == "function" || second == "session") return StatementKind::unknown;
    return kind_of_query(text);
  }
  if (first == "show" || first == "describe" || first == "desc") return StatementKind::read;
  if (first == "explain") return tokens.next() == "analyze" ? StatementKind::unknown : StatementKind::read;
  return StatementKind::unknown;
}

}  // namespace coatcheck::warehouse::trino
