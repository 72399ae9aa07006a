#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coatcheck::warehouse::snowflake {

// Reads the texts by which the SQL API writes values. All return nothing if the text is not of the form, or the value
// is out of the range of the number.

std::optional<std::int64_t> read_integer(std::string_view text);

// Whether it is digits with a sign and a point at most.
bool is_decimal(std::string_view text);

// Also "NaN", "inf" and "-inf".
std::optional<double> read_real(std::string_view text);

std::optional<bool> read_boolean(std::string_view text);

// Appends the bytes that the hexadecimal digits mean.
bool read_hex(std::string_view text, std::string& bytes);

// What becomes of decimals that are finer than the unit.
enum class Finer { refused, cut };

// "82919.123" in units of which a second has `per_second` (10^6 or 10^9).
std::optional<std::int64_t> read_seconds(std::string_view text, std::int64_t per_second, Finer finer = Finer::refused);

// "1616173619.000000000 960", of which the second number is the offset in minutes and 1440. The same instant, in UTC.
std::optional<std::int64_t> read_zoned_seconds(std::string_view text, std::int64_t per_second,
                                               Finer finer = Finer::refused);

// Whether a text in one of these two forms has anything but zeros behind its microseconds.
bool has_nanoseconds(std::string_view text);

}  // namespace coatcheck::warehouse::snowflake
