#include <arrow/type.h>
#include <arrow/util/float16.h>

#include <array>
#include <cmath>
#include <string_view>
#include <type_traits>
#include <utility>

#include "rows/text/binding.hpp"
#include "rows/text/digits.hpp"
#include "rows/text/floats.hpp"

namespace coatcheck::rows::text {
namespace {

char* write_boolean(Column& column, std::int64_t row, char* at, Scratch&) {
  const auto bit = static_cast<std::uint64_t>(row + column.base);
  const bool is_true = (static_cast<const std::uint8_t*>(column.values)[bit / 8] >> (bit % 8) & 1) != 0;
  std::memcpy(at, is_true ? "true\0" : "false", 5);
  return at + (is_true ? 4 : 5);
}

void bind_bits(Column& column, const arrow::ArrayData& data) { column.values = buffer_at(data, 1, 0); }

template <class T>
char* write_integer(Column& column, std::int64_t row, char* at, Scratch&) {
  const T value = column.value<T>(row);
  if constexpr (std::is_signed_v<T>) {
    return write_signed(at, value);
  } else {
    return write_unsigned(at, value);
  }
}

template <class T>
void make_integer(Column& column) {
  column.write = write_integer<T>;
  column.bind_buffers = bind_fixed<T>;
  column.bound = int64_bytes;
}

// JSON has no such numbers, so there they are strings.
template <Style style>
char* write_not_finite(char* at, double value) {
  if (std::isnan(value)) return write_word<style>(at, "NaN");
  return write_word<style>(at, value > 0 ? "Infinity" : "-Infinity");
}

template <Style style, class T>
char* write_floating(Column& column, std::int64_t row, char* at, Scratch&) {
  const T value = column.value<T>(row);
  if (!std::isfinite(value)) [[unlikely]]
    return write_not_finite<style>(at, static_cast<double>(value));
  if constexpr (std::is_same_v<T, float>) {
    return write_float(at, value);
  } else {
    return write_double(at, value);
  }
}

// Every half is a float: its digits are those of the float.
template <Style style>
char* write_half(Column& column, std::int64_t row, char* at, Scratch&) {
  const float value = arrow::util::Float16::FromBits(column.value<std::uint16_t>(row)).ToFloat();
  if (!std::isfinite(value)) [[unlikely]]
    return write_not_finite<style>(at, static_cast<double>(value));
  return write_float(at, value);
}

// --- Decimals -----------------------------------------------------------------------------------

// A scale beyond this is nobody's data; with it, the longest decimal has a few hundred characters.
constexpr std::int64_t scale_max = 256;
constexpr unsigned fast_scales = 19;

// Writes |value| / 10^scale, where the scale is known to the compiler, so that nothing is divided.
template <unsigned scale>
char* write_small_decimal(char* at, std::int64_t value) {
  constexpr std::uint64_t one = powers_of_ten[scale];
  *at = '-';
  at += value < 0;
  const auto bits = static_cast<std::uint64_t>(value);
  const std::uint64_t magnitude = value < 0 ? 0 - bits : bits;
  at = write_unsigned(at, magnitude / one);
  if constexpr (scale == 0) return at;
  *at = '.';
  return write_padded(at + 1, magnitude % one, scale);
}

// Writes a point `scale` digits from the end of the `size` digits, with zeros where there are none.
char* write_with_point(char* at, const char* digits, std::int64_t size, std::int64_t scale) {
  if (scale <= 0) {
    std::memcpy(at, digits, static_cast<std::size_t>(size));
    at += size;
    if (size == 1 && digits[0] == '0') return at;
    std::memset(at, '0', static_cast<std::size_t>(-scale));
    return at - scale;
  }
  const std::int64_t whole = size > scale ? size - scale : 0;
  if (whole == 0) *at++ = '0';
  std::memcpy(at, digits, static_cast<std::size_t>(whole));
  at += whole;
  *at++ = '.';
  for (std::int64_t i = size - whole; i < scale; ++i) *at++ = '0';
  std::memcpy(at, digits + whole, static_cast<std::size_t>(size - whole));
  return at + (size - whole);
}

template <class Magnitude>
char* write_large_decimal(char* at, bool is_negative, const Magnitude& magnitude, std::int64_t scale) {
  char digits[int256_bytes + 1];
  if (is_negative) *at++ = '-';
  const char* end = nullptr;
  if constexpr (std::is_same_v<Magnitude, Uint128>) {
    end = write_unsigned128(digits, magnitude);
  } else {
    end = write_unsigned256(digits, magnitude);
  }
  return write_with_point(at, digits, end - digits, scale);
}

char* write_decimal128(char* at, Int128 value, std::int64_t scale) {
  const bool is_negative = value < 0;
  const auto bits = static_cast<Uint128>(value);
  return write_large_decimal(at, is_negative, is_negative ? 0 - bits : bits, scale);
}

template <class T, unsigned scale>
char* write_fast_decimal(Column& column, std::int64_t row, char* at, Scratch&) {
  const T value = column.value<T>(row);
  if constexpr (std::is_same_v<T, Int128>) {
    if (value != static_cast<std::int64_t>(value)) [[unlikely]]
      return write_decimal128(at, value, scale);
  }
  return write_small_decimal<scale>(at, static_cast<std::int64_t>(value));
}

template <class T>
char* write_any_decimal(Column& column, std::int64_t row, char* at, Scratch&) {
  return write_decimal128(at, column.value<T>(row), column.width);
}

char* write_decimal256(Column& column, std::int64_t row, char* at, Scratch&) {
  auto limbs = column.value<std::array<std::uint64_t, 4>>(row);
  const bool is_negative = static_cast<std::int64_t>(limbs[3]) < 0;
  if (is_negative) {
    std::uint64_t carry = 1;
    for (std::uint64_t& limb : limbs) {
      limb = ~limb + carry;
      carry = carry & static_cast<std::uint64_t>(limb == 0);
    }
  }
  return write_large_decimal(at, is_negative, limbs, column.width);
}

template <class T, std::size_t... scales>
constexpr auto fast_decimals(std::index_sequence<scales...>) {
  return std::array<Column::Write, sizeof...(scales)>{write_fast_decimal<T, static_cast<unsigned>(scales)>...};
}

template <class T>
void make_decimal(Column& column, std::int64_t scale) {
  static constexpr auto fast = fast_decimals<T>(std::make_index_sequence<fast_scales>());
  column.width = scale;
  column.bind_buffers = bind_fixed<T>;
  const bool is_fast = scale >= 0 && scale < static_cast<std::int64_t>(fast.size());
  column.write = is_fast ? fast[static_cast<std::size_t>(scale)] : write_any_decimal<T>;
}

bool make_decimal(Column& column, const arrow::DecimalType& type) {
  const std::int64_t scale = type.scale();
  if (scale > scale_max || scale < -scale_max) return false;
  column.bound = int256_bytes + 3 + static_cast<std::size_t>(scale < 0 ? -scale : scale);
  switch (type.id()) {
    case arrow::Type::DECIMAL32: make_decimal<std::int32_t>(column, scale); return true;
    case arrow::Type::DECIMAL64: make_decimal<std::int64_t>(column, scale); return true;
    case arrow::Type::DECIMAL128: make_decimal<Int128>(column, scale); return true;
    default:
      column.width = scale;
      column.write = write_decimal256;
      column.bind_buffers = bind_fixed<std::array<std::uint64_t, 4>>;
      return true;
  }
}

template <Style style>
bool make_number_in(Column& column, const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      column.write = write_boolean;
      column.bind_buffers = bind_bits;
      column.bound = 5;
      return true;
    case arrow::Type::INT8: make_integer<std::int8_t>(column); return true;
    case arrow::Type::INT16: make_integer<std::int16_t>(column); return true;
    case arrow::Type::INT32: make_integer<std::int32_t>(column); return true;
    case arrow::Type::INT64: make_integer<std::int64_t>(column); return true;
    case arrow::Type::UINT8: make_integer<std::uint8_t>(column); return true;
    case arrow::Type::UINT16: make_integer<std::uint16_t>(column); return true;
    case arrow::Type::UINT32: make_integer<std::uint32_t>(column); return true;
    case arrow::Type::UINT64: make_integer<std::uint64_t>(column); return true;
    case arrow::Type::HALF_FLOAT:
      column.write = write_half<style>;
      column.bind_buffers = bind_fixed<std::uint16_t>;
      column.bound = double_bytes;
      return true;
    case arrow::Type::FLOAT:
      column.write = write_floating<style, float>;
      column.bind_buffers = bind_fixed<float>;
      column.bound = double_bytes;
      return true;
    case arrow::Type::DOUBLE:
      column.write = write_floating<style, double>;
      column.bind_buffers = bind_fixed<double>;
      column.bound = double_bytes;
      return true;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256: return make_decimal(column, static_cast<const arrow::DecimalType&>(type));
    default: return false;
  }
}

}  // namespace

bool make_number(Column& column, const arrow::DataType& type, Style style) {
  return style == Style::json ? make_number_in<Style::json>(column, type) : make_number_in<Style::csv>(column, type);
}

}  // namespace coatcheck::rows::text
