#include "warehouse/snowflake/credentials.hpp"

#include "warehouse/snowflake/snowflake_test.hpp"
#include "warehouse/snowflake/test_key.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using Authentication = SnowflakeOptions::Authentication;
using S = ScriptedSnowflake;

class SetClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time{std::chrono::seconds(1'800'000'000)};
};

struct CountedKey {
  int* asked;
  Result<std::string> operator()() const {
    ++*asked;
    return test_key().pem();
  }
};

std::string token_of(const Result<std::vector<upstream::Header>>& headers) { return headers->at(0).value; }

TEST(Credentials, keep_a_jwt_until_some_minutes_before_its_end) {
  int asked = 0;
  SetClock clock;
  const SnowflakeOptions options{.account = "a", .user = "u", .secret = CountedKey{&asked}};
  snowflake::Credentials credentials(options, clock);
  const auto first = credentials.headers();
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->at(0).name, "Authorization");
  EXPECT_EQ(first->at(1).value, "KEYPAIR_JWT");
  clock.time += 50min;
  EXPECT_EQ(token_of(credentials.headers()), token_of(first));
  EXPECT_EQ(asked, 1);
  clock.time += 4min;
  EXPECT_NE(token_of(credentials.headers()), token_of(first));
  EXPECT_EQ(asked, 2);
}

TEST(Credentials, make_one_new_jwt_for_all_who_were_refused) {
  int asked = 0;
  SetClock clock;
  const SnowflakeOptions options{.account = "a", .user = "u", .secret = CountedKey{&asked}};
  snowflake::Credentials credentials(options, clock);
  const auto first = credentials.headers();
  clock.time += 1min;
  credentials.refuse(*first);
  ASSERT_TRUE(credentials.headers());
  credentials.refuse(*first);
  ASSERT_TRUE(credentials.headers());
  EXPECT_EQ(asked, 2);
}

class SnowflakeCredentialsTest : public SnowflakeTest {};

TEST_F(SnowflakeCredentialsTest, a_token_is_asked_for_before_each_request) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  int asked = 0;
  auto connector = open({.authentication = Authentication::token,
                         .secret = [&asked]() -> Result<std::string> { return "t" + std::to_string(++asked) + "\n"; }});
  ASSERT_TRUE(rows_of(*connector, request()));
  EXPECT_EQ(snowflake_.requests().at(0).headers.at("authorization"), "Bearer t1");
  EXPECT_EQ(snowflake_.requests().at(1).headers.at("authorization"), "Bearer t2");
  EXPECT_FALSE(snowflake_.requests().at(0).headers.contains("x-snowflake-authorization-token-type"));
}

TEST_F(SnowflakeCredentialsTest, snowflake_is_told_what_kind_of_token_it_is) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  for (const auto& [authentication, type] :
       {std::pair{Authentication::oauth, "OAUTH"},
        std::pair{Authentication::programmatic_access_token, "PROGRAMMATIC_ACCESS_TOKEN"}}) {
    const auto before = snowflake_.requests().size();
    auto connector =
        open({.authentication = authentication, .secret = []() -> Result<std::string> { return std::string("t\n"); }});
    ASSERT_TRUE(rows_of(*connector, request()));
    const auto asked = snowflake_.requests();
    for (std::size_t i = before; i < asked.size(); ++i) {
      EXPECT_EQ(asked[i].headers.at("authorization"), "Bearer t");
      EXPECT_EQ(asked[i].headers.at("x-snowflake-authorization-token-type"), type);
    }
    EXPECT_EQ(asked.size(), before + 2);
  }
}

TEST_F(SnowflakeCredentialsTest, a_token_that_expires_in_the_middle_is_renewed) {
  int asked = 0;
  const auto expired = S::error(401, "390144", "", "JWT token is invalid.");
  snowflake_.on("SUBMIT", {expired, S::running("h1")});
  snowflake_.on("STATUS h1", {expired, S::result(one_number, R"([["0"]])", {1, 1})});
  snowflake_.on("PARTITION h1 1", {S::error(403, "394301", "", "JWT token has expired."), S::partition(R"([["1"]])")});
  auto connector = open({.account = "a", .user = "u", .secret = CountedKey{&asked}});
  const auto rows = rows_of(*connector, request());
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(*rows, 2);
  EXPECT_EQ(asked, 4);
  EXPECT_EQ(snowflake_.count("SUBMIT"), 2);
  EXPECT_EQ(snowflake_.count("STATUS h1"), 2);
  EXPECT_EQ(snowflake_.count("PARTITION h1 1"), 2);
  EXPECT_TRUE(snowflake_.requests().at(0).headers.at("authorization").starts_with("Bearer eyJ"));
}

TEST_F(SnowflakeCredentialsTest, a_secret_that_cannot_be_read_is_a_failure_without_it) {
  auto connector = open({.authentication = Authentication::token, .secret = []() -> Result<std::string> {
                           return Error{.code = Errc::io_error, .message = "the file is gone"};
                         }});
  auto handle = run_task(loop_, prepared(*connector, request())->submit());
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().category, FailureCategory::unavailable);
  EXPECT_NE(handle.error().message.find("the file is gone"), std::string::npos);
  EXPECT_TRUE(snowflake_.asked().empty());
}

}  // namespace
}  // namespace coatcheck::warehouse
