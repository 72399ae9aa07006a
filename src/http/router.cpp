#include "http/router.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <utility>

#include "http/percent.hpp"

namespace coatcheck::http {

namespace {

constexpr std::array<std::pair<Verb, std::string_view>, 7> verbs = {{{Verb::get, "GET"},
                                                                     {Verb::head, "HEAD"},
                                                                     {Verb::post, "POST"},
                                                                     {Verb::put, "PUT"},
                                                                     {Verb::patch, "PATCH"},
                                                                     {Verb::del, "DELETE"},
                                                                     {Verb::options, "OPTIONS"}}};

// Takes the first segment off a path that begins with "/".
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// How a pattern's captures are kept; no literal has it, for braces are not in a path.
constexpr std::string_view capture_mark = "{}";

bool is_capture(const std::string& segment) { return segment == capture_mark; }

bool matches(const std::vector<std::string>& segments, std::string_view path) {
  for (const std::string& wanted : segments) {
    if (path.empty()) return false;
    const std::string_view segment = take_segment(path);
    if (is_capture(wanted) ? segment.empty() : segment != wanted) return false;
  }
  return path.empty();
}

// Whether the first pattern has a literal in the leftmost segment where one has a literal and the other a capture.
bool is_more_literal(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end(),
                                      [](const auto& a, const auto& b) { return !is_capture(a) && is_capture(b); });
}

std::optional<std::vector<std::string>> capture(const std::vector<std::string>& segments, std::string_view path) {
  std::vector<std::string> captures;
  for (const std::string& wanted : segments) {
    const std::string_view segment = take_segment(path);
    if (!is_capture(wanted)) continue;
    auto decoded = percent_decoded(segment, false);
    if (!decoded) return std::nullopt;
    captures.push_back(*std::move(decoded));
  }
  return captures;
}

}  // namespace

std::string_view to_string(Verb verb) {
  for (const auto& [known, name] : verbs) {
    if (known == verb) return name;
  }
  return {};
}

Verb parse_verb(std::string_view method) {
  for (const auto& [verb, name] : verbs) {
    if (name == method) return verb;
  }
  return Verb::other;
}

bool is_standard_method(std::string_view method) {
  return parse_verb(method) != Verb::other || method == "TRACE" || method == "CONNECT";
}

void Router::add(Route route) {
  assert(route.pattern.starts_with('/') && route.handle && route.verb != Verb::other);
  std::vector<std::string> segments;
  std::string_view rest = route.pattern;
  while (!rest.empty()) {
    const std::string_view segment = take_segment(rest);
    const bool captures = segment.starts_with('{') && segment.ends_with('}');
    segments.emplace_back(captures ? capture_mark : segment);
  }
  if (route.pattern == "/") segments.clear();
  const auto place =
      std::upper_bound(entries_.begin(), entries_.end(), segments,
                       [](const auto& added, const Entry& entry) { return is_more_literal(added, entry.segments); });
  entries_.insert(place, {std::move(route), std::move(segments)});
}

Router::Match Router::find(Verb verb, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  if (path == "/") path = {};
  const Verb wanted = verb == Verb::head ? Verb::get : verb;
  const std::vector<std::string>* pattern = nullptr;  // The first that matches: it alone is the path's.
  for (const Entry& entry : entries_) {
    if (pattern != nullptr ? entry.segments != *pattern : !matches(entry.segments, path)) continue;
    auto captures = capture(entry.segments, path);
    if (!captures) continue;
    pattern = &entry.segments;
    if (entry.route.verb == wanted) {
      match.route = &entry.route;
      match.captures = *std::move(captures);
      match.allowed.clear();
      return match;
    }
    if (std::find(match.allowed.begin(), match.allowed.end(), entry.route.verb) == match.allowed.end()) {
      match.allowed.push_back(entry.route.verb);
    }
  }
  return match;
}

std::string allow_value(const std::vector<Verb>& allowed) {
  std::string value;
  for (const Verb verb : allowed) {
    value += to_string(verb);
    value += ", ";
    if (verb == Verb::get) value += "HEAD, ";
  }
  return value + "OPTIONS";
}

}  // namespace coatcheck::http
