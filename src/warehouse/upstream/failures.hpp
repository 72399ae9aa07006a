#pragma once

#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "warehouse/upstream/client.hpp"

namespace coatcheck::warehouse::upstream {

// Failures that connectors over HTTP have in common, in words for the client.

Failure statement_failure(std::string_view sqlstate, std::string message);

// The server cannot be reached, or refuses service.
Failure unavailable(std::string message, bool retryable = true);

// `server` ("Trino") has answered with something that is not its protocol as we know it: "Trino's answer has no rows."
Failure not_understood(std::string_view server, std::string_view what);

// Whether the same request may well do better later, for nothing is wrong with it or with the settings.
bool may_pass(const TransportError& error);

// Why `server` gave no answer. `size_limit` is the option that says how large one may be. Where the request was
// canceled, only the connector knows what for: that is `canceled` here.
Failure unanswered(const TransportError& error, std::string_view server, std::string_view size_limit);

}  // namespace coatcheck::warehouse::upstream
