#include "http/message.hpp"

#include <algorithm>

#include "http/field_text.hpp"
#include "http/percent.hpp"

namespace coatcheck::http {

namespace {

constexpr std::size_t parameters_max = 256;

}  // namespace

std::string Request::field(std::string_view name) const {
  std::string joined;
  bool found = false;
  for (const Field& each : fields) {
    if (!equal_without_case(each.name, name)) continue;
    if (found) joined += ", ";
    joined += each.value;
    found = true;
  }
  return joined;
}

bool Request::has(std::string_view name) const {
  for (const Field& each : fields) {
    if (equal_without_case(each.name, name)) return true;
  }
  return false;
}

Result<std::vector<std::pair<std::string, std::string>>> Request::parameters() const {
  std::vector<std::pair<std::string, std::string>> found;
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (found.size() == parameters_max) return Error{Errc::invalid_argument, "too many query parameters"};
    const auto equals = pair.find('=');
    auto name = percent_decoded(pair.substr(0, equals), true);
    auto value = percent_decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value) {
      return Error{Errc::invalid_argument, "broken percent-encoding in the query of the URL",
                   name.value_or(std::string(pair.substr(0, equals)))};
    }
    found.emplace_back(*std::move(name), *std::move(value));
  }
  return found;
}

}  // namespace coatcheck::http
