#include "api/snowflake/login.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "api/snowflake/jwt.hpp"

namespace coatcheck::api::snowflake {

namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::string_view nobody = "anonymous";

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

SnowflakeError invalid_access_token() { return {"394400", "", "Programmatic access token is invalid."}; }
SnowflakeError invalid_oauth_token() { return {"390303", "", "Invalid OAuth access token."}; }

SnowflakeError unknown_authenticator(std::string_view name) {
  return {"390100", "",
          fmt::format("The authenticator '{}' is not known here; use a password, SNOWFLAKE_JWT, "
                      "PROGRAMMATIC_ACCESS_TOKEN or OAUTH.",
                      name.substr(0, 60))};
}

bool is_jwt(std::string_view token) { return std::ranges::count(token, '.') == 2; }

}  // namespace

Login::Login(const principals::Keyring* keyring, const Clock& clock, Options options)
    : keyring_(keyring), clock_(clock), options_(options), by_address_(options.by_address), by_name_(options.by_name) {}

Result<Identity, SnowflakeError> Login::enter(const Credentials& credentials, std::string_view peer_address) {
  const std::string authenticator = lower_case(credentials.authenticator);
  const std::string& token = credentials.token.empty() ? credentials.password : credentials.token;
  if (authenticator.empty() || authenticator == "snowflake" || authenticator == "username_password_mfa") {
    return check(Method::password, credentials.login_name, credentials.password, peer_address);
  }
  if (authenticator == "snowflake_jwt") return check(Method::key_pair, credentials.login_name, token, peer_address);
  if (authenticator == "programmatic_access_token") {
    return check(Method::access_token, credentials.login_name, token, peer_address);
  }
  if (authenticator == "oauth") return check(Method::oauth, credentials.login_name, token, peer_address);
  if (keyring_ == nullptr) return check(Method::password, credentials.login_name, "", peer_address);
  return unknown_authenticator(credentials.authenticator);
}

Result<Identity, SnowflakeError> Login::enter_bearer(std::string_view token, std::string_view token_type,
                                                     std::string_view peer_address) {
  const std::string type = lower_case(token_type);
  if (type == "keypair_jwt" || (type.empty() && is_jwt(token))) {
    const std::string user = unchecked_jwt_user(token);
    auto identity = check(Method::key_pair, keyring_ == nullptr && user.empty() ? nobody : user, token, peer_address);
    if (!identity) return SnowflakeError{"390144", "", identity.error().message};
    return identity;
  }
  const Method method = type == "programmatic_access_token" ? Method::access_token : Method::oauth;
  return check(method, keyring_ == nullptr ? nobody : std::string_view(), token, peer_address);
}

// Refuses without a look what was tried too often; otherwise looks, and counts what is wrong.
Result<Identity, SnowflakeError> Login::check(Method method, std::string_view name, std::string_view secret,
                                              std::string_view peer_address) {
  if (keyring_ == nullptr) return look_up(method, name, secret);
  const auto refusal = [method]() -> SnowflakeError {
    switch (method) {
      case Method::password: return wrong_credentials();
      case Method::key_pair: return {"394300", "", "JWT token is invalid."};
      case Method::access_token: return invalid_access_token();
      case Method::oauth: return invalid_oauth_token();
    }
    return wrong_credentials();
  };
  const Timestamp now = clock_.now();
  const std::string address = limited_address(peer_address);
  const std::string counted_name = lower_case(name.substr(0, name_bytes_max));
  const std::string pair = address + '\n' + counted_name;
  if (!by_address_.allows(address, now)) return refusal();
  if (!counted_name.empty() && !by_name_.allows(counted_name, now) && !is_trusted(pair, now)) return refusal();

  auto identity = look_up(method, name, secret);
  if (identity) {
    if (!counted_name.empty()) trust(pair, now);
    return identity;
  }
  by_address_.failed(address, now);
  if (!counted_name.empty()) by_name_.failed(counted_name, now);
  return identity;
}

Result<Identity, SnowflakeError> Login::look_up(Method method, std::string_view name, std::string_view secret) const {
  if (keyring_ == nullptr) {
    const std::string from_token = method == Method::key_pair && name.empty() ? unchecked_jwt_user(secret) : "";
    std::string principal = principal_name_of(from_token.empty() ? name : from_token);
    if (principal.empty()) return wrong_credentials();
    return Identity{{std::move(principal), principals::Role::admin}, ""};
  }
  const bool wants_name = method == Method::password;
  const auto is_named = [&](const principals::Principal& principal) {
    return name.empty() ? !wants_name : lower_case(name) == lower_case(principal.name);
  };
  if (method == Method::key_pair) {
    auto identity = verify_jwt(secret, *keyring_, clock_.now());
    // Of the SQL API the name is what the token says, which may have the account's region before it.
    if (identity && !is_named(identity->principal) &&
        !lower_case(name).ends_with("." + lower_case(identity->principal.name))) {
      return SnowflakeError{"394300", "", "JWT token is invalid: it is another user's."};
    }
    return identity;
  }
  const auto known = keyring_->identify(secret);
  if (known && is_named(known->principal)) return Identity{known->principal, known->id};
  switch (method) {
    case Method::access_token: return invalid_access_token();
    case Method::oauth: return invalid_oauth_token();
    case Method::password:
    case Method::key_pair: break;
  }
  return wrong_credentials();
}

bool Login::is_trusted(const std::string& pair, Timestamp now) const {
  const auto found = trusted_by_pair_.find(pair);
  return found != trusted_by_pair_.end() && found->second->until > now;
}

void Login::trust(std::string pair, Timestamp now) {
  const auto found = trusted_by_pair_.find(pair);
  if (found != trusted_by_pair_.end()) {
    trusted_.splice(trusted_.begin(), trusted_, found->second);
  } else {
    trusted_.push_front({std::move(pair), now});
    trusted_by_pair_.emplace(trusted_.front().pair, trusted_.begin());
  }
  trusted_.front().until = now + options_.trusted_for;
  if (trusted_.size() > options_.trusted_max) {
    trusted_by_pair_.erase(trusted_.back().pair);
    trusted_.pop_back();
  }
}

std::string limited_address(std::string_view peer_address) {
  std::string address(peer_address.substr(0, peer_address.find('%')));
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) {
    return fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
  }
  std::string network;
  for (std::size_t i = 0; i != 8; ++i) network += fmt::format("{:02x}", bytes[i]);
  return network + "/64";
}

std::string principal_name_of(std::string_view user) {
  std::string name;
  if (user.size() > name_bytes_max) return name;
  for (const char c : user) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return "";
    if ((byte & 0xc0U) == 0x80) continue;  // Of one character of several bytes, one '_' is enough.
    name += principals::is_principal_name({&c, 1}) ? c : '_';
  }
  return principals::is_principal_name(name) ? name : "";
}

}  // namespace coatcheck::api::snowflake
