#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/statement.hpp"
#include "scan/recognizer.hpp"
#include "scan/tokenizer.hpp"

// A statement as tokens, with what its placeholders and functions stand for. Of this room alone.
namespace coatcheck::scan {

inline constexpr std::size_t none = static_cast<std::size_t>(-1);

class Text {
 public:
  Text(std::string_view sql, Dialect dialect, const std::vector<Parameter>* parameters, const Facts& facts);

  std::string_view sql() const { return sql_; }
  const Facts& facts() const { return facts_; }
  std::size_t size() const { return tokens_.size(); }
  const Token& operator[](std::size_t i) const { return tokens_[i]; }

  // Past the end, none of these holds.
  bool is(std::size_t i, std::string_view operation) const;
  bool is_word(std::size_t i, std::string_view upper_word) const;
  // Whether the token is a word, or a quoted identifier, for this name.
  bool is_name(std::size_t i, std::string_view upper_name) const;
  std::optional<std::string> name(std::size_t i) const;
  std::optional<std::string> string(std::size_t i) const;
  // Of digits alone.
  std::optional<std::int64_t> whole_number(std::size_t i) const;
  bool is_placeholder(std::size_t i) const;

  // Which parameter, from 0, the placeholder stands for; nothing if it has a name that no parameter has.
  std::optional<std::size_t> parameter_of(std::size_t i) const;
  bool knows_parameters() const { return parameters_ != nullptr; }
  // The parameter's value; null if there is no such parameter.
  const Parameter* parameter(std::size_t i) const;

  // The bytes from token `first` to the end of the one before `last`.
  Bytes bytes(std::size_t first, std::size_t last) const;

 private:
  std::string_view sql_;
  Dialect dialect_;
  const std::vector<Parameter>* parameters_;
  const Facts& facts_;
  std::vector<Token> tokens_;
  std::vector<std::size_t> question_marks_;  // Their places among the tokens.
};

}  // namespace coatcheck::scan
