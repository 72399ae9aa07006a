#pragma once

#include <cstddef>

namespace coatcheck::rows::text {

// The most characters that write_double() and write_float() put down.
inline constexpr std::size_t double_bytes = 32;

// Write the fewest digits that read back as exactly this value, and always as what a reader takes for a
// floating-point number: with a point or an exponent ("1.0", "0.1", "1e+300"). The value is finite.
char* write_double(char* at, double value);
char* write_float(char* at, float value);

}  // namespace coatcheck::rows::text
