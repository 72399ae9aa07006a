#include "api/snowflake/login.hpp"

#include <gtest/gtest.h>

#include <string>

#include "api/snowflake/testing/test_clock.hpp"
#include "api/snowflake/testing/test_jwt.hpp"
#include "api/snowflake/testing/test_keyring.hpp"

namespace coatcheck::api::snowflake {
namespace {

using principals::Role;
using principals::testing::signing_key;
using testing::TestJwt;

constexpr const char* here = "192.0.2.1";
constexpr const char* there = "198.51.100.7";

class LoginTest : public ::testing::Test {
 protected:
  LoginTest() {
    api_key_ = *keyring_->create("Ann", Role::user);
    public_key_ = *keyring_->add("Ann", Role::admin, *principals::PublicKey::from_pem(signing_key().public_pem()));
  }

  std::string id_of_api_key() const { return api_key_.substr(5, 8); }
  std::string wrong_key() const {
    std::string key = api_key_;
    key.back() = key.back() == 'A' ? 'Q' : 'A';
    return key;
  }
  std::string jwt() const { return TestJwt(clock_.now()).text(); }

  static std::string code_of(const Result<Identity, SnowflakeError>& identity) {
    return identity ? "in" : identity.error().code;
  }
  std::string with_password(const std::string& name, const std::string& password, const char* peer = here) {
    return code_of(login_.enter({.authenticator = "", .login_name = name, .password = password, .token = ""}, peer));
  }
  // Fails so many times.
  void fail(int times, const std::string& name, const char* peer) {
    for (int i = 0; i != times; ++i) EXPECT_EQ(with_password(name, wrong_key(), peer), "390100");
  }

