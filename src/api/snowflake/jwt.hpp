#pragma once

#include <string>
#include <string_view>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/identity.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "principals/keyring.hpp"

namespace coatcheck::api::snowflake {

inline constexpr std::size_t jwt_bytes_max = 8192;

// Checks a key-pair JWT (RFC 7519, RS256 only): iss = <ACCOUNT>.<USER>.SHA256:<fingerprint>, sub =
// <ACCOUNT>.<USER>, iat, exp, each of which must be there. The account may be any, the same in both. The user is a
// principal, without regard to case, with a public key of that fingerprint in the keyring. Clocks may
// differ by a minute; exp is in seconds or milliseconds.
//
// Errors: 394306 not the form of such a token, 394305 another algorithm than RS256, 394301 expired, 394302 issued
// in the future, 394303 good for more than an hour or less than nothing, 394304 no such user or no such key (which
// cannot be told apart), 394300 the signature or another claim is wrong.
Result<Identity, SnowflakeError> verify_jwt(std::string_view text, const principals::Keyring& keyring, Timestamp now);

// Returns the user that a JWT names, in the token's own case, without any check; "" if it has not the form of one. For
// servers that let in everybody.
std::string unchecked_jwt_user(std::string_view text);

}  // namespace coatcheck::api::snowflake
