#include "http/etag.hpp"

#include <optional>

#include "http/field_text.hpp"

namespace coatcheck::http {

namespace {

std::string_view without_weakness(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  return etag;
}

// Takes one entity tag off the front; none if there is none. A quote ends it: no escapes here, unlike elsewhere.
std::optional<std::string_view> take_etag(std::string_view& text) {
  const std::size_t open = text.starts_with("W/") ? 2 : 0;
  if (open >= text.size() || text[open] != '"') return std::nullopt;
  const auto close = text.find('"', open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view etag = text.substr(0, close + 1);
  text.remove_prefix(close + 1);
  return etag;
}

}  // namespace

bool if_none_match_holds(std::string_view if_none_match, std::string_view etag) {
  std::string_view rest = trim(if_none_match);
  if (rest == "*") return true;
  bool found = false;
  while (!rest.empty()) {
    if (rest.front() == ',') {
      rest = trim(rest.substr(1));
      continue;
    }
    const auto each = take_etag(rest);
    rest = trim(rest);
    if (!each || (!rest.empty() && rest.front() != ',')) return false;
    if (without_weakness(*each) == without_weakness(etag)) found = true;
  }
  return found;
}

bool same_strong_etag(std::string_view a, std::string_view b) {
  return a == b && a.size() >= 2 && a.front() == '"' && a.back() == '"';
}

}  // namespace coatcheck::http
