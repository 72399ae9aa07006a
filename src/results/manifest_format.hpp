#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/manifest.hpp"

namespace coatcheck::results {

// The bytes around the chunks of a result file: docs/formats/result.md. Pure; every input is hostile, and
// what does not hold is Errc::corrupt.

inline constexpr std::size_t header_bytes = 16;
inline constexpr std::size_t trailer_bytes = 24;
inline constexpr std::size_t footer_bytes_min = 40;
inline constexpr std::size_t footer_bytes_max = std::size_t{64} << 20;
inline constexpr std::size_t entry_bytes = 24;
inline constexpr std::size_t end_mark_bytes = 8;

// What a footer says.
struct Footer {
  QueryId query;
  Manifest manifest;
  std::vector<std::byte> schema_message;
};

// Appends the header.
void write_header(std::vector<std::byte>& out);
Result<void> parse_header(std::span<const std::byte> header);

// How long a footer for so many chunks is.
std::uint64_t footer_size(std::size_t schema_bytes, std::size_t chunks);

// Appends footer and trailer. Of `manifest`, its schema is not looked at: `schema_message` stands for it.
void write_manifest(QueryId query, const Manifest& manifest, std::span<const std::byte> schema_message,
                    std::vector<std::byte>& out);

struct Trailer {
  std::uint64_t footer_bytes = 0;
  std::uint64_t footer_checksum = 0;
};
// Reads the last bytes of a file of `file_bytes`. The footer it promises fits into the file.
Result<Trailer> parse_trailer(std::span<const std::byte> trailer, std::uint64_t file_bytes);

// Reads a footer whose checksum was compared already. The chunks it promises are exactly what lies between
// header and footer of a file of `file_bytes`.
Result<Footer> parse_footer(std::span<const std::byte> footer, std::uint64_t file_bytes);

// XXH3-64, seed 0.
std::uint64_t checksum_of(std::span<const std::byte> bytes);

}  // namespace coatcheck::results
