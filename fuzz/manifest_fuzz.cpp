// Feeds bytes to the parser of result manifests (docs/formats/result.md).
//
// Input: eight bytes, little-endian, that say how large the file around the footer is, then the footer. The
// checksum that guards real footers is left out, for it would keep every input away from the parser.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "results/manifest_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace results = coatcheck::results;
  const std::span bytes = std::as_bytes(std::span(data, size));
  if (bytes.size() >= results::header_bytes) {
    [[maybe_unused]] const auto header = results::parse_header(bytes.first(results::header_bytes));
  }
  if (bytes.size() >= results::trailer_bytes) {
    const auto trailer = results::parse_trailer(bytes.last(results::trailer_bytes), size);
    if (trailer && trailer->footer_bytes > size) std::abort();
  }
  if (bytes.size() < 8) return 0;

  std::uint64_t file_bytes = 0;
  for (std::size_t i = 0; i != 8; ++i) file_bytes |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  const auto footer = results::parse_footer(bytes.subspan(8), file_bytes);
  if (!footer) return 0;

  // What was accepted holds together: the chunks fill the file and count up to its rows.
  const results::Manifest& manifest = footer->manifest;
  std::uint64_t rows = 0;
  std::uint64_t offset = results::header_bytes;
  for (const results::Chunk& chunk : manifest.chunks) {
    if (chunk.first_row != rows || chunk.offset != offset || chunk.rows == 0) std::abort();
    rows += chunk.rows;
    offset += chunk.bytes;
  }
  if (rows != manifest.rows || offset + (size - 8) + results::trailer_bytes != file_bytes) std::abort();
  if (!manifest.schema) std::abort();
  return 0;
}
