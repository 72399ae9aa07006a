#pragma once

#include <string_view>

namespace coatcheck::http {

// Whether an If-None-Match names `etag` (with its quotes, W/ or not) by weak comparison, or is "*": then GET is
// answered 304. A malformed list names nothing.
bool if_none_match_holds(std::string_view if_none_match, std::string_view etag);

// Whether both are the same strong entity tag (If-Range).
bool same_strong_etag(std::string_view a, std::string_view b);

}  // namespace coatcheck::http
