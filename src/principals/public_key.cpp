#include "principals/public_key.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <fmt/format.h>

#include <utility>

#include "principals/base64.hpp"

namespace coatcheck::principals {

namespace {

using Key = std::shared_ptr<EVP_PKEY>;

Error no_key(std::string why) { return {Errc::invalid_argument, std::move(why)}; }

// Errors stay in a queue of the thread until somebody asks; nobody will.
void forget_openssl_errors() { ERR_clear_error(); }

Key parse_pem(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                         &BIO_free);
  if (!source) return nullptr;
  return Key(PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
}

Key parse_der(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())), &EVP_PKEY_free);
  const bool is_all = at == reinterpret_cast<const unsigned char*>(der.data()) + der.size();
  return is_all ? key : nullptr;
}

Result<std::string> der_of(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  if (size <= 0) return no_key("the public key cannot be written down");
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

Result<void> check(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return no_key("the public key is not an RSA key");
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < rsa_bits_min || bits > rsa_bits_max) {
    return no_key(fmt::format("the RSA key has {} bits; {} to {} are taken", bits, rsa_bits_min, rsa_bits_max));
  }
  return Result<void>::ok();
}

bool has_armour(std::string_view pem, std::string_view label) {
  return pem.find(fmt::format("-----BEGIN {}-----", label)) != pem.npos;
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<evp_pkey_st> key, std::string der)
    : key_(std::move(key)), der_(std::make_shared<const std::string>(std::move(der))) {
  SHA256(reinterpret_cast<const unsigned char*>(der_->data()), der_->size(), hash_.data());
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  if (pem.size() > public_key_bytes_max) return no_key("that is too large for a public key");
  if (pem.find("PRIVATE KEY-----") != pem.npos) {
    return no_key(
        "that is a private key, which never leaves its owner; its public half is made by: "
        "openssl rsa -in KEY -pubout");
  }
  if (has_armour(pem, "RSA PUBLIC KEY")) {
    return no_key(
        "that is a public key in the form of PKCS #1; the one wanted is made by: "
        "openssl rsa -RSAPublicKey_in -in KEY -pubout");
  }
  const Key key = parse_pem(pem);
  forget_openssl_errors();
  if (!key) return no_key("that is no public key in PEM (-----BEGIN PUBLIC KEY-----)");
  if (auto checked = check(key.get()); !checked) return std::move(checked).error();
  auto der = der_of(key.get());
  if (!der) return std::move(der).error();
  return PublicKey(key, *std::move(der));
}

Result<PublicKey> PublicKey::from_der(std::string_view der) {
  if (der.size() > public_key_bytes_max) return no_key("that is too large for a public key");
  const Key key = parse_der(der);
  forget_openssl_errors();
  if (!key) return no_key("that is no public key in DER");
  if (auto checked = check(key.get()); !checked) return std::move(checked).error();
  auto same = der_of(key.get());
  if (!same) return std::move(same).error();
  if (*same != der) return no_key("that is no public key in DER");
  return PublicKey(key, std::string(der));
}

std::string PublicKey::fingerprint() const {
  return "SHA256:" + encode_base64({reinterpret_cast<const char*>(hash_.data()), hash_.size()});
}

bool PublicKey::verify_rs256(std::string_view text, std::string_view signature) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const bool good =
      context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  if (!good) forget_openssl_errors();
  return good;
}

}  // namespace coatcheck::principals
