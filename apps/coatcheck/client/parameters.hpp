#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/outcome.hpp"

namespace coatcheck::client {

// Returns one entry of the API's `parameters`, as JSON, for what was written behind --param:
//
//     5   1.5   true   null   2026-01-01     positional; all but numbers, true, false and null is text
//     '5'                                    in quotes: text, whatever it looks like
//     day=2026-01-01                         named
//     day:DATE=2026-01-01   :DATE=2026-01-01 with the warehouse's type; the value goes as text
std::string parameter_json(std::string_view written);

// What a submit asks for. Empty texts are left out.
struct SubmitAsked {
  std::string statement = {};
  std::string warehouse = {};
  std::string timeout = {};
  std::string row_limit = {};
  std::string priority = {};
  std::string query_tag = {};
  std::string result_ttl = {};
  std::vector<std::string> parameters = {};  // As written.
};

// Returns the body of POST /v1/queries. Wrong usage if the statement is empty or not UTF-8.
Outcome<std::string> submit_json(const SubmitAsked& asked);

// Returns a new name for one submission, that nobody else has: it makes sending it again harmless.
Outcome<std::string> random_idempotency_key();

}  // namespace coatcheck::client
