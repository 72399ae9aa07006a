#pragma once

#include <chrono>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/failure_limit.hpp"
#include "api/snowflake/identity.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "principals/keyring.hpp"

namespace coatcheck::api::snowflake {

// What a login-request says of who asks; members that are absent are empty. Secret: never log one.
struct Credentials {
  std::string authenticator = {};  // AUTHENTICATOR; empty or SNOWFLAKE for a password. Without regard to case.
  std::string login_name = {};     // LOGIN_NAME
  std::string password = {};       // PASSWORD
  std::string token = {};          // TOKEN
};

// Decides who comes in. Limits how often it can be asked in vain (docs/decisions/0018).
//
// Loop thread; never blocks. Without a keyring everybody comes in, as an administrator of the name that they say.
class Login {
 public:
  struct Options {
    FailureLimit::Options by_address = {};
    FailureLimit::Options by_name = {};
    std::size_t trusted_max = 10'000;  // Pairs of an address and a name that were let in lately.
    std::chrono::hours trusted_for{24};
  };

  // `keyring`, which may be null, and `clock` must outlive it.
  Login(const principals::Keyring* keyring, const Clock& clock, Options options);

  // Whether there is no keyring.
  bool lets_everybody_in() const { return keyring_ == nullptr; }

  // Of a driver's login-request. 390100 for anything that is wrong with a password or an API key, or when too much
  // was tried; 3943xx for a JWT (jwt.hpp); 394400 for a programmatic access token, 390303 for an OAuth token that is
  // not good; 390100 for an authenticator that we do not know, by its name.
  Result<Identity, SnowflakeError> enter(const Credentials& credentials, std::string_view peer_address);

  // Of a request of the SQL API: the text behind "Bearer ", and X-Snowflake-Authorization-Token-Type, which may
  // be empty: then the token's form says what it is. Errors as above, and 390144 for a JWT that is not good.
  Result<Identity, SnowflakeError> enter_bearer(std::string_view token, std::string_view token_type,
                                                std::string_view peer_address);

 private:
  enum class Method { password, key_pair, access_token, oauth };
  Result<Identity, SnowflakeError> check(Method method, std::string_view name, std::string_view secret,
                                         std::string_view peer_address);
  Result<Identity, SnowflakeError> look_up(Method method, std::string_view name, std::string_view secret) const;
  bool is_trusted(const std::string& pair, Timestamp now) const;
  void trust(std::string pair, Timestamp now);

  const principals::Keyring* keyring_;
  const Clock& clock_;
  Options options_;
  FailureLimit by_address_;
  FailureLimit by_name_;
  struct Trusted {
    std::string pair;
    Timestamp until{};
  };
  std::list<Trusted> trusted_;  // Let in last first.
  std::unordered_map<std::string_view, std::list<Trusted>::iterator> trusted_by_pair_;
};

// Returns what failures of this address are counted under: itself, or of IPv6 its first 64 bits, which are
// one customer's.
std::string limited_address(std::string_view peer_address);

// Returns the principal's name that a user name stands for while authentication is off: characters that no
// principal's name has become '_'. Empty if it is empty, has controls, or is longer than 64 bytes.
std::string principal_name_of(std::string_view user);

}  // namespace coatcheck::api::snowflake
