#include "api/native/quota_fields.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace coatcheck::api::native {

namespace {

// Of the draft's registry. A query that waits is one request that was accepted, which is what is meant without a unit.
std::string_view unit_of(query::Limit limit) {
  switch (limit) {
    case query::Limit::queued: return "";
    case query::Limit::waiting:
    case query::Limit::claims: return R"(;qu="concurrent-requests")";
    case query::Limit::stored: return R"(;qu="content-bytes")";
  }
  return "";
}

}  // namespace

http::Response with_quotas(http::Response response, const query::Service& service, const principals::Principal& asker,
                           std::initializer_list<query::Limit> limits) {
  std::string policy;
  std::string left;
  for (const query::Limit limit : limits) {
    const auto quota = service.quota(asker.name, limit);
    if (!quota) continue;
    const std::string_view comma = policy.empty() ? "" : ", ";
    fmt::format_to(std::back_inserter(policy), R"({}"{}";q={}{})", comma, name_of(limit), quota->max, unit_of(limit));
    fmt::format_to(std::back_inserter(left), R"({}"{}";r={})", comma, name_of(limit), quota->left);
  }
  if (policy.empty()) return response;
  response.fields.push_back({"RateLimit-Policy", std::move(policy)});
  response.fields.push_back({"RateLimit", std::move(left)});
  return response;
}

}  // namespace coatcheck::api::native
