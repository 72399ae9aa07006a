#include "http/field_text.hpp"

#include <algorithm>

namespace coatcheck::http {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_token_character(char c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  int scale = 100;
  for (std::size_t i = 2; i < text.size(); ++i, scale /= 10) {
    if (!is_digit(text[i])) return std::nullopt;
    weight += (text[i] - '0') * scale;
  }
  if (weight > 1000) return std::nullopt;
  return weight;
}

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

std::optional<std::vector<std::string_view>> split_outside_quotes(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (!quoted && text[i] == separator)) {
      const std::string_view part = trim(text.substr(begin, i - begin));
      begin = i + 1;
      if (part.empty()) continue;
      if (parts.size() == list_elements_max) return std::nullopt;
      parts.push_back(part);
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (quoted && text[i] == '\\' && i + 1 < text.size()) {
      ++i;
    }
  }
  if (quoted) return std::nullopt;
  return parts;
}

std::optional<std::vector<Weighted>> parse_weighted(std::string_view text) {
  const auto elements = split_outside_quotes(text, ',');
  if (!elements) return std::nullopt;
  std::vector<Weighted> found;
  found.reserve(elements->size());
  for (const std::string_view element : *elements) {
    const auto parts = split_outside_quotes(element, ';');
    if (!parts || parts->empty() || element.front() == ';') return std::nullopt;
    Weighted weighted{.value = parts->front()};
    for (std::size_t i = 1; i < parts->size(); ++i) {
      const std::string_view part = (*parts)[i];
      if (part.size() < 2 || lower(part[0]) != 'q' || part[1] != '=') continue;
      const auto weight = parse_weight(part.substr(2));
      if (!weight) return std::nullopt;
      weighted.weight = *weight;
      break;
    }
    found.push_back(weighted);
  }
  return found;
}

}  // namespace coatcheck::http
