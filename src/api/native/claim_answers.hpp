#pragma once

#include "http/message.hpp"
#include "query/service.hpp"

namespace coatcheck::api::native {

// What a claim is answered when there are no rows to give: not yet (202), failed (422 or 502), canceled
// (409), let go (410), unreadable (500). Only for a claim whose reader is an error.
http::Response no_result(const query::Service::Claim& claim);

}  // namespace coatcheck::api::native
