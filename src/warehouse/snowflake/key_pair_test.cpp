#include "warehouse/snowflake/key_pair.hpp"

#include <arrow/util/base64.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <vector>

#include "warehouse/snowflake/test_key.hpp"

namespace coatcheck::warehouse::snowflake {
namespace {

namespace json = boost::json;

const Timestamp now(std::chrono::seconds(1'800'000'000));

std::string decoded(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0) text += '=';
  return arrow::util::base64_decode(text).ValueOrDie();
}

std::vector<std::string> parts_of(const std::string& jwt) {
  std::vector<std::string> parts(1);
  for (const char c : jwt) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool is_signed(const std::vector<std::string>& parts) {
  const auto text = parts[0] + "." + parts[1];
  const auto signature = decoded(parts[2]);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, test_key().get());
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

std::string fingerprint() {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(test_key().get(), &der);
  std::array<unsigned char, 32> hash{};
  SHA256(der, static_cast<std::size_t>(size), hash.data());
  OPENSSL_free(der);
  return "SHA256:" + arrow::util::base64_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

TEST(MakeJwt, is_what_snowflake_asks_for) {
  const auto jwt = make_jwt(test_key().pem(), "", {"my-account.eu-central-1", "ann"}, now);
  ASSERT_TRUE(jwt) << jwt.error().message;
  const auto parts = parts_of(*jwt);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(decoded(parts[0]), R"({"typ":"JWT","alg":"RS256"})");
  const auto claims = json::parse(decoded(parts[1])).as_object();
  EXPECT_EQ(claims.at("sub").as_string(), "MY-ACCOUNT.ANN");
  EXPECT_EQ(claims.at("iss").as_string(), ("MY-ACCOUNT.ANN." + fingerprint()).c_str());
  const auto issued = claims.at("iat").as_int64();
  const auto ends = claims.at("exp").as_int64();
  EXPECT_LE(issued, 1'800'000'000);
  EXPECT_LE(ends - issued, 3600);
  EXPECT_EQ(ends, 1'800'000'000 + std::chrono::seconds(jwt_life).count());
  EXPECT_TRUE(is_signed(parts));
}

TEST(MakeJwt, reads_an_encrypted_key) {
  const auto pem = test_key().pem("open sesame");
  EXPECT_TRUE(make_jwt(pem, "open sesame", {"a", "u"}, now));
  for (const auto& wrong : {std::string(), std::string("closed"), std::string(5'000, 'x')}) {
    const auto jwt = make_jwt(pem, wrong, {"a", "u"}, now);
    ASSERT_FALSE(jwt);
    EXPECT_EQ(jwt.error().message, "the private key cannot be read: its passphrase is missing or wrong");
  }
}

TEST(MakeJwt, refuses_what_is_no_key_without_showing_it) {
  const TestKey small(1024);
  for (const auto& pem : {std::string(), std::string("secret words"), small.pem(), std::string(100'000, 'x')}) {
    const auto jwt = make_jwt(pem, "", {"a", "u"}, now);
    ASSERT_FALSE(jwt);
    EXPECT_EQ(jwt.error().message.find("secret"), std::string::npos);
  }
}

TEST(JwtAccount, has_no_region) {
  EXPECT_EQ(jwt_account("myorg-myaccount"), "MYORG-MYACCOUNT");
  EXPECT_EQ(jwt_account("xy12345.eu-central-1.aws"), "XY12345");
  EXPECT_EQ(jwt_account("name-0123.global"), "NAME");
}

}  // namespace
}  // namespace coatcheck::warehouse::snowflake
