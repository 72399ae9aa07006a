#include "results/manifest_format.hpp"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/type.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "results/trouble.hpp"

namespace coatcheck::results {

namespace {

constexpr std::string_view head_magic = "CoatRslt";
constexpr std::string_view tail_magic = "CoatDone";
constexpr std::uint32_t version = 1;
constexpr std::uint32_t flag_truncated = 1;

template <class Number>
void put(Number number, std::vector<std::byte>& out) {
  for (std::size_t i = 0; i != sizeof(Number); ++i) out.push_back(static_cast<std::byte>((number >> (8 * i)) & 0xff));
}

void put(std::string_view text, std::vector<std::byte>& out) {
  const auto bytes = std::as_bytes(std::span(text));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Takes numbers off the front. The caller has made sure that they are there.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> take(std::size_t count) {
    assert(count <= rest_.size());
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  template <class Number>
  Number number() {
    Number value = 0;
    const auto taken = take(sizeof(Number));
    for (std::size_t i = 0; i != sizeof(Number); ++i) {
      value = static_cast<Number>(value | (static_cast<Number>(std::to_integer<std::uint8_t>(taken[i])) << (8 * i)));
    }
    return value;
  }

  bool magic(std::string_view expected) {
    const auto taken = take(expected.size());
    return std::memcmp(taken.data(), expected.data(), expected.size()) == 0;
  }

 private:
  std::span<const std::byte> rest_;
};

// Reads an encapsulated schema message that must fill `message` to the last byte.
Result<rows::Schema> parse_schema(std::span<const std::byte> message) {
  if (message.size() < 2 * end_mark_bytes || message.size() % 8 != 0) return damaged("a schema of odd length");
  Bytes prefix(message);
  if (prefix.number<std::uint32_t>() != 0xffffffff) return damaged("the schema is not an IPC message");
  if (prefix.number<std::uint32_t>() != message.size() - 8) return damaged("the schema's length is not its length");
  arrow::io::BufferReader input(std::make_shared<arrow::Buffer>(reinterpret_cast<const std::uint8_t*>(message.data()),
                                                                static_cast<std::int64_t>(message.size())));
  arrow::ipc::DictionaryMemo dictionaries;
  auto schema = arrow::ipc::ReadSchema(&input, &dictionaries);
  if (!schema.ok()) return damaged("the schema cannot be read: " + schema.status().ToString());
  return std::move(schema).ValueUnsafe();
}

}  // namespace

std::uint64_t checksum_of(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

void write_header(std::vector<std::byte>& out) {
  put(head_magic, out);
  put(version, out);
  put(std::uint32_t{0}, out);
}

Result<void> parse_header(std::span<const std::byte> header) {
  if (header.size() != header_bytes) return damaged("no header");
  Bytes bytes(header);
  if (!bytes.magic(head_magic)) return damaged("the file does not begin as a result");
  if (bytes.number<std::uint32_t>() != version) return damaged("a version that is not known");
  if (bytes.number<std::uint32_t>() != 0) return damaged("unknown bits in the header");
  return Result<void>::ok();
}

std::uint64_t footer_size(std::size_t schema_bytes, std::size_t chunks) {
  return footer_bytes_min + std::uint64_t{schema_bytes} + std::uint64_t{chunks} * entry_bytes;
}

void write_manifest(QueryId query, const Manifest& manifest, std::span<const std::byte> schema_message,
                    std::vector<std::byte>& out) {
  assert(schema_message.size() == manifest.schema_bytes);
  const std::size_t begin = out.size();
  for (const std::uint8_t byte : query.bytes) out.push_back(static_cast<std::byte>(byte));
  put(manifest.rows, out);
  put(manifest.truncated ? flag_truncated : std::uint32_t{0}, out);
  put(static_cast<std::uint32_t>(manifest.chunks.size()), out);
  put(static_cast<std::uint32_t>(schema_message.size()), out);
  put(std::uint32_t{0}, out);
  out.insert(out.end(), schema_message.begin(), schema_message.end());
  for (const Chunk& chunk : manifest.chunks) {
    put(chunk.rows, out);
    put(chunk.bytes, out);
    put(chunk.checksum, out);
  }
  const std::uint64_t length = out.size() - begin;
  assert(length == footer_size(schema_message.size(), manifest.chunks.size()));
  const std::uint64_t checksum = checksum_of(std::span(out).subspan(begin));
  put(length, out);
  put(checksum, out);
  put(tail_magic, out);
}

Result<Trailer> parse_trailer(std::span<const std::byte> trailer, std::uint64_t file_bytes) {
  if (trailer.size() != trailer_bytes || file_bytes < header_bytes + footer_bytes_min + trailer_bytes) {
    return damaged("the file is too short");
  }
  Bytes bytes(trailer);
  Trailer read;
  read.footer_bytes = bytes.number<std::uint64_t>();
  read.footer_checksum = bytes.number<std::uint64_t>();
  if (!bytes.magic(tail_magic)) return damaged("the file does not end as a result");
  if (read.footer_bytes < footer_bytes_min || read.footer_bytes > footer_bytes_max ||
      read.footer_bytes > file_bytes - header_bytes - trailer_bytes) {
    return damaged("a footer of impossible length");
  }
  return read;
}

Result<Footer> parse_footer(std::span<const std::byte> footer, std::uint64_t file_bytes) {
  if (footer.size() < footer_bytes_min || footer.size() > footer_bytes_max ||
      file_bytes < header_bytes + footer.size() + trailer_bytes) {
    return damaged("a footer of impossible length");
  }
  Bytes bytes(footer);
  Footer read;
  Manifest& manifest = read.manifest;
  const auto id = bytes.take(read.query.bytes.size());
  std::memcpy(read.query.bytes.data(), id.data(), id.size());
  manifest.rows = bytes.number<std::uint64_t>();
  const auto flags = bytes.number<std::uint32_t>();
  const auto chunk_count = bytes.number<std::uint32_t>();
  manifest.schema_bytes = bytes.number<std::uint32_t>();
  const auto zero = bytes.number<std::uint32_t>();
  if ((flags & ~flag_truncated) != 0 || zero != 0) return damaged("unknown bits in the footer");
  if (footer_size(manifest.schema_bytes, chunk_count) != footer.size())
    return damaged("the footer's parts do not add up");
  if (manifest.rows > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return damaged("too many rows");
  manifest.truncated = (flags & flag_truncated) != 0;
  manifest.bytes = file_bytes;

  const auto schema_message = bytes.take(manifest.schema_bytes);
  auto schema = parse_schema(schema_message);
  if (!schema) return std::move(schema).error();
  manifest.schema = *std::move(schema);
  read.schema_message.assign(schema_message.begin(), schema_message.end());

  // Every sum is compared with what is left before it is made, so none can overflow.
  std::uint64_t rows_left = manifest.rows;
  std::uint64_t bytes_left = file_bytes - header_bytes - footer.size() - trailer_bytes;
  std::uint64_t offset = header_bytes;
  manifest.chunks.reserve(chunk_count);
  for (std::uint32_t n = 0; n != chunk_count; ++n) {
    Chunk chunk{.first_row = manifest.rows - rows_left, .offset = offset};
    chunk.rows = bytes.number<std::uint64_t>();
    chunk.bytes = bytes.number<std::uint64_t>();
    chunk.checksum = bytes.number<std::uint64_t>();
    if (chunk.rows == 0 || chunk.rows > rows_left) return damaged("the chunks' rows do not add up");
    if (chunk.bytes > bytes_left || chunk.bytes % 8 != 0 || chunk.bytes < manifest.schema_bytes + end_mark_bytes) {
      return damaged("the chunks' bytes do not add up");
    }
    rows_left -= chunk.rows;
    bytes_left -= chunk.bytes;
    offset += chunk.bytes;
    manifest.chunks.push_back(chunk);
  }
  if (rows_left != 0) return damaged("the chunks' rows do not add up");
  if (bytes_left != 0) return damaged("the chunks' bytes do not add up");
  return read;
}

}  // namespace coatcheck::results
