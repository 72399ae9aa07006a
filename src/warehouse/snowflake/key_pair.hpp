#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace coatcheck::warehouse::snowflake {

// Whose JWT it is.
struct JwtSubject {
  std::string account;
  std::string user;
};

// How long a JWT is good; Snowflake takes none for longer than an hour.
inline constexpr std::chrono::minutes jwt_life{58};

// Returns a key-pair JWT (RS256) that is good from `now` on. `pem` is an RSA private key; `passphrase` may be empty.
// Errors say nothing of the key but what is wrong with it.
Result<std::string> make_jwt(const std::string& pem, const std::string& passphrase, const JwtSubject& subject,
                             Timestamp now);

// The account as it stands in a JWT: upper case, without the region of a locator ("xy12345.eu-central-1").
std::string jwt_account(std::string_view account);

}  // namespace coatcheck::warehouse::snowflake
