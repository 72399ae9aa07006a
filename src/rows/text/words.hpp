#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coatcheck::rows::text {

// Eight characters looked at together, the first in the lowest byte.
static_assert(std::endian::native == std::endian::little);

inline constexpr std::uint64_t every_byte = 0x0101010101010101;
inline constexpr std::uint64_t high_bits = every_byte * 0x80;

inline std::uint64_t load_word(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

// Returns the `size` (1 to 7) bytes at p, and zeros after them, without reading past the last.
inline std::uint64_t load_tail(const char* p, std::size_t size) {
  if (size >= 4) {
    std::uint32_t front;
    std::uint32_t back;
    std::memcpy(&front, p, sizeof(front));
    std::memcpy(&back, p + size - 4, sizeof(back));
    return front | static_cast<std::uint64_t>(back) << (8 * (size - 4));
  }
  const auto byte = [p](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])); };
  return byte(0) | byte(size / 2) << (8 * (size / 2)) | byte(size - 1) << (8 * (size - 1));
}

// The lowest high bit set in what these return belongs to the first byte that needs a look. Higher ones
// may be wrong (a borrow runs upwards), so look again after each.
inline std::uint64_t special_in_json(std::uint64_t word) {
  return (((word ^ every_byte * '"') - every_byte) | ((word ^ every_byte * '\\') - every_byte) |
          (word - every_byte * 0x20) | word) &
         high_bits;
}

// Everything up to a carriage return counts here: one subtraction instead of two comparisons.
inline std::uint64_t special_in_csv(std::uint64_t word) {
  return (((word ^ every_byte * '"') - every_byte) | ((word ^ every_byte * ',') - every_byte) |
          (word - every_byte * ('\r' + 1)) | word) &
         high_bits;
}

inline std::size_t first_special(std::uint64_t mask) { return static_cast<std::size_t>(std::countr_zero(mask)) / 8; }

}  // namespace coatcheck::rows::text
