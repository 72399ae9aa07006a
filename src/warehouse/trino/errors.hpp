#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "warehouse/upstream/failures.hpp"

namespace coatcheck::warehouse::trino {

// The member `error` of an answer.
struct TrinoError {
  std::string name;  // "TABLE_NOT_FOUND"
  std::string type;  // "USER_ERROR", "INTERNAL_ERROR", "INSUFFICIENT_RESOURCES", "EXTERNAL"
  std::string message;
  std::uint64_t line = 0;    // From 1; 0 if it does not say.
  std::uint64_t column = 0;  // From 1, in characters.
};

// Where the client's statement is in the one that was sent.
struct Sent {
  std::string_view statement;        // The client's.
  std::uint64_t columns_before = 0;  // Characters that were put before its first line.
};

// Reads Trino's error, in its own words.
Failure read_error(const TrinoError& error, const Sent& sent);

Failure canceled_failure();
using upstream::statement_failure;
using upstream::unavailable;
// Trino has answered with something that is not the protocol as we know it.
Failure not_understood(std::string_view what);

}  // namespace coatcheck::warehouse::trino
