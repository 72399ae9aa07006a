#pragma once

#include <string>
#include <string_view>

#include "base/failure.hpp"
#include "warehouse/upstream/failures.hpp"

namespace coatcheck::warehouse::snowflake {

// What an answer says of an error.
struct Words {
  std::string code;      // "000904"
  std::string sqlstate;  // "42000"
  std::string message;
};

// Reads Snowflake's error about a statement, in its own words.
Failure read_error(const Words& words, std::string_view statement);

// Whether it says that there is no such statement, or no result of it anymore.
bool is_gone(std::string_view code);

// Whether it says that a token is not valid, perhaps not anymore.
bool is_token_refused(std::string_view code);

Failure canceled_failure();
Failure interrupted_failure();
// Snowflake does not know the statement, or its result (result_gone_code).
Failure gone_failure(std::string_view words);
using upstream::statement_failure;
using upstream::unavailable;
// Snowflake has answered with something that is not the protocol as we know it.
Failure not_understood(std::string_view what);

}  // namespace coatcheck::warehouse::snowflake
