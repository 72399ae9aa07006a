#include "http/media_type.hpp"

#include "http/field_text.hpp"

namespace coatcheck::http {

namespace {

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
}

}  // namespace

std::optional<MediaType> parse_media_type(std::string_view content_type) {
  const auto parts = split_outside_quotes(content_type, ';');
  if (!parts || parts->empty() || trim(content_type).front() == ';') return std::nullopt;
  const std::string_view name = parts->front();
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || !is_token(name.substr(0, slash)) || !is_token(name.substr(slash + 1))) {
    return std::nullopt;
  }
  MediaType type{.name = lower_case(name)};
  for (std::size_t i = 1; i < parts->size(); ++i) {
    const std::string_view parameter = (*parts)[i];
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos || !is_token(parameter.substr(0, equals))) return std::nullopt;
    std::string_view value = parameter.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    } else if (!is_token(value)) {
      return std::nullopt;
    }
    if (!equal_without_case(parameter.substr(0, equals), "charset")) continue;
    if (!type.charset.empty() || !is_token(value)) return std::nullopt;
    type.charset = lower_case(value);
  }
  return type;
}

}  // namespace coatcheck::http
