#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace coatcheck::http {

// What a client would like but does not insist on (RFC 7240).
struct Preferences {
  std::optional<std::chrono::seconds> wait = {};  // At most 10^9 - 1; the caller has a limit of its own.
  bool respond_async = false;
};

// Reads a Prefer field. Of one preference given twice the first counts; what is unknown or malformed is ignored.
Preferences parse_prefer(std::string_view prefer);

}  // namespace coatcheck::http
