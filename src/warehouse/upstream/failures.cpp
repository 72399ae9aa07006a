#include "warehouse/upstream/failures.hpp"

#include <fmt/format.h>

#include <utility>

namespace coatcheck::warehouse::upstream {

Failure statement_failure(std::string_view sqlstate, std::string message) {
  return {.category = FailureCategory::statement, .sqlstate = std::string(sqlstate), .message = std::move(message)};
}

Failure unavailable(std::string message, bool retryable) {
  return {.category = FailureCategory::unavailable,
          .sqlstate = "08006",
          .message = std::move(message),
          .retryable = retryable};
}

Failure not_understood(std::string_view server, std::string_view what) {
  return {.category = FailureCategory::internal, .message = fmt::format("{}'s answer has {}.", server, what)};
}

bool may_pass(const TransportError& error) {
  using Kind = TransportError::Kind;
  switch (error.kind) {
    case Kind::unreachable:
    case Kind::timeout:
    case Kind::broken: return true;
    case Kind::invalid:
    case Kind::untrusted:
    case Kind::too_large:
    case Kind::canceled: break;
  }
  return false;
}

Failure unanswered(const TransportError& error, std::string_view server, std::string_view size_limit) {
  using Kind = TransportError::Kind;
  if (error.kind == Kind::too_large) {
    return {.category = FailureCategory::resources,
            .sqlstate = "53000",
            .message = fmt::format("An answer of {}'s is larger than {}.", server, size_limit)};
  }
  if (error.kind == Kind::canceled) {
    return {.category = FailureCategory::canceled,
            .sqlstate = "57014",
            .message = fmt::format("Nobody waits for {}'s answer anymore.", server)};
  }
  return unavailable(fmt::format("{} cannot be reached: {}.", server, error.message), may_pass(error));
}

}  // namespace coatcheck::warehouse::upstream
