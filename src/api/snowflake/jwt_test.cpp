#include "api/snowflake/jwt.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <string>

#include "api/snowflake/base64url.hpp"
#include "api/snowflake/testing/test_clock.hpp"
#include "api/snowflake/testing/test_jwt.hpp"
#include "api/snowflake/testing/test_keyring.hpp"

namespace coatcheck::api::snowflake {
namespace {

using principals::PublicKey;
using principals::Role;
using principals::testing::other_signing_key;
using principals::testing::signing_key;
using testing::TestJwt;

class JwtTest : public ::testing::Test {
 protected:
  JwtTest() { id_ = *keyring_->add("Ann", Role::admin, *PublicKey::from_pem(signing_key().public_pem())); }

  TestJwt some_jwt() const { return TestJwt(clock_.now()); }
  Result<Identity, SnowflakeError> verify(const std::string& text) { return verify_jwt(text, *keyring_, clock_.now()); }
  std::string code_of(const TestJwt& jwt) { return code_of(jwt.text()); }
  std::string code_of(const std::string& text) {
    const auto identity = verify(text);
    return identity ? "good" : identity.error().code;
  }

  testing::TestClock clock_;
  testing::TestKeyring keyring_{clock_};
  std::string id_;
};

TEST_F(JwtTest, a_driver_with_the_private_key_is_let_in) {
  const auto identity = verify(some_jwt().text());
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(*identity, (Identity{{"Ann", Role::admin}, id_}));
}

TEST_F(JwtTest, the_account_may_be_any_and_the_user_in_any_case) {
  for (const char* subject : {"OTHER.ANN", "ORG-ACCOUNT.ann", "ACCOUNT.EU-WEST-1.Ann"}) {
    TestJwt jwt = some_jwt();
    jwt.subject = subject;
    jwt.issuer = jwt.subject + "." + jwt.fingerprint();
    EXPECT_EQ(code_of(jwt), "good") << subject;
  }
}

TEST_F(JwtTest, times_may_be_in_milliseconds_or_have_a_fraction) {
  TestJwt jwt = some_jwt();
  jwt.expires += "000";
  EXPECT_EQ(code_of(jwt), "good");
  jwt.issued += ".25";
  EXPECT_EQ(code_of(jwt), "good");
}

TEST_F(JwtTest, clocks_may_differ_by_a_minute) {
  const std::string text = some_jwt().text();
  clock_.advance(-std::chrono::seconds(60));
  EXPECT_EQ(code_of(text), "good");
  clock_.advance(-std::chrono::seconds(1));
  EXPECT_EQ(code_of(text), "394302");
  clock_.advance(std::chrono::seconds(61 + 119));
  EXPECT_EQ(code_of(text), "good");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(code_of(text), "394301");
}

TEST_F(JwtTest, is_good_for_an_hour_at_most) {
  TestJwt jwt = some_jwt();
  jwt.expires = std::to_string(1'800'000'000 + 3600);
  EXPECT_EQ(code_of(jwt), "good");
  jwt.expires = std::to_string(1'800'000'000 + 3601);
  EXPECT_EQ(code_of(jwt), "394303");
  jwt.expires = jwt.issued;
  EXPECT_EQ(code_of(jwt), "394303");
}

TEST_F(JwtTest, a_token_that_is_not_valid_yet_by_nbf_is_refused) {
  TestJwt jwt = some_jwt();
  jwt.more = R"(,"nbf":1800000061)";
  EXPECT_EQ(code_of(jwt), "394302");
  jwt.more = R"(,"nbf":1800000060)";
  EXPECT_EQ(code_of(jwt), "good");
}

TEST_F(JwtTest, only_rs256_is_taken) {
  for (const char* algorithm : {"none", "None", "HS256", "RS384", "RS512", "PS256", "ES256", "rs256", ""}) {
    TestJwt jwt = some_jwt();
    jwt.header = std::string(R"({"alg":")") + algorithm + "\"}";
    EXPECT_EQ(code_of(jwt), "394305") << algorithm;
  }
  TestJwt jwt = some_jwt();
  jwt.header = R"({"alg":"none"})";
  const std::string text = jwt.text();
  EXPECT_EQ(code_of(text.substr(0, text.rfind('.') + 1)), "394305") << "without a signature";
  jwt.header = R"({"alg":"RS256","crit":["b64"],"b64":false})";
  EXPECT_EQ(code_of(jwt), "394300");
}

TEST_F(JwtTest, the_public_key_is_no_secret_to_sign_with) {
  const std::string secret = signing_key().public_pem();
  const std::string signed_text = encode_base64url(R"({"alg":"HS256"})") + '.' + encode_base64url(some_jwt().claims());
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), mac.data(), &size);
  const std::string text = signed_text + '.' + encode_base64url({reinterpret_cast<const char*>(mac.data()), size});
  EXPECT_EQ(code_of(text), "394305");
}

TEST_F(JwtTest, another_key_is_not_taken_for_the_users) {
  TestJwt jwt = some_jwt();
  jwt.key = &other_signing_key();
  EXPECT_EQ(code_of(jwt), "394300") << "with the fingerprint of the right one";
  jwt.issuer = "ACCOUNT.ANN." + jwt.fingerprint();
  EXPECT_EQ(code_of(jwt), "394304");
}

TEST_F(JwtTest, an_unknown_user_cannot_be_told_from_an_unknown_key) {
  TestJwt jwt = some_jwt();
  jwt.subject = "ACCOUNT.BOB";
  jwt.issuer = "ACCOUNT.BOB." + jwt.fingerprint();
  const auto unknown_user = verify(jwt.text());
  jwt = some_jwt();
  jwt.key = &other_signing_key();
  jwt.issuer = "ACCOUNT.ANN." + jwt.fingerprint();
  EXPECT_EQ(unknown_user.error(), verify(jwt.text()).error());
}

TEST_F(JwtTest, issuer_and_subject_must_name_the_same) {
  for (const std::string& subject : {std::string("ACCOUNT.BOB"), std::string("OTHER.ANN"), std::string("ACCOUNT.AN")}) {
    TestJwt jwt = some_jwt();
    jwt.subject = subject;
    EXPECT_EQ(code_of(jwt), "394300") << subject;
  }
  for (const std::string& issuer :
       {std::string("ACCOUNT.ANN"), std::string("ACCOUNT.ANN.SHA256:"), std::string("ACCOUNT.ANN.SHA256:AAAA"),
        some_jwt().issuer + "=", some_jwt().fingerprint()}) {
    TestJwt jwt = some_jwt();
    jwt.issuer = issuer;
    EXPECT_EQ(code_of(jwt), "394300") << issuer;
  }
}

TEST_F(JwtTest, two_keys_are_good_at_a_time_and_a_revoked_one_is_not) {
  ASSERT_TRUE(keyring_->add("Ann", Role::admin, *PublicKey::from_pem(other_signing_key().public_pem())));
  TestJwt second = some_jwt();
  second.key = &other_signing_key();
  second.issuer = "ACCOUNT.ANN." + second.fingerprint();
  EXPECT_EQ(code_of(some_jwt()), "good");
  EXPECT_EQ(code_of(second), "good");
  ASSERT_TRUE(keyring_->revoke(id_));
  EXPECT_EQ(code_of(some_jwt()), "394304");
  EXPECT_EQ(code_of(second), "good");
}

TEST_F(JwtTest, a_change_of_any_part_is_noticed) {
  const std::string good = some_jwt().text();
  const std::size_t signature = good.rfind('.') + 1;
  for (std::size_t at = 0; at != good.size(); ++at) {
    std::string bad = good;
    bad[at] = bad[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(code_of(bad), "good") << at;
    if (at > signature + 20) break;  // The rest of the signature is like its beginning.
  }
}

TEST_F(JwtTest, what_has_not_the_form_is_refused) {
  const std::string good = some_jwt().text();
  const auto with_claims = [this](const std::string& claims) { return some_jwt().sign(some_jwt().header, claims); };
  const std::string nested = std::string(100, '[') + std::string(100, ']');
  for (const std::string& bad : {std::string(),
                                 std::string("a.b"),
                                 std::string(".."),
                                 good + ".",
                                 good + "=",
                                 good.substr(good.find('.')),
                                 "A" + good,
                                 std::string(1 << 20, 'A'),
                                 std::string(1 << 20, '.'),
                                 some_jwt().sign("{", some_jwt().claims()),
                                 some_jwt().sign("{}", some_jwt().claims()),
                                 some_jwt().sign(R"({"alg":7})", some_jwt().claims()),
                                 with_claims("[]"),
                                 with_claims("{}"),
                                 with_claims(R"({"iss":"a","sub":"b","iat":"1","exp":2})"),
                                 with_claims(R"({"iss":1,"sub":"b","iat":1,"exp":2})"),
                                 with_claims(R"({"iss":"a","sub":"b","iat":-1,"exp":2})"),
                                 with_claims(R"({"iss":"a","sub":"b","iat":1e300,"exp":2})"),
                                 with_claims(R"({"iss":"a","sub":"b","exp":2})"),
                                 with_claims(R"({"iss":"a","sub":"b","iat":1})"),
                                 with_claims(R"({"iss":"a","sub":"b","iat":1,"exp":2,"nbf":"x"})"),
                                 with_claims(R"({"x":)" + nested + "}")}) {
    EXPECT_EQ(code_of(bad), "394306") << bad.substr(0, 100);
  }
}

TEST_F(JwtTest, the_user_of_an_unchecked_token_is_what_it_says) {
  EXPECT_EQ(unchecked_jwt_user(some_jwt().text()), "ANN");
  EXPECT_EQ(unchecked_jwt_user("a.b.c"), "");
  EXPECT_EQ(unchecked_jwt_user(""), "");
}

}  // namespace
}  // namespace coatcheck::api::snowflake
