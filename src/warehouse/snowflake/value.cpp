#include "warehouse/snowflake/value.hpp"

#include <algorithm>
#include <charconv>

namespace coatcheck::warehouse::snowflake {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// All of the text as one number of digits; from_chars alone would take less than all.
template <class T>
std::optional<T> whole(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::int64_t> read_integer(std::string_view text) { return whole<std::int64_t>(text); }

bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto digits = text.substr(0, point);
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return false;
  if (point == text.npos) return true;
  const auto decimals = text.substr(point + 1);
  return !decimals.empty() && std::ranges::all_of(decimals, is_digit);
}

std::optional<double> read_real(std::string_view text) {
  if (text.find('(') != text.npos) return std::nullopt;  // from_chars knows "nan(…)".
  return whole<double>(text);
}

std::optional<bool> read_boolean(std::string_view text) {
  if (text == "true" || text == "1" || text == "TRUE") return true;
  if (text == "false" || text == "0" || text == "FALSE") return false;
  return std::nullopt;
}

bool read_hex(std::string_view text, std::string& bytes) {
  if (text.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return false;
    bytes += static_cast<char>(high * 16 + low);
  }
  return true;
}

std::optional<std::int64_t> read_seconds(std::string_view text, std::int64_t per_second, Finer finer) {
  if (!is_decimal(text)) return std::nullopt;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = std::min(text.find('.'), text.size());
  const auto seconds = read_integer(text.substr(0, point));
  if (!seconds) return std::nullopt;
  std::int64_t fraction = 0;
  std::int64_t worth = per_second;
  for (const char c : text.substr(std::min(point + 1, text.size()))) {
    worth /= 10;
    if (worth == 0 && c != '0' && finer == Finer::refused) return std::nullopt;
    fraction += worth * (c - '0');
  }
  // The sign is that of both; with it from the start the lowest value does not overflow on its way.
  const std::int64_t sign = negative ? -1 : 1;
  std::int64_t value = 0;
  if (__builtin_mul_overflow(*seconds * sign, per_second, &value) ||
      __builtin_add_overflow(value, fraction * sign, &value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> read_zoned_seconds(std::string_view text, std::int64_t per_second, Finer finer) {
  const auto space = text.find(' ');
  if (space == text.npos) return std::nullopt;
  const auto offset = read_integer(text.substr(space + 1));
  if (!offset || *offset < 0 || *offset > 2880) return std::nullopt;
  return read_seconds(text.substr(0, space), per_second, finer);
}

bool has_nanoseconds(std::string_view text) {
  constexpr std::size_t micro_digits = 6;
  const auto point = text.find('.');
  if (point == text.npos || text.size() - point - 1 <= micro_digits) return false;
  text.remove_prefix(point + 1 + micro_digits);
  return std::ranges::any_of(text.substr(0, text.find(' ')), [](char c) { return c != '0'; });
}

}  // namespace coatcheck::warehouse::snowflake
