#include "results/manifest_format.hpp"

#include <arrow/api.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

#include "results/sample_rows.hpp"

namespace coatcheck::results {
namespace {

std::vector<std::byte> schema_message(const rows::Schema& schema) {
  const auto message = arrow::ipc::SerializeSchema(*schema).ValueOrDie();
  const auto* begin = reinterpret_cast<const std::byte*>(message->data());
  return {begin, begin + message->size()};
}

// A footer for chunks of these sizes, whatever they are, and the size of the file that would be around it.
struct Made {
  std::vector<std::byte> footer;
  std::vector<std::byte> trailer;
  std::uint64_t file_bytes = 0;
};
Made make(const std::vector<Chunk>& chunks, std::uint64_t rows) {
  const auto schema = schema_message(sample_schema());
  Made made;
  write_manifest(query_id(5), {.rows = rows, .truncated = true, .schema_bytes = schema.size(), .chunks = chunks},
                 schema, made.footer);
  made.trailer.assign(made.footer.end() - trailer_bytes, made.footer.end());
  made.footer.resize(made.footer.size() - trailer_bytes);
  made.file_bytes = header_bytes + made.footer.size() + trailer_bytes;
  for (const Chunk& chunk : chunks) made.file_bytes += chunk.bytes;
  return made;
}

constexpr std::uint64_t chunk_bytes = 8'000;

TEST(ManifestFormat, what_was_written_is_read_back_with_places_computed) {
  const Made made = make({{.rows = 10, .bytes = 8'000, .checksum = 1}, {.rows = 5, .bytes = 9'000, .checksum = 2}}, 15);
  const auto trailer = parse_trailer(made.trailer, made.file_bytes);
  ASSERT_TRUE(trailer);
  EXPECT_EQ(trailer->footer_bytes, made.footer.size());
  EXPECT_EQ(trailer->footer_checksum, checksum_of(made.footer));
  const auto footer = parse_footer(made.footer, made.file_bytes);
  ASSERT_TRUE(footer);
  EXPECT_EQ(footer->query, query_id(5));
  EXPECT_EQ(footer->manifest.rows, 15U);
  EXPECT_EQ(footer->manifest.bytes, made.file_bytes);
  EXPECT_TRUE(footer->manifest.truncated);
  EXPECT_TRUE(footer->manifest.schema->Equals(*sample_schema()));
  EXPECT_EQ(footer->schema_message, schema_message(sample_schema()));
  const std::vector<Chunk> expected = {{.first_row = 0, .rows = 10, .offset = 16, .bytes = 8'000, .checksum = 1},
                                       {.first_row = 10, .rows = 5, .offset = 8'016, .bytes = 9'000, .checksum = 2}};
  EXPECT_EQ(footer->manifest.chunks, expected);
}

TEST(ManifestFormat, sums_that_do_not_hold_or_overflow_are_refused) {
  const std::uint64_t half = std::uint64_t{1} << 63;
  const std::vector<std::pair<std::vector<Chunk>, std::uint64_t>> wrong = {
      {{{.rows = 10, .bytes = chunk_bytes}}, 11},
      {{{.rows = 10, .bytes = chunk_bytes}}, 9},
      {{{.rows = 0, .bytes = chunk_bytes}}, 0},
      {{}, 1},
      {{{.rows = half, .bytes = chunk_bytes}, {.rows = half, .bytes = chunk_bytes}}, 0},
      {{{.rows = half, .bytes = chunk_bytes}}, half},
      {{{.rows = 1, .bytes = 8}}, 1},
      {{{.rows = 1, .bytes = 8'001}}, 1},
      {{{.rows = 1, .bytes = half}, {.rows = 1, .bytes = half}}, 2},
      {{{.rows = 1, .bytes = 0 - chunk_bytes}, {.rows = 1, .bytes = 2 * chunk_bytes}}, 2},
  };
  for (const auto& [chunks, rows] : wrong) {
    const Made made = make(chunks, rows);
    const auto footer = parse_footer(made.footer, made.file_bytes);
    ASSERT_FALSE(footer);
    EXPECT_EQ(footer.error().code, Errc::corrupt);
  }
  const Made good = make({{.rows = 10, .bytes = chunk_bytes}}, 10);
  EXPECT_TRUE(parse_footer(good.footer, good.file_bytes));
  EXPECT_FALSE(parse_footer(good.footer, good.file_bytes + 8));
  EXPECT_FALSE(parse_footer(good.footer, good.file_bytes - 8));
  EXPECT_FALSE(parse_footer(good.footer, 0));
}

TEST(ManifestFormat, counts_that_promise_more_than_is_there_are_refused_before_anything_is_allocated) {
  Made made = make({}, 0);
  for (const std::size_t at : {24U, 28U, 32U, 36U}) {  // Flags, chunk count, schema length, zero.
    auto footer = made.footer;
    for (std::size_t i = 0; i != 4; ++i) footer[at + i] = std::byte{0xff};
    EXPECT_EQ(parse_footer(footer, made.file_bytes).error().code, Errc::corrupt) << at;
  }
  for (std::size_t length = 0; length != made.footer.size(); ++length) {
    EXPECT_FALSE(parse_footer(std::span(made.footer).first(length), made.file_bytes));
  }
  auto trailer = made.trailer;
  for (std::size_t i = 0; i != 8; ++i) trailer[i] = std::byte{0xff};
  EXPECT_EQ(parse_trailer(trailer, made.file_bytes).error().code, Errc::corrupt);
  EXPECT_FALSE(parse_trailer(made.trailer, made.file_bytes - 1));
  EXPECT_FALSE(parse_trailer(std::span(made.trailer).first(23), made.file_bytes));
}

TEST(ManifestFormat, no_byte_of_a_footer_makes_the_parser_stumble) {
  // The checksum keeps such bytes away from the parser; it must hold without it.
  const Made made = make({{.rows = 10, .bytes = chunk_bytes}, {.rows = 5, .bytes = chunk_bytes}}, 15);
  for (std::size_t at = 0; at != made.footer.size(); ++at) {
    for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
      auto footer = made.footer;
      footer[at] = static_cast<std::byte>(value);
      const auto parsed = parse_footer(footer, made.file_bytes);
      if (!parsed) continue;
      std::uint64_t rows = 0;
      for (const Chunk& chunk : parsed->manifest.chunks) rows += chunk.rows;
      EXPECT_EQ(rows, parsed->manifest.rows);
    }
  }
}

TEST(ManifestFormat, a_header_has_no_spare_bits) {
  std::vector<std::byte> header;
  write_header(header);
  ASSERT_EQ(header.size(), header_bytes);
  EXPECT_TRUE(parse_header(header));
  for (std::size_t bit = 0; bit != 8 * header_bytes; ++bit) {
    auto other = header;
    other[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(parse_header(other));
  }
}

}  // namespace
}  // namespace coatcheck::results
