#include "base/failure.hpp"

#include <array>
#include <utility>

namespace coatcheck {

namespace {

constexpr std::array<std::pair<FailureCategory, std::string_view>, 9> names = {{
    {FailureCategory::statement, "STATEMENT"},
    {FailureCategory::permission, "PERMISSION"},
    {FailureCategory::resources, "RESOURCES"},
    {FailureCategory::timeout, "TIMEOUT"},
    {FailureCategory::queue_timeout, "QUEUE_TIMEOUT"},
    {FailureCategory::canceled, "CANCELED"},
    {FailureCategory::interrupted, "INTERRUPTED"},
    {FailureCategory::unavailable, "UNAVAILABLE"},
    {FailureCategory::internal, "INTERNAL"},
}};

}  // namespace

std::string_view to_string(FailureCategory category) {
  for (const auto& [known, name] : names) {
    if (known == category) return name;
  }
  return "INTERNAL";
}

std::optional<FailureCategory> parse_failure_category(std::string_view text) {
  for (const auto& [known, name] : names) {
    if (name == text) return known;
  }
  return std::nullopt;
}

}  // namespace coatcheck
