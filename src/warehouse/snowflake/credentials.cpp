#include "warehouse/snowflake/credentials.hpp"

#include <algorithm>
#include <utility>

#include "warehouse/snowflake/key_pair.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

// How long before its end a JWT is replaced: a request that is under way then is not too late.
constexpr std::chrono::minutes before_end{5};

constexpr std::string_view bearer = "Bearer ";

// What kind of token it is, in Snowflake's words; empty where it is to find out itself.
std::string_view token_type(SnowflakeOptions::Authentication authentication) {
  using Authentication = SnowflakeOptions::Authentication;
  switch (authentication) {
    case Authentication::key_pair: return "KEYPAIR_JWT";
    case Authentication::oauth: return "OAUTH";
    case Authentication::programmatic_access_token: return "PROGRAMMATIC_ACCESS_TOKEN";
    case Authentication::token:
    case Authentication::none: break;
  }
  return {};
}

// Files end with a line break, tokens do not.
std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

Result<std::string> Credentials::jwt() {
  const auto now = clock_.now();
  if (!jwt_.empty() && now < jwt_until_ - before_end) return jwt_;
  auto pem = options_.secret();
  if (!pem) return std::move(pem).error();
  std::string passphrase;
  if (options_.passphrase) {
    auto given = options_.passphrase();
    if (!given) return std::move(given).error();
    passphrase = trimmed(std::move(*given));
  }
  auto made = make_jwt(*pem, passphrase, {options_.account, options_.user}, now);
  if (!made) return std::move(made).error();
  jwt_ = std::move(*made);
  jwt_until_ = now + jwt_life;
  return jwt_;
}

Result<std::vector<upstream::Header>> Credentials::headers() {
  using Authentication = SnowflakeOptions::Authentication;
  std::vector<upstream::Header> headers;
  if (options_.authentication == Authentication::none) return headers;
  const bool is_key_pair = options_.authentication == Authentication::key_pair;
  auto token = is_key_pair ? jwt() : options_.secret();
  if (!token) return std::move(token).error();
  headers.push_back({"Authorization", std::string(bearer) + trimmed(std::move(*token))});
  const auto type = token_type(options_.authentication);
  if (!type.empty()) headers.push_back({"X-Snowflake-Authorization-Token-Type", std::string(type)});
  return headers;
}

void Credentials::refuse(const std::vector<upstream::Header>& headers) {
  const auto sent = std::ranges::find(headers, "Authorization", &upstream::Header::name);
  if (sent != headers.end() && sent->value == std::string(bearer) + jwt_) jwt_.clear();
}

}  // namespace coatcheck::warehouse::snowflake
