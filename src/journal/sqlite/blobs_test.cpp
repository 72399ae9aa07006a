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

using Bound = coatcheck::Statement;

Bound bound(std::vector<Parameter> parameters) { return {.text = "", .parameters = std::move(parameters)}; }

Bound some_rows() {
  return {.text = "",
          .parameters = {},
          .parameter_rows = {2,
                             {{.name = "n", .value = std::int64_t{1}},
                              {.name = "d", .type = "DATE", .value = "2026-11-22"},
                              {.name = "n", .type = "DECIMAL(2,1)", .value = "1.5"},
                              {.name = "d", .type = "DATE", .value = "2026-11-23"},
                              {.name = "n", .type = "DECIMAL(2,1)", .value = "2.5"},
                              {.name = "d"},
                              {.name = "n", .value = true},
                              {.name = "d", .type = "DATE", .value = ""}}}};
}

Result<Bound> decoded(std::string_view bytes) {
  Bound statement;
  if (auto done = decode_parameters(bytes, statement); !done) return std::move(done).error();
  return statement;
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
  EXPECT_EQ(*decoded(encode_parameters(bound(some_parameters()))), bound(some_parameters()));
  EXPECT_EQ(*decoded(encode_parameters(bound({}))), bound({}));
}

TEST(Blobs, rows_come_back_as_they_were) {
  EXPECT_EQ(*decoded(encode_parameters(some_rows())), some_rows());
  const Bound one_cell{.text = "", .parameters = {}, .parameter_rows = {1, {{.value = false}}}};
  EXPECT_EQ(*decoded(encode_parameters(one_cell)), one_cell);
}

TEST(Blobs, a_type_is_written_once_for_the_cells_below_it) {
  std::vector<Parameter> cells(1'000, {.type = "TIMESTAMP_NS", .value = "x"});
  EXPECT_LT(encode_parameters({.text = "", .parameters = {}, .parameter_rows = {1, std::move(cells)}}).size(), 6'100U);
}

TEST(Blobs, every_bit_of_a_double_comes_back) {
  for (const std::uint64_t bits : {0x7ff8000000000123ULL, 0xfff0000000000000ULL, 0x8000000000000000ULL, 1ULL}) {
    const auto statement = decoded(encode_parameters(bound({{.value = std::bit_cast<double>(bits)}})));
    ASSERT_TRUE(statement);
    EXPECT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(statement->parameters.front().value)), bits);
  }
}

TEST(Blobs, a_failure_comes_back_as_it_was) {
  EXPECT_EQ(*decode_failure(encode_failure(some_failure())), some_failure());
  EXPECT_EQ(*decode_failure(encode_failure(Failure{})), Failure{});
}

TEST(Blobs, a_blob_cut_anywhere_or_with_something_after_it_is_corrupt) {
  for (const Bound& statement : {bound(some_parameters()), some_rows()}) {
    const std::string parameters = encode_parameters(statement);
    for (std::size_t size = 0; size != parameters.size(); ++size) {
      const auto cut = decoded(std::string_view(parameters).substr(0, size));
      ASSERT_FALSE(cut) << size;
      EXPECT_EQ(cut.error().code, Errc::corrupt);
    }
    EXPECT_FALSE(decoded(parameters + '\0'));
  }

  const std::string failure = encode_failure(some_failure());
  for (std::size_t size = 0; size != failure.size(); ++size) {
    ASSERT_FALSE(decode_failure(std::string_view(failure).substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_failure(failure + '\0'));
}

TEST(Blobs, a_count_that_cannot_be_is_refused_before_memory_is_taken) {
  EXPECT_FALSE(decoded(std::string("\x01\xff\xff\xff\xff", 5)));
  EXPECT_FALSE(decoded(std::string("\x02\xff\xff\xff\xff", 5)));
  EXPECT_FALSE(decoded(std::string("\x02\0\0\0\0", 5))) << "no columns";
  EXPECT_FALSE(decoded(std::string("\x02\1\0\0\0\0\0\0\0\0\0\0\0", 13))) << "no rows";
  EXPECT_FALSE(decoded(std::string("\x02\1\0\0\0\0\0\0\0\xff\xff\xff\xff\1", 14)));
  // So many NULLs: little on disk, much in memory.
  const auto nulls = [](std::size_t count) {
    std::string bytes("\x02\1\0\0\0\0\0\0\0", 9);
    for (int i = 0; i != 4; ++i) bytes += static_cast<char>(count >> (8 * i) & 0xff);
    return bytes + std::string(count, '\0');
  };
  EXPECT_TRUE(decoded(nulls(parameter_cells_max)));
  EXPECT_FALSE(decoded(nulls(parameter_cells_max + 1)));
}

TEST(Blobs, a_long_type_over_many_cells_is_refused_before_memory_is_taken) {
  const auto with_type = [](std::size_t bytes) {
    return encode_parameters(
        {.text = "", .parameters = {}, .parameter_rows = {1, {{.type = std::string(bytes, 'x'), .value = true}}}});
  };
  EXPECT_TRUE(decoded(with_type(256)));
  EXPECT_FALSE(decoded(with_type(257)));
}

TEST(Blobs, rows_have_one_spelling) {
  // A type that is said again though it is the one above.
  std::string again = encode_parameters({.text = "", .parameters = {}, .parameter_rows = {1, {{.value = true}}}});
  again.back() = static_cast<char>(0x82);
  EXPECT_FALSE(decoded(again + std::string(4, '\0')));
}

TEST(Blobs, unknown_versions_tags_categories_and_flags_are_corrupt) {
  std::string version = encode_parameters(bound(some_parameters()));
  version[0] = 3;
  EXPECT_FALSE(decoded(version));

  std::string tag = encode_parameters(bound({{.value = true}}));
  tag.back() = 99;
  EXPECT_FALSE(decoded(tag));
  std::string tag_in_rows = encode_parameters({.text = "", .parameters = {}, .parameter_rows = {1, {{.value = true}}}});
  tag_in_rows.back() = 99;
  EXPECT_FALSE(decoded(tag_in_rows));

  std::string category = encode_failure(Failure{});
  category[5] = 'X';
  EXPECT_FALSE(decode_failure(category));

  std::string flags = encode_failure(Failure{});
  flags.back() = 8;
  EXPECT_FALSE(decode_failure(flags));
}

}  // namespace
}  // namespace coatcheck::journal::sqlite
