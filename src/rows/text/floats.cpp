#include "rows/text/floats.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "rows/text/digits.hpp"

namespace coatcheck::rows::text {
namespace {

// Writes units / 10^places, without zeros at the end but for the one in ".0".
template <unsigned places>
char* write_fixed(char* at, std::uint64_t units) {
  constexpr std::uint64_t scale = powers_of_ten[places];
  at = write_unsigned(at, units / scale);
  *at++ = '.';
  std::uint64_t fraction = units % scale;
  if (fraction == 0) {
    *at = '0';
    return at + 1;
  }
  at = write_padded(at, fraction, places);
  while (at[-1] == '0') --at;
  return at;
}

// Writes `magnitude` if it is a number of at most `places` decimals and 15 significant digits.
//
// If m is an integer below 10^15 and the double nearest to m / 10^places is our value, then that decimal
// reads back as it, and no other decimal of up to 15 digits does (a double keeps 15 digits apart), so with
// its zeros dropped it is the shortest. The division rounds once, as both operands are exact.
template <unsigned places>
char* write_if_decimal(char* at, double magnitude) {
  constexpr auto scale = static_cast<double>(powers_of_ten[places]);
  const auto units = static_cast<std::uint64_t>(magnitude * scale + 0.5);
  if (units >= powers_of_ten[15] || static_cast<double>(units) / scale != magnitude) return nullptr;
  return write_fixed<places>(at, units);
}

template <class Float>
char* write_shortest(char* at, Float value) {
  char* const end = std::to_chars(at, at + double_bytes, value).ptr;
  for (const char* p = at; p != end; ++p) {
    if (*p == '.' || *p == 'e') return end;
  }
  end[0] = '.';
  end[1] = '0';
  return end + 2;
}

}  // namespace

char* write_double(char* at, double value) {
  const double magnitude = std::fabs(value);
  *at = '-';
  char* const digits = at + std::signbit(value);
  if (magnitude < 1e9) {
    if (char* const end = write_if_decimal<6>(digits, magnitude)) return end;
  } else if (magnitude < 1e13) {
    if (char* const end = write_if_decimal<2>(digits, magnitude)) return end;
  } else if (magnitude < 1e15) {
    if (char* const end = write_if_decimal<0>(digits, magnitude)) return end;
  }
  return write_shortest(digits, magnitude);
}

char* write_float(char* at, float value) {
  const float magnitude = std::fabs(value);
  *at = '-';
  char* const digits = at + std::signbit(value);
  // Every integer up to 2^23 is a float, and its digits are the shortest.
  if (magnitude < 8388608.0F && std::floor(magnitude) == magnitude) {
    return write_fixed<0>(digits, static_cast<std::uint64_t>(magnitude));
  }
  return write_shortest(digits, magnitude);
}

}  // namespace coatcheck::rows::text