  testing::TestClock clock_;
  testing::TestKeyring keyring_{clock_};
  std::string api_key_;
  std::string public_key_;
  Login login_{&*keyring_, clock_, {}};
};

TEST_F(LoginTest, an_api_key_is_the_password_of_its_principal) {
  const auto identity = login_.enter({.login_name = "ANN", .password = api_key_}, here);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(*identity, (Identity{{"Ann", Role::user}, id_of_api_key()}));
}

TEST_F(LoginTest, anything_else_is_the_wrong_password) {
  for (const auto& [name, password] :
       {std::pair("Ann", wrong_key()), std::pair("Bob", api_key_), std::pair("", api_key_),
        std::pair("Ann", std::string()), std::pair("Ann", std::string(1 << 20, 'x'))}) {
    const auto identity = login_.enter({.login_name = name, .password = password}, here);
    ASSERT_FALSE(identity) << name;
    EXPECT_EQ(identity.error(), wrong_credentials());
  }
}

TEST_F(LoginTest, each_authenticator_has_its_credential) {
  const auto enter = [this](const char* authenticator, const char* name, const std::string& password,
                            const std::string& token) {
    return code_of(login_.enter({authenticator, name, password, token}, here));
  };
  EXPECT_EQ(enter("SNOWFLAKE", "Ann", api_key_, ""), "in");
  EXPECT_EQ(enter("snowflake_jwt", "ann", "", jwt()), "in");
  EXPECT_EQ(enter("SNOWFLAKE_JWT", "", "", jwt()), "in");
  EXPECT_EQ(enter("PROGRAMMATIC_ACCESS_TOKEN", "ann", "", api_key_), "in");
  EXPECT_EQ(enter("PROGRAMMATIC_ACCESS_TOKEN", "ann", api_key_, ""), "in") << "as the password";
  EXPECT_EQ(enter("PROGRAMMATIC_ACCESS_TOKEN", "", "", api_key_), "in");
  EXPECT_EQ(enter("OAUTH", "", "", api_key_), "in");
  EXPECT_EQ(enter("SNOWFLAKE_JWT", "bob", "", jwt()), "394300") << "another user's token";
  EXPECT_EQ(enter("SNOWFLAKE_JWT", "ann", "", api_key_), "394306");
  EXPECT_EQ(enter("PROGRAMMATIC_ACCESS_TOKEN", "bob", "", api_key_), "394400");
  EXPECT_EQ(enter("PROGRAMMATIC_ACCESS_TOKEN", "ann", "", wrong_key()), "394400");
  EXPECT_EQ(enter("OAUTH", "ann", "", wrong_key()), "390303");
  EXPECT_EQ(enter("EXTERNALBROWSER", "ann", api_key_, api_key_), "390100");
}

TEST_F(LoginTest, the_sql_api_is_entered_with_a_bearer_token_of_any_kind) {
  const auto enter = [this](const std::string& token, const char* type) {
    return code_of(login_.enter_bearer(token, type, here));
  };
  EXPECT_EQ(enter(jwt(), "KEYPAIR_JWT"), "in");
  EXPECT_EQ(enter(jwt(), ""), "in");
  EXPECT_EQ(enter(api_key_, "PROGRAMMATIC_ACCESS_TOKEN"), "in");
  EXPECT_EQ(enter(api_key_, "OAUTH"), "in");
  EXPECT_EQ(enter(api_key_, ""), "in");
  EXPECT_EQ(enter(wrong_key(), ""), "390303");
  EXPECT_EQ(enter("", ""), "390303");
  EXPECT_EQ(enter("a.b.c", ""), "390144");
  TestJwt expired(clock_.now() - std::chrono::hours(1));
  EXPECT_EQ(enter(expired.text(), ""), "390144");
}

TEST_F(LoginTest, an_address_has_ten_failures_and_then_one_a_second) {
  for (int i = 0; i != 10; ++i) fail(1, "name" + std::to_string(i), here);
  EXPECT_EQ(with_password("Ann", api_key_), "390100") << "refused without a look";
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(with_password("Ann", api_key_), "in");
  fail(1, "name", here);
  EXPECT_EQ(with_password("Ann", api_key_), "390100");
  clock_.advance(std::chrono::seconds(3600));
  fail(10, "other", here);
  EXPECT_EQ(with_password("Ann", api_key_), "390100") << "no more than ten are saved up";
}

TEST_F(LoginTest, a_success_costs_nothing) {
  for (int i = 0; i != 100; ++i) EXPECT_EQ(with_password("Ann", api_key_), "in");
}

TEST_F(LoginTest, a_name_has_ten_failures_whatever_the_address) {
  for (int i = 0; i != 10; ++i) fail(1, "ANN", ("203.0.113." + std::to_string(i)).c_str());
  EXPECT_EQ(with_password("Ann", api_key_, there), "390100");
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(with_password("Ann", api_key_, there), "in");
}

TEST_F(LoginTest, strangers_failures_do_not_lock_out_who_was_let_in_before) {
  EXPECT_EQ(with_password("Ann", api_key_, there), "in");
  fail(10, "Ann", here);
  EXPECT_EQ(with_password("Ann", api_key_, there), "in");
  EXPECT_EQ(with_password("Ann", api_key_, "203.0.113.9"), "390100") << "an address that nobody knows";
  clock_.advance(std::chrono::hours(25));
  fail(10, "Ann", here);
  EXPECT_EQ(with_password("Ann", api_key_, there), "390100") << "that was long ago";
}

TEST_F(LoginTest, what_was_tried_too_often_is_refused_in_the_words_of_what_was_tried) {
  fail(10, "Bob", here);
  EXPECT_EQ(code_of(login_.enter({"SNOWFLAKE_JWT", "", "", jwt()}, here)), "394300");
  EXPECT_EQ(code_of(login_.enter({"OAUTH", "", "", api_key_}, here)), "390303");
  EXPECT_EQ(code_of(login_.enter_bearer(jwt(), "", here)), "390144");
}

TEST_F(LoginTest, without_a_keyring_everybody_is_an_administrator_of_the_name_they_say) {
  Login open(nullptr, clock_, {});
  const auto identity = open.enter({.login_name = "ann", .password = "whatever"}, here);
  ASSERT_TRUE(identity);
  EXPECT_EQ(*identity, (Identity{{"ann", Role::admin}, ""}));
  EXPECT_EQ(open.enter({.authenticator = "SNOWFLAKE_JWT", .token = jwt()}, here)->principal.name, "ANN");
  EXPECT_EQ(open.enter({.authenticator = "EXTERNALBROWSER", .login_name = "ann"}, here)->principal.name, "ann");
  EXPECT_EQ(open.enter_bearer("anything", "", here)->principal.name, "anonymous");
  EXPECT_EQ(open.enter_bearer(jwt(), "", here)->principal.name, "ANN");
  EXPECT_EQ(open.enter_bearer("a.b.c", "", here)->principal.name, "anonymous");
  EXPECT_EQ(code_of(open.enter({.login_name = ""}, here)), "390100");
  EXPECT_EQ(code_of(open.enter({.login_name = std::string(65, 'a')}, here)), "390100");
}

TEST(PrincipalNameOf, keeps_what_a_name_may_have) {
  EXPECT_EQ(principal_name_of("ann@example.com"), "ann@example.com");
  EXPECT_EQ(principal_name_of("Ann Smith"), "Ann_Smith");
  EXPECT_EQ(principal_name_of("J\u00fcrgen"), "J_rgen");
  EXPECT_EQ(principal_name_of(""), "");
  EXPECT_EQ(principal_name_of("a\nb"), "");
  EXPECT_EQ(principal_name_of(std::string(1 << 20, 'a')), "");
}

TEST(LimitedAddress, is_the_network_of_ipv6) {
  EXPECT_EQ(limited_address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(limited_address("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(limited_address("2001:db8:1:2::1"), limited_address("2001:db8:1:2:ffff::9"));
  EXPECT_NE(limited_address("2001:db8:1:2::1"), limited_address("2001:db8:1:3::1"));
  EXPECT_EQ(limited_address("fe80::1%eth0"), limited_address("fe80::1"));
}

TEST(FailureLimit, forgets_who_failed_longest_ago) {
  FailureLimit limit({.burst = 1, .per_second = 0, .keys_max = 2});
  const Timestamp now{};
  limit.failed("a", now);
  limit.failed("b", now);
  limit.failed("a", now);
  limit.failed("c", now);
  EXPECT_EQ(limit.size(), 2U);
  EXPECT_FALSE(limit.allows("a", now));
  EXPECT_TRUE(limit.allows("b", now));
  EXPECT_FALSE(limit.allows("c", now));
}

TEST(FailureLimit, a_clock_that_is_set_back_harms_nobody) {
  FailureLimit limit({.burst = 2, .per_second = 1, .keys_max = 10});
  const Timestamp now{std::chrono::hours(100)};
  limit.failed("a", now);
  limit.failed("a", now - std::chrono::hours(50));
  EXPECT_FALSE(limit.allows("a", now - std::chrono::hours(50)));
  EXPECT_TRUE(limit.allows("a", now));
}

}  // namespace
}  // namespace coatcheck::api::snowflake
