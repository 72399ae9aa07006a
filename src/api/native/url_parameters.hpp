#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace coatcheck::api::native {

// The parameters of one request's URL, read strictly: what is not known, or comes twice, is an error that
// names it.
class UrlParameters {
 public:
  static Result<UrlParameters> read(const http::Request& request, std::initializer_list<std::string_view> known);

  std::optional<std::string> text(std::string_view name) const;
  // A whole number from `min` to `max`.
  Result<std::optional<std::uint64_t>> number(std::string_view name, std::uint64_t min, std::uint64_t max) const;
  // A duration of at most `max`.
  Result<std::optional<std::chrono::milliseconds>> duration(std::string_view name, std::chrono::milliseconds max) const;
  Result<std::optional<Timestamp>> time(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> given_;
};

// The id in a route's first capture. What is no id names no query, so it is Errc::not_found.
Result<QueryId> id_of(const http::Request& request);

// Errc::invalid_argument naming the first URL parameter, for endpoints that have none.
Result<void> no_parameters(const http::Request& request);

}  // namespace coatcheck::api::native
