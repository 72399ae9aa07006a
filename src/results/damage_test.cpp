#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "base/testing/memory_files.hpp"
#include "results/layout.hpp"
#include "results/sample_rows.hpp"
#include "results/spool.hpp"

namespace coatcheck::results {
namespace {

struct Damage : ::testing::Test {
  Damage() {
    EXPECT_TRUE(store(*spool, query_id(1), number_schema(), {numbers(0, 25)}));
    good = memory.get(path);
  }

  // Whether reading everything reports corrupt bytes, without giving a wrong row before that.
  void expect_corrupt(const std::vector<std::byte>& bytes) {
    memory.put(path, bytes);
    const auto reader = spool->read(query_id(1));
    if (!reader) {
      EXPECT_EQ(reader.error().code, Errc::corrupt) << reader.error().message;
      EXPECT_EQ(reader.error().message, "the stored result is damaged");
      return;
    }
    bool verified = true;
    for (std::size_t n = 0; n != (*reader)->manifest().chunks.size(); ++n) verified = verified && (*reader)->verify(n);
    EXPECT_FALSE(verified);
    const auto stream = (*reader)->rows(0, UINT64_MAX);
    std::int64_t row = 0;
    for (;;) {
      auto next = stream->next();
      if (!next) {
        EXPECT_EQ(next.error().code, Errc::corrupt);
        auto after = stream->next();
        EXPECT_TRUE(after && !*after);
        return;
      }
      ASSERT_TRUE(*next) << "the damage was not seen";
      ASSERT_TRUE((**next)->Equals(*numbers(row, (**next)->num_rows())));
      row += (**next)->num_rows();
    }
  }

  testing::MemoryFiles memory;
  std::unique_ptr<Spool> spool = *Spool::open({.directory = "/spool", .chunk_rows_max = 10}, memory);
  std::filesystem::path path = sealed_path("/spool", query_id(1));
  std::vector<std::byte> good;
};

TEST_F(Damage, a_flipped_bit_in_any_byte_is_seen) {
  for (std::size_t at = 0; at != good.size(); ++at) {
    SCOPED_TRACE(at);
    for (const unsigned mask : {1U << (at % 8), 0xffU}) {
      auto bytes = good;
      bytes[at] ^= static_cast<std::byte>(mask);
      expect_corrupt(bytes);
    }
  }
}

TEST_F(Damage, a_file_of_any_other_length_is_seen) {
  for (std::size_t length = 0; length != good.size(); ++length) {
    SCOPED_TRACE(length);
    expect_corrupt({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)});
    expect_corrupt({good.end() - static_cast<std::ptrdiff_t>(length), good.end()});
  }
  auto longer = good;
  longer.push_back(std::byte{0});
  expect_corrupt(longer);
}

TEST_F(Damage, another_querys_file_is_not_this_ones_result) {
  ASSERT_TRUE(store(*spool, query_id(2), number_schema(), {numbers(0, 25)}));
  expect_corrupt(memory.get(sealed_path("/spool", query_id(2))));
}

TEST_F(Damage, a_good_file_is_read) {
  memory.put(path, good);
  const auto reader = *spool->read(query_id(1));
  EXPECT_TRUE(reader->verify(0));
  EXPECT_EQ(reader->verify(3).error().code, Errc::invalid_argument);
  const auto stream = reader->rows(0, UINT64_MAX);
  EXPECT_TRUE(read_all(*stream, number_schema())->Equals(*numbers(0, 25)));
}

}  // namespace
}  // namespace coatcheck::results
