#include "api/snowflake/decimal_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace coatcheck::api::snowflake {

namespace {

constexpr std::int64_t digits_max = 38;

std::size_t take_digits(std::string_view& text, std::string& digits) {
  std::size_t count = 0;
  while (count != text.size() && text[count] >= '0' && text[count] <= '9') ++count;
  digits += text.substr(0, count);
  text.remove_prefix(count);
  return count;
}

// Takes "e+21" from the front, if it is there; nothing if it is not of that form.
std::optional<int> take_exponent(std::string_view& text) {
  if (text.empty() || (text.front() != 'e' && text.front() != 'E')) return 0;
  text.remove_prefix(1);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || exponent < -100'000 || exponent > 100'000) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return exponent;
}

}  // namespace

std::optional<DecimalText> read_decimal(std::string_view text) {
  if (text.size() > 1000) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);

  std::string digits;
  std::size_t count = take_digits(text, digits);
  std::int64_t scale = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    scale = static_cast<std::int64_t>(take_digits(text, digits));
    count += static_cast<std::size_t>(scale);
  }
  if (count == 0) return std::nullopt;
  const auto exponent = take_exponent(text);
  if (!exponent || !text.empty()) return std::nullopt;
  scale -= *exponent;

  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty() && (scale < 0 || scale > digits_max)) scale = 0;
  if (scale < 0) {
    if (static_cast<std::int64_t>(digits.size()) - scale > digits_max) return std::nullopt;
    digits.append(static_cast<std::size_t>(-scale), '0');
    scale = 0;
  }
  const auto precision = [&] { return std::max<std::int64_t>({static_cast<std::int64_t>(digits.size()), scale, 1}); };
  while (precision() > digits_max && scale > 0 && digits.ends_with('0')) {
    digits.pop_back();
    --scale;
  }
  if (precision() > digits_max) return std::nullopt;

  DecimalText decimal{"", static_cast<unsigned>(precision()), static_cast<unsigned>(scale)};
  const bool is_zero = digits.empty();
  if (digits.size() <= decimal.scale) digits.insert(0, decimal.scale + 1 - digits.size(), '0');
  decimal.text = (negative && !is_zero ? "-" : "") + digits;
  if (decimal.scale != 0) decimal.text.insert(decimal.text.size() - decimal.scale, 1, '.');
  return decimal;
}

}  // namespace coatcheck::api::snowflake
