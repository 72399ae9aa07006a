#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"

namespace coatcheck::http {

// An error as clients get it (RFC 9457, application/problem+json).
struct Problem {
  int status = 500;
  std::string title;        // The same for every occurrence: "Unknown field".
  std::string detail = {};  // This occurrence, for a person.
  std::string field = {};   // Which part of the request, if one is at fault: "parameters[2].type".
  // More members, as JSON text by name: {"error", "{\"code\":…}"}.
  std::vector<std::pair<std::string, std::string>> extensions = {};
};

// Lays the problem out; `fields` are added to the response (Retry-After, Allow, WWW-Authenticate).
Response to_response(const Problem& problem, std::vector<Field> fields = {});

// Returns "Not Found" for 404, and so on; empty for a status without a registered name.
std::string_view reason(int status);

}  // namespace coatcheck::http
