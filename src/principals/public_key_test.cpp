#include "principals/public_key.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>

#include "principals/base64.hpp"
#include "principals/testing/signing_key.hpp"

namespace coatcheck::principals {
namespace {

using testing::other_signing_key;
using testing::signing_key;
using testing::SigningKey;

// Made with the openssl command, and its fingerprint with
// openssl rsa -pubin -outform DER | openssl dgst -sha256 -binary | openssl enc -base64
constexpr const char* known_pem = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0+Y6HDhPQBVDU7MToBlt
1W7ZgQsBrYfoz20uuqJJ5RZ+M+t19x8cSOeVjfzUupgJjiGGaboyDZyzNALeSyAN
yf6XxARD0QqXuwRsvwjD+YmVtE1WN9wZh731HdAfzXf+kIBbkkB91vg8to6N/vvT
I7JTd9590yp9qtyRWZ0/L7o4axY/RtAax0TC7/KufKXvpMd8jVtAIiPyb5mT3U0c
wodME+w/W0ci8WehP5TH8FP/gur6t+Of0t5QCWw0rwm+Lw7NCgHCh8YpUM9o42b8
lnlP+8+7fqrdBcAr+auUd61xOJR0oa9lJA2HHu2jUQ1U455Jqo3OIsL3RVT1qmOL
HwIDAQAB
-----END PUBLIC KEY-----
)";
constexpr const char* known_fingerprint = "SHA256:x4JHWIbdbpvKdw1GbKGgS887Z5t9LZR4RaUJkfti/zs=";

TEST(PublicKey, has_the_fingerprint_that_openssl_computes) {
  const auto key = PublicKey::from_pem(known_pem);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->fingerprint(), known_fingerprint);
}

TEST(PublicKey, is_the_same_from_pem_and_from_der) {
  const auto from_pem = PublicKey::from_pem(signing_key().public_pem());
  ASSERT_TRUE(from_pem) << from_pem.error().message;
  const auto from_der = PublicKey::from_der(from_pem->der());
  ASSERT_TRUE(from_der) << from_der.error().message;
  EXPECT_EQ(*from_der, *from_pem);
  EXPECT_EQ(from_der->fingerprint(), from_pem->fingerprint());
  EXPECT_NE(*from_pem, *PublicKey::from_pem(other_signing_key().public_pem()));
}

TEST(PublicKey, knows_its_owners_signature_and_no_other) {
  const auto key = PublicKey::from_pem(signing_key().public_pem());
  std::string signature = signing_key().sign("text");
  EXPECT_TRUE(key->verify_rs256("text", signature));
  EXPECT_FALSE(key->verify_rs256("Text", signature));
  EXPECT_FALSE(key->verify_rs256("text", other_signing_key().sign("text")));
  EXPECT_FALSE(key->verify_rs256("text", ""));
  EXPECT_FALSE(key->verify_rs256("text", signature + "x"));
  signature[7] = static_cast<char>(signature[7] ^ 1);
  EXPECT_FALSE(key->verify_rs256("text", signature));
}

TEST(PublicKey, what_is_none_is_refused_in_words) {
  const std::string pem = signing_key().public_pem();
  for (const auto& [text, words] : {
           std::pair(std::string(), "no public key in PEM"),
           std::pair(std::string("hello"), "no public key in PEM"),
           std::pair(pem.substr(0, pem.size() / 2), "no public key in PEM"),
           std::pair(signing_key().private_pem(), "private key"),
           std::pair(std::string("-----BEGIN RSA PUBLIC KEY-----\n"), "PKCS #1"),
           std::pair(SigningKey(1024).public_pem(), "1024 bits"),
           std::pair(std::string(1 << 20, '-'), "too large"),
       }) {
    const auto key = PublicKey::from_pem(text);
    ASSERT_FALSE(key) << words;
    EXPECT_EQ(key.error().code, Errc::invalid_argument);
    EXPECT_NE(key.error().message.find(words), std::string::npos) << key.error().message;
  }
}

TEST(PublicKey, a_key_of_another_algorithm_is_refused) {
  EVP_PKEY* const made = EVP_EC_gen("P-256");
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> owned(made, &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  ASSERT_EQ(PEM_write_bio_PUBKEY(memory.get(), made), 1);
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(memory.get(), &text));
  const auto key = PublicKey::from_pem({text, size});
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().message.find("not an RSA key"), std::string::npos);
}

TEST(PublicKey, der_with_anything_behind_it_is_refused) {
  const std::string der = PublicKey::from_pem(signing_key().public_pem())->der();
  EXPECT_FALSE(PublicKey::from_der(der + '\0'));
  EXPECT_FALSE(PublicKey::from_der(der.substr(1)));
  EXPECT_FALSE(PublicKey::from_der(""));
}

TEST(Base64, one_text_stands_for_each_bytes) {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"), std::string("abc"),
                                   std::string("\0\xff\x80", 3), std::string(1000, 'x')}) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
  }
  EXPECT_EQ(encode_base64("any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw==");
  for (const char* bad : {"YQ", "YQ=", "YR==", " YQ=", "YQ==\n", "Y===", "====", "YQ==YQ==", "Y-_="}) {
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace coatcheck::principals
