#include "api/snowflake/request_key.hpp"

#include <gtest/gtest.h>

namespace coatcheck::api::snowflake {
namespace {

std::string fingerprint(std::string text, Parameter parameter) {
  return fingerprint_of({.text = std::move(text), .parameters = {std::move(parameter)}});
}

TEST(RequestKey, the_same_request_has_the_same_fingerprint) {
  EXPECT_EQ(fingerprint("select ?", {"", "DATE", "2026-01-01"}), fingerprint("select ?", {"", "DATE", "2026-01-01"}));
  EXPECT_EQ(fingerprint("select ?", {"", "", std::int64_t{7}}).size(), fingerprint_bytes);
}

TEST(RequestKey, another_statement_type_or_value_has_another_fingerprint) {
  const std::string one = fingerprint("select ?", {"", "", std::int64_t{1}});
  EXPECT_NE(one, fingerprint("select  ?", {"", "", std::int64_t{1}}));
  EXPECT_NE(one, fingerprint("select ?", {"", "", std::int64_t{2}}));
  EXPECT_NE(one, fingerprint("select ?", {"", "", std::uint64_t{1}}));
  EXPECT_NE(one, fingerprint("select ?", {"", "", 1.0}));
  EXPECT_NE(one, fingerprint("select ?", {"", "", true}));
  EXPECT_NE(one, fingerprint("select ?", {"", "", {}}));
  EXPECT_NE(one, fingerprint("select ?", {"", "", "1"}));
  EXPECT_NE(one, fingerprint_of({.text = "select ?", .parameters = {}}));
  // What ends one part must not begin another.
  EXPECT_NE(fingerprint("select ?", {"a", "b", "c"}), fingerprint("select ?", {"ab", "", "c"}));
}

}  // namespace
}  // namespace coatcheck::api::snowflake
