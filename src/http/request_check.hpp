#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace coatcheck::http {

// The head of a request as the parser took it apart, before anything is believed.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  int version = 11;  // 10 or 11.
  const std::vector<Field>* fields = nullptr;
  bool folded = false;  // A field went over more than one line.
};

// Why a request is not served, and with which status.
struct Refusal {
  int status = 400;
  std::string_view detail;
};

// Checks what RFC 9112 and 9110 demand and Beast's parser lets through: folded lines, Host, the form of the target,
// transfer codings, conflicting lengths, expectations. A request refused here must end the connection: where it
// ends is not certain.
std::optional<Refusal> check(const RequestHead& head);

// Where the path and the query are in a target that passed check(): "/a?b", "http://host/a?b" or "*".
struct TargetParts {
  std::string_view path;
  std::string_view query;
};
TargetParts split_target(std::string_view target);

}  // namespace coatcheck::http
