#include "api/snowflake/request_key.hpp"

#include <fmt/format.h>
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

TEST(RequestKey, rows_are_part_of_what_is_asked) {
  const auto of_rows = [](std::size_t width, std::vector<Parameter> cells) {
    return fingerprint_of({.text = "insert", .parameters = {}, .parameter_rows = {width, std::move(cells)}});
  };
  const Parameter a{.value = "a"};
  const Parameter b{.value = "b"};
  const std::string rows = of_rows(1, {a, b});
  EXPECT_EQ(rows, of_rows(1, {a, b}));
  EXPECT_NE(rows, of_rows(1, {b, a}));
  EXPECT_NE(rows, of_rows(2, {a, b}));
  EXPECT_NE(rows, of_rows(1, {a, b, b}));
  EXPECT_NE(rows, of_rows(1, {{.type = "DATE", .value = "a"}, b}));
  EXPECT_NE(rows, of_rows(1, {a, {.type = "DATE", .value = "b"}}));
  EXPECT_NE(of_rows(1, {{.type = "DATE", .value = "a"}}), of_rows(1, {{.type = "TIME", .value = "a"}}));
  EXPECT_NE(rows, of_rows(1, {a, {.value = {}}}));
  EXPECT_NE(of_rows(1, {a, {.value = std::int64_t{1}}}), of_rows(1, {a, {.value = std::uint64_t{1}}}));
  EXPECT_NE(of_rows(1, {{.name = "n", .value = "a"}}), of_rows(1, {{.name = "m", .value = "a"}}));
  EXPECT_NE(rows, fingerprint_of({.text = "insert", .parameters = {a, b}}));
  EXPECT_NE(rows, fingerprint_of({.text = "insert", .parameters = {}}));
}

TEST(RequestKey, a_fingerprint_that_is_on_disk_stays_good) {
  const std::string digest =
      fingerprint_of({.text = "select ?", .parameters = {{.name = "n", .type = "DATE", .value = "x"}}});
  std::string shown;
  for (const char byte : digest.substr(0, 8)) shown += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  EXPECT_EQ(shown, "2eec191738749524");
}

}  // namespace
}  // namespace coatcheck::api::snowflake
