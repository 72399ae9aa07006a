#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coatcheck::rows::text {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

inline constexpr std::array<std::uint64_t, 20> powers_of_ten = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

// "00", "01", … "99".
inline constexpr std::array<char, 200> digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// The most characters that an integer takes, with its sign.
inline constexpr std::size_t int64_bytes = 20;
inline constexpr std::size_t int128_bytes = 40;
inline constexpr std::size_t int256_bytes = 79;

inline unsigned count_digits(std::uint64_t value) {
  value |= 1;
  // 1233 / 4096 is a little more than log10(2).
  const auto guess = static_cast<unsigned>(std::bit_width(value)) * 1233 >> 12;
  return guess + (value >= powers_of_ten[guess] ? 1U : 0U);
}

inline void put_pair(char* at, std::uint64_t below_hundred) { std::memcpy(at, &digit_pairs[2 * below_hundred], 2); }

inline char* write_pair(char* at, std::uint64_t below_hundred) {
  put_pair(at, below_hundred);
  return at + 2;
}

// Writes `value`, which has no more than `digits` digits, with zeros in front. Returns the end.
inline char* write_padded(char* at, std::uint64_t value, unsigned digits) {
  char* const end = at + digits;
  char* p = end;
  for (; digits >= 2; digits -= 2) {
    p -= 2;
    put_pair(p, value % 100);
    value /= 100;
  }
  if (digits == 1) *at = static_cast<char>('0' + value % 10);
  return end;
}

inline char* write_unsigned(char* at, std::uint64_t value) {
  const unsigned digits = count_digits(value);
  char* p = at + digits;
  while (value >= 100) {
    p -= 2;
    put_pair(p, value % 100);
    value /= 100;
  }
  if (value >= 10) {
    put_pair(at, value);
  } else {
    *at = static_cast<char>('0' + value);
  }
  return at + digits;
}

inline char* write_signed(char* at, std::int64_t value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  *at = '-';
  at += value < 0;
  return write_unsigned(at, value < 0 ? 0 - magnitude : magnitude);
}

inline char* write_unsigned128(char* at, Uint128 value) {
  constexpr unsigned chunk_digits = 19;
  if (value <= UINT64_MAX) return write_unsigned(at, static_cast<std::uint64_t>(value));
  at = write_unsigned128(at, value / powers_of_ten[chunk_digits]);
  return write_padded(at, static_cast<std::uint64_t>(value % powers_of_ten[chunk_digits]), chunk_digits);
}

// Limbs from the least significant one.
inline char* write_unsigned256(char* at, std::array<std::uint64_t, 4> limbs) {
  constexpr unsigned chunk_digits = 19;
  std::array<std::uint64_t, 5> chunks{};
  std::size_t count = 0;
  do {
    Uint128 rest = 0;
    for (std::size_t i = limbs.size(); i-- > 0;) {
      rest = rest << 64 | limbs[i];
      limbs[i] = static_cast<std::uint64_t>(rest / powers_of_ten[chunk_digits]);
      rest %= powers_of_ten[chunk_digits];
    }
    chunks[count++] = static_cast<std::uint64_t>(rest);
  } while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0);
  at = write_unsigned(at, chunks[--count]);
  while (count > 0) at = write_padded(at, chunks[--count], chunk_digits);
  return at;
}

}  // namespace coatcheck::rows::text
