#include "api/snowflake/session.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake {
namespace {

TEST(State, what_is_written_is_read_back) {
  using Type = ParameterValue::Type;
  SessionState state;
  EXPECT_EQ(write_state(state), "{}");
  EXPECT_EQ(*read_state("{}"), state);
  state = {"db", "sc\"hema", "wh", "role", {}};
  state.parameters["QUERY_TAG"] = {Type::text, "a\n\u00fc"};
  state.parameters["AUTOCOMMIT"] = {Type::boolean, "false"};
  state.parameters["STATEMENT_TIMEOUT_IN_SECONDS"] = {Type::number, "123456789012345678901234567890.5"};
  const auto read = read_state(write_state(state));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, state);
  EXPECT_EQ(read->query_tag(), "a\n\u00fc");
  EXPECT_EQ(SessionState().query_tag(), "");
}

TEST(State, anything_else_is_corrupt) {
  for (const char* bad :
       {"", "[]", "{", R"({"database":7})", R"({"more":"x"})", R"({"parameters":[]})", R"({"parameters":{"A":null}})",
        R"({"parameters":{"A":[]}})", R"({"parameters":{"A":[1]}})", R"({"parameters":{"A":7}})"}) {
    const auto read = read_state(bad);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, Errc::corrupt);
  }
}

TEST(State, has_limits) {
  SessionState state;
  for (std::size_t i = 0; i != state_parameters_max; ++i) state.parameters["P" + std::to_string(i)] = {};
  EXPECT_TRUE(check_limits(state));
  state.parameters["ONE_MORE"] = {};
  EXPECT_EQ(check_limits(state).error().code, "990002");
  state = {};
  state.database = std::string(state_bytes_max - 20, 'x');
  EXPECT_TRUE(check_limits(state));
  state.schema = "12345678";
  EXPECT_EQ(check_limits(state).error().code, "990002");
  state = {};
  state.database = std::string(state_bytes_max / 3, '\n');
  EXPECT_TRUE(check_limits(state));
  state.database = std::string(state_bytes_max / 2, '\n');
  EXPECT_EQ(check_limits(state).error().code, "990002") << "by what it takes on the disk";
}

}  // namespace
}  // namespace coatcheck::api::snowflake
