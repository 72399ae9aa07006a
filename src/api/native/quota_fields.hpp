#pragma once

#include <initializer_list>

#include "http/message.hpp"
#include "principals/principal.hpp"
#include "query/service.hpp"

namespace coatcheck::api::native {

// Returns the answer with what the asker may have by these limits and what is left of it, as RateLimit-Policy and
// RateLimit (draft-ietf-httpapi-ratelimit-headers-10); as it is if none of them is set for the asker.
http::Response with_quotas(http::Response response, const query::Service& service, const principals::Principal& asker,
                           std::initializer_list<query::Limit> limits);

}  // namespace coatcheck::api::native
