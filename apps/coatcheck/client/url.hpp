#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/outcome.hpp"

namespace coatcheck::client {

// Returns the address without a slash at its end. Wrong usage if it is not http:// or https:// with a host,
// or has more than a path behind it.
Outcome<std::string> checked_server(std::string_view address);

// Whether the address leads to this machine, where no proxy is wanted and compression is a waste.
bool is_loopback(std::string_view server);

// Returns the text with all but unreserved characters as %XX (RFC 3986).
std::string percent_encoded(std::string_view text);

// Returns "/v1/queries/<id>" and what comes after it ("/result").
std::string query_path(std::string_view id, std::string_view rest = {});

// Returns "path?name=value&…", without the parameters whose value is empty.
std::string with_parameters(std::string path, const std::vector<std::pair<std::string, std::string>>& parameters);

}  // namespace coatcheck::client
