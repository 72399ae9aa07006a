#include "http/accept.hpp"

#include <vector>

#include "http/field_text.hpp"

namespace coatcheck::http {

namespace {

// How closely a range names a type: 0 not at all, 1 by "*/*", 2 by "text/*", 3 by name.
int closeness(std::string_view range, std::string_view type) {
  if (range == "*/*") return 1;
  if (equal_without_case(range, type)) return 3;
  const auto slash = type.find('/');
  return range.ends_with("/*") && equal_without_case(range.substr(0, range.size() - 2), type.substr(0, slash)) ? 2 : 0;
}

int weight_of(const std::vector<Weighted>& ranges, std::string_view type) {
  int best = 0;
  int weight = 0;
  for (const Weighted& range : ranges) {
    const int close = closeness(range.value, type);
    if (close <= best) continue;
    best = close;
    weight = range.weight;
  }
  return weight;
}

}  // namespace

std::optional<std::size_t> choose_media_type(std::string_view accept, std::span<const std::string_view> offered) {
  if (offered.empty()) return std::nullopt;
  const auto ranges = parse_weighted(accept);
  if (!ranges) return std::nullopt;
  if (ranges->empty()) return 0;
  std::optional<std::size_t> best;
  int best_weight = 0;
  for (std::size_t i = 0; i != offered.size(); ++i) {
    const int weight = weight_of(*ranges, offered[i]);
    if (weight <= best_weight) continue;
    best = i;
    best_weight = weight;
  }
  return best;
}

}  // namespace coatcheck::http
