#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::api::snowflake {

// A decimal number of at most 38 digits, exactly.
struct DecimalText {
  std::string text;        // "-12.30": no exponent, no zeros in front, a digit before the point.
  unsigned precision = 1;  // Digits in all, from 1.
  unsigned scale = 0;      // Digits behind the point, at most `precision`.

  bool operator==(const DecimalText&) const = default;
};

// Reads "12.30", "+5", ".5", "1E+21". Zeros behind the point are kept as long as there is room. Nothing if it is no
// number or has more than 38 digits.
std::optional<DecimalText> read_decimal(std::string_view text);

}  // namespace coatcheck::api::snowflake
