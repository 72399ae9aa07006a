#include "base/byte_size.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace coatcheck {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array<Unit, 10> byte_units = {{{"", 1},
                                              {"B", 1},
                                              {"KiB", 1ULL << 10},
                                              {"MiB", 1ULL << 20},
                                              {"GiB", 1ULL << 30},
                                              {"TiB", 1ULL << 40},
                                              {"KB", 1'000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000},
                                              {"TB", 1'000'000'000'000}}};

}  // namespace

Result<std::uint64_t> parse_byte_size(std::string_view text) {
  const Error bad{Errc::invalid_argument,
                  "not a size: '" + std::string(text) + "' (write \"64KiB\", \"512MiB\" or \"10GiB\")"};
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{}) return bad;
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& known : byte_units) {
    if (known.name != unit) continue;
    if (number > (1ULL << 62) / known.bytes) return bad;
    return number * known.bytes;
  }
  return bad;
}

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> names = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  // What would be shown with four digits is shown in the next unit.
  while (value >= 999.5 && unit + 1 < names.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  const int length =
      std::snprintf(text.data(), text.size(), unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s", value, names[unit]);
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace coatcheck
