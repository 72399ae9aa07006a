#pragma once

#include <string>
#include <string_view>

#include "base/query_id.hpp"
#include "base/result.hpp"

namespace coatcheck::api::native {

// Where a page of the history begins, and under which filters, as clients carry it. Opaque to them. It grants
// nothing: whose queries are shown is decided by who asks.
std::string make_page_token(QueryId next, std::string_view filters);

// Errc::invalid_argument for what we did not make, or made for other filters.
Result<QueryId> parse_page_token(std::string_view token, std::string_view filters);

}  // namespace coatcheck::api::native
