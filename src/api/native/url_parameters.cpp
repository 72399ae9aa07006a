#include "api/native/url_parameters.hpp"

#include <algorithm>
#include <charconv>

namespace coatcheck::api::native {

namespace {

constexpr std::size_t value_bytes_max = 256;

}  // namespace

Result<UrlParameters> UrlParameters::read(const http::Request& request, std::initializer_list<std::string_view> known) {
  auto given = request.parameters();
  if (!given) return std::move(given).error();
  UrlParameters parameters;
  for (auto& [name, value] : *given) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{Errc::invalid_argument, "this parameter is not known here", name};
    }
    if (parameters.text(name)) return Error{Errc::invalid_argument, "this parameter is given more than once", name};
    if (value.size() > value_bytes_max) {
      return Error{Errc::invalid_argument, "is longer than the " + std::to_string(value_bytes_max) + " bytes allowed",
                   name};
    }
    parameters.given_.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

std::optional<std::string> UrlParameters::text(std::string_view name) const {
  for (const auto& [known, value] : given_) {
    if (known == name) return value;
  }
  return std::nullopt;
}

Result<std::optional<std::uint64_t>> UrlParameters::number(std::string_view name, std::uint64_t min,
                                                           std::uint64_t max) const {
  const auto value = text(name);
  if (!value) return std::optional<std::uint64_t>();
  std::uint64_t number = 0;
  const char* end = value->data() + value->size();
  const auto [rest, problem] = std::from_chars(value->data(), end, number);
  if (problem != std::errc{} || rest != end || number < min || number > max) {
    return Error{Errc::invalid_argument,
                 "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max),
                 std::string(name)};
  }
  return std::optional(number);
}

Result<std::optional<std::chrono::milliseconds>> UrlParameters::duration(std::string_view name,
                                                                         std::chrono::milliseconds max) const {
  const auto value = text(name);
  if (!value) return std::optional<std::chrono::milliseconds>();
  auto duration = parse_duration(*value);
  if (!duration) return Error{Errc::invalid_argument, duration.error().message, std::string(name)};
  if (*duration > max) return Error{Errc::invalid_argument, "may be at most " + to_string(max), std::string(name)};
  return std::optional(*duration);
}

Result<std::optional<Timestamp>> UrlParameters::time(std::string_view name) const {
  const auto value = text(name);
  if (!value) return std::optional<Timestamp>();
  auto time = parse_rfc3339(*value);
  if (!time) return Error{Errc::invalid_argument, time.error().message, std::string(name)};
  return std::optional(*time);
}

Result<QueryId> id_of(const http::Request& request) {
  const auto id = request.captures.empty() ? std::nullopt : QueryId::parse(request.captures.front());
  if (!id) return Error{Errc::not_found, "there is no such query"};
  return *id;
}

Result<void> no_parameters(const http::Request& request) {
  auto read = UrlParameters::read(request, {});
  if (!read) return std::move(read).error();
  return Result<void>::ok();
}

}  // namespace coatcheck::api::native
