#include "base/byte_size.hpp"

#include <gtest/gtest.h>

namespace coatcheck {
namespace {

TEST(ByteSize, is_read_with_and_without_a_unit) {
  EXPECT_EQ(*parse_byte_size("0"), 0U);
  EXPECT_EQ(*parse_byte_size("1048576"), 1'048'576U);
  EXPECT_EQ(*parse_byte_size("64KiB"), 65'536U);
  EXPECT_EQ(*parse_byte_size("10GiB"), 10'737'418'240U);
  EXPECT_EQ(*parse_byte_size("10MB"), 10'000'000U);
  EXPECT_EQ(*parse_byte_size("4611686018427387904"), std::uint64_t{1} << 62);
}

TEST(ByteSize, what_is_not_a_size_is_refused) {
  for (const char* text : {"", "KiB", "-1", "+1", "1.5GiB", "1 KiB", "1kib", "1KiB ", "4611686018427387905",
                           "5000000TiB", "99999999999999999999"}) {
    EXPECT_FALSE(parse_byte_size(text)) << text;
  }
}

TEST(ByteSize, is_shown_with_three_digits_at_most) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1'000), "1.0 KiB");
  EXPECT_EQ(human_bytes(1'023), "1.0 KiB");
  EXPECT_EQ(human_bytes(1'536), "1.5 KiB");
  EXPECT_EQ(human_bytes(102'380), "100 KiB");
  EXPECT_EQ(human_bytes((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(human_bytes(std::uint64_t{64} << 30), "64.0 GiB");
}

}  // namespace
}  // namespace coatcheck
