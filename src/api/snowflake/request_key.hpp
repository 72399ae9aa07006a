#pragma once

#include <string>
#include <string_view>

#include "base/statement.hpp"

namespace coatcheck::api::snowflake {

// The idempotency key of a query that a client submitted under this requestId, by either door: a retry finds the same
// query by it, and an abort-request the query to cancel, also after a restart.
std::string request_key(std::string_view request_id);

// A fingerprint of what is asked, and nothing of how: a retry comes with other times and counters. Always 32 bytes,
// which may be any.
std::string fingerprint_of(const Statement& statement);

inline constexpr std::size_t fingerprint_bytes = 32;

}  // namespace coatcheck::api::snowflake
