#include "http/prefer.hpp"

#include "http/field_text.hpp"

namespace coatcheck::http {

namespace {

std::optional<std::chrono::seconds> parse_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty() || text.size() > 9) return std::nullopt;
  int seconds = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    seconds = seconds * 10 + (c - '0');
  }
  return std::chrono::seconds(seconds);
}

}  // namespace

Preferences parse_prefer(std::string_view prefer) {
  Preferences found;
  const auto elements = split_outside_quotes(prefer, ',');
  if (!elements) return found;
  bool wait_seen = false;
  for (const std::string_view element : *elements) {
    const auto parts = split_outside_quotes(element, ';');
    if (!parts || parts->empty()) continue;
    const std::string_view preference = parts->front();
    const auto equals = preference.find('=');
    const std::string_view name = trim(preference.substr(0, equals));
    if (equal_without_case(name, "respond-async")) found.respond_async = true;
    if (!equal_without_case(name, "wait") || equals == std::string_view::npos || wait_seen) continue;
    wait_seen = true;
    found.wait = parse_seconds(trim(preference.substr(equals + 1)));
  }
  return found;
}

}  // namespace coatcheck::http
