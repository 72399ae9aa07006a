#include "warehouse/trino/errors.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::trino {
namespace {

Failure read(std::string name, std::string type) {
  return read_error({.name = std::move(name), .type = std::move(type), .message = "words"}, {.statement = ""});
}

TEST(ReadError, names_and_words_are_trinos_own) {
  const auto failure = read("TABLE_NOT_FOUND", "USER_ERROR");
  EXPECT_EQ(failure.code, "TABLE_NOT_FOUND");
  EXPECT_EQ(failure.message, "words");
  EXPECT_EQ(failure.sqlstate, "42P01");
  EXPECT_EQ(failure.category, FailureCategory::statement);
  EXPECT_FALSE(failure.retryable);
  EXPECT_EQ(failure.position, std::nullopt);
}

TEST(ReadError, the_type_decides_where_the_name_does_not) {
  EXPECT_EQ(read("NEW_ONE", "USER_ERROR").category, FailureCategory::statement);
  EXPECT_EQ(read("NEW_ONE", "USER_ERROR").sqlstate, "42000");
  EXPECT_EQ(read("NEW_ONE", "INSUFFICIENT_RESOURCES").category, FailureCategory::resources);
  EXPECT_TRUE(read("NEW_ONE", "INSUFFICIENT_RESOURCES").retryable);
  EXPECT_EQ(read("JDBC_ERROR", "EXTERNAL").category, FailureCategory::unavailable);
  EXPECT_TRUE(read("JDBC_ERROR", "EXTERNAL").retryable);
  EXPECT_EQ(read("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR").category, FailureCategory::internal);
  EXPECT_FALSE(read("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR").retryable);
  EXPECT_EQ(read("REMOTE_HOST_GONE", "INTERNAL_ERROR").category, FailureCategory::unavailable);
  EXPECT_EQ(read("PERMISSION_DENIED", "USER_ERROR").category, FailureCategory::permission);
  EXPECT_EQ(read("EXCEEDED_TIME_LIMIT", "INSUFFICIENT_RESOURCES").category, FailureCategory::timeout);
  EXPECT_EQ(read("USER_CANCELED", "USER_ERROR").category, FailureCategory::canceled);
}

std::optional<std::uint64_t> position(std::uint64_t line, std::uint64_t column, Sent sent) {
  return read_error({.name = {}, .type = {}, .message = {}, .line = line, .column = column}, sent).position;
}

TEST(ReadError, places_are_bytes_of_the_clients_statement) {
  const Sent plain{.statement = "SELECT '\xC3\xA4\xF0\x9F\x98\x80', bad\nFROM t"};
  EXPECT_EQ(position(1, 1, plain), 0U);
  EXPECT_EQ(position(1, 14, plain), 17U);  // Columns count characters.
  EXPECT_EQ(plain.statement.substr(17, 3), "bad");
  EXPECT_EQ(position(2, 6, plain), 26U);
  EXPECT_EQ(position(3, 1, plain), std::nullopt);
  EXPECT_EQ(position(0, 0, plain), std::nullopt);
  EXPECT_EQ(position(2, 1000, plain), plain.statement.size());
}

TEST(ReadError, what_was_put_before_the_statement_does_not_count) {
  const Sent wrapped{.statement = "SELECT bad\n, bad", .columns_before = 19};
  EXPECT_EQ(position(1, 27, wrapped), 7U);
  EXPECT_EQ(position(2, 3, wrapped), 13U);
  EXPECT_EQ(position(1, 5, wrapped), std::nullopt);
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
