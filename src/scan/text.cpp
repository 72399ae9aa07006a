#include "scan/text.hpp"

#include <algorithm>
#include <charconv>

namespace coatcheck::scan {

namespace {

std::optional<std::int64_t> read_whole(std::string_view digits) {
  std::int64_t value = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace

Text::Text(std::string_view sql, Dialect dialect, const std::vector<Parameter>* parameters, const Facts& facts)
    : sql_(sql), dialect_(dialect), parameters_(parameters), facts_(facts), tokens_(tokenize(sql, dialect)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].kind == TokenKind::question_mark) question_marks_.push_back(i);
  }
}

bool Text::is(std::size_t i, std::string_view operation) const {
  return i < size() && tokens_[i].kind == TokenKind::operation && spelling(sql_, tokens_[i]) == operation;
}

bool Text::is_word(std::size_t i, std::string_view upper_word) const {
  return i < size() && scan::is_word(sql_, tokens_[i], upper_word);
}

bool Text::is_name(std::size_t i, std::string_view upper_name) const {
  if (is_word(i, upper_name)) return true;
  return i < size() && tokens_[i].kind == TokenKind::quoted_identifier && name(i) == upper_name;
}

std::optional<std::string> Text::name(std::size_t i) const {
  return i < size() ? name_of(sql_, tokens_[i]) : std::nullopt;
}

std::optional<std::string> Text::string(std::size_t i) const {
  return i < size() ? string_value(sql_, tokens_[i], dialect_) : std::nullopt;
}

std::optional<std::int64_t> Text::whole_number(std::size_t i) const {
  if (i >= size() || tokens_[i].kind != TokenKind::number) return std::nullopt;
  return read_whole(spelling(sql_, tokens_[i]));
}

bool Text::is_placeholder(std::size_t i) const {
  if (i >= size()) return false;
  const auto kind = tokens_[i].kind;
  return kind == TokenKind::question_mark || kind == TokenKind::dollar_parameter || kind == TokenKind::colon_parameter;
}

std::optional<std::size_t> Text::parameter_of(std::size_t i) const {
  if (tokens_[i].kind == TokenKind::question_mark) {
    const auto found = std::lower_bound(question_marks_.begin(), question_marks_.end(), i);
    return static_cast<std::size_t>(found - question_marks_.begin());
  }
  const auto spelled = spelling(sql_, tokens_[i]).substr(1);
  if (const auto number = read_whole(spelled)) {
    return *number > 0 ? std::optional(static_cast<std::size_t>(*number - 1)) : std::nullopt;
  }
  if (parameters_ == nullptr) return std::nullopt;
  const auto found = std::ranges::find(*parameters_, spelled, &Parameter::name);
  if (found == parameters_->end()) return std::nullopt;
  return static_cast<std::size_t>(found - parameters_->begin());
}

const Parameter* Text::parameter(std::size_t i) const {
  const auto place = parameter_of(i);
  return parameters_ != nullptr && place && *place < parameters_->size() ? &(*parameters_)[*place] : nullptr;
}

Bytes Text::bytes(std::size_t first, std::size_t last) const {
  return {.begin = tokens_[first].begin, .end = tokens_[last - 1].end};
}

}  // namespace coatcheck::scan
