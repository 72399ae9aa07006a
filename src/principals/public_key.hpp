#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct evp_pkey_st;

namespace coatcheck::principals {

inline constexpr int rsa_bits_min = 2048;
inline constexpr int rsa_bits_max = 8192;                  // A check takes longer the longer the key is.
inline constexpr std::size_t public_key_bytes_max = 8192;  // Of PEM or DER.

// An RSA public key, by which a principal signs instead of showing an API key. Immutable; copies share it. Safe from
// any thread.
class PublicKey {
 public:
  // Reads PEM, `-----BEGIN PUBLIC KEY-----` (SubjectPublicKeyInfo, RFC 5280), or its DER. Errc::invalid_argument, in
  // words for whoever has the file, if it is another kind of key or has not the bits.
  static Result<PublicKey> from_pem(std::string_view pem);
  static Result<PublicKey> from_der(std::string_view der);

  // The DER of its SubjectPublicKeyInfo.
  const std::string& der() const { return *der_; }
  // The SHA-256 of that, and how people write it: "SHA256:" and base64.
  const std::array<std::uint8_t, 32>& hash() const { return hash_; }
  std::string fingerprint() const;

  // Whether `signature` is this key's, by RSASSA-PKCS1-v1_5 with SHA-256 (RS256 in RFC 7518).
  bool verify_rs256(std::string_view text, std::string_view signature) const;

  bool operator==(const PublicKey& other) const { return hash_ == other.hash_; }

 private:
  explicit PublicKey(std::shared_ptr<evp_pkey_st> key, std::string der);

  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<const std::string> der_;
  std::array<std::uint8_t, 32> hash_{};
};

}  // namespace coatcheck::principals
