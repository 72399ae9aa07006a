#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace coatcheck {
namespace {

TEST(Result, without_a_value_is_an_error) {
  const Result<int> nothing;
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, Errc::no_outcome);
  EXPECT_FALSE(Result<void>());
}

TEST(Result, holds_a_value_that_only_moves) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  ASSERT_TRUE(result);
  EXPECT_EQ(**result, 7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, holds_an_error_with_all_its_parts) {
  Result<int> result = Error{.code = Errc::invalid_argument, .message = "no", .field = "wait", .detail = "x"};
  ASSERT_FALSE(result);
  const Error error = std::move(result).error();
  EXPECT_EQ(error.code, Errc::invalid_argument);
  EXPECT_EQ(error.message, "no");
  EXPECT_EQ(error.field, "wait");
  EXPECT_EQ(error.detail, "x");
}

TEST(Result, of_nothing_is_ok_or_an_error) {
  EXPECT_TRUE(Result<void>::ok());
  Result<void> result = Error{Errc::gone, "gone"};
  EXPECT_FALSE(result);
  result = Result<void>::ok();
  EXPECT_TRUE(result);
}

TEST(Error, from_the_system_has_its_words_and_its_number) {
  const Error error = io_error("writing /x", ENOSPC);
  EXPECT_EQ(error.code, Errc::io_error);
  EXPECT_EQ(error.message, "writing /x: No space left on device");
  EXPECT_EQ(error.system, ENOSPC);
}

TEST(Errc, is_spelled_as_in_the_source) {
  EXPECT_STREQ(to_string(Errc::resource_exhausted), "resource_exhausted");
  EXPECT_STREQ(to_string(Errc::corrupt), "corrupt");
}

}  // namespace
}  // namespace coatcheck
