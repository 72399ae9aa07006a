#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "api/snowflake/base64url.hpp"
#include "base/clock.hpp"
#include "principals/public_key.hpp"
#include "principals/testing/signing_key.hpp"

namespace coatcheck::api::snowflake::testing {

// A key-pair JWT as drivers make it. Every part may be replaced before it is signed.
struct TestJwt {
  const principals::testing::SigningKey* key = &principals::testing::signing_key();
  std::string header = R"({"typ":"JWT","alg":"RS256"})";
  std::string issuer;
  std::string subject = "ACCOUNT.ANN";
  std::string issued;
  std::string expires;
  std::string more = {};  // Of the claims: `,"nbf":1`.

  explicit TestJwt(Timestamp now) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    issued = std::to_string(seconds);
    expires = std::to_string(seconds + 60);
    issuer = "ACCOUNT.ANN." + fingerprint();
  }

  std::string fingerprint() const { return principals::PublicKey::from_pem(key->public_pem())->fingerprint(); }
  std::string claims() const {
    return fmt::format(R"({{"iss":"{}","sub":"{}","iat":{},"exp":{}{}}})", issuer, subject, issued, expires, more);
  }
  std::string text() const { return sign(header, claims()); }
  std::string sign(const std::string& head, const std::string& body) const {
    const std::string signed_text = encode_base64url(head) + '.' + encode_base64url(body);
    return signed_text + '.' + encode_base64url(key->sign(signed_text));
  }
};

}  // namespace coatcheck::api::snowflake::testing
