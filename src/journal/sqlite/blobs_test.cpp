#include "journal/sqlite/blobs.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>

namespace coatcheck::journal::sqlite {
namespace {

std::vector<Parameter> some_parameters() {
  return {{.name = "a", .type = "", .value = std::monostate{}},
          {.name = "", .type = "BOOLEAN", .value = true},
          {.name = "", .type = "", .value = false},
          {.name = "", .type = "", .value = std::numeric_limits<std::int64_t>::min()},
          {.name = "", .type = "", .value = std::numeric_limits<std::uint64_t>::max()},
          {.name = "", .type = "", .value = 0.1},
          {.name = "", .type = "", .value = -std::numeric_limits<double>::infinity()},
          {.name = "", .type = "DECIMAL(38,2)", .value = std::string("1\0\xff\"2", 5)}};
}

Failure some_failure() {
  return {.category = FailureCategory::queue_timeout,
          .code = "Catalog Error",
          .sqlstate = "42P01",
          .message = std::string("bytes \0\xfe", 8),
          .retryable = true,
          .position = std::numeric_limits<std::uint64_t>::max()};
}

TEST(Blobs, parameters_come_back_as_they_were) {
  const auto decoded = decode_parameters(encode_parameters(some_parameters()));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, some_parameters());
  EXPECT_EQ(*decode_parameters(encode_parameters({})), std::vector<Parameter>());
}

TEST(Blobs, every_bit_of_a_double_comes_back) {
  for (const std::uint64_t bits : {0x7ff8000000000123ULL, 0xfff0000000000000ULL, 0x8000000000000000ULL, 1ULL}) {
    const auto decoded = decode_parameters(encode_parameters({{.value = std::bit_cast<double>(bits)}}));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(decoded->front().value)), bits);
  }
}

TEST(Blobs, a_failure_comes_back_as_it_was) {
  EXPECT_EQ(*decode_failure(encode_failure(some_failure())), some_failure());
  EXPECT_EQ(*decode_failure(encode_failure(Failure{})), Failure{});
}

TEST(Blobs, a_blob_cut_anywhere_or_with_something_after_it_is_corrupt) {
  const std::string parameters = encode_parameters(some_parameters());
  for (std::size_t size = 0; size != parameters.size(); ++size) {
    const auto decoded = decode_parameters(std::string_view(parameters).substr(0, size));
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, Errc::corrupt);
  }
  EXPECT_FALSE(decode_parameters(parameters + '\0'));

  const std::string failure = encode_failure(some_failure());
  for (std::size_t size = 0; size != failure.size(); ++size) {
    ASSERT_FALSE(decode_failure(std::string_view(failure).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_failure(failure + '\0'));
}

TEST(Blobs, a_count_that_cannot_be_is_refused_before_memory_is_taken) {
  EXPECT_FALSE(decode_parameters(std::string("\x01\xff\xff\xff\xff", 5)));
}

TEST(Blobs, unknown_versions_tags_categories_and_flags_are_corrupt) {
  std::string version = encode_parameters(some_parameters());
  version[0] = 2;
  EXPECT_FALSE(decode_parameters(version));

  std::string tag = encode_parameters({{.value = true}});
  tag.back() = 99;
  EXPECT_FALSE(decode_parameters(tag));

  std::string category = encode_failure(Failure{});
  category[5] = 'X';
  EXPECT_FALSE(decode_failure(category));

  std::string flags = encode_failure(Failure{});
  flags.back() = 8;
  EXPECT_FALSE(decode_failure(flags));
}

}  // namespace
}  // namespace coatcheck::journal::sqlite
