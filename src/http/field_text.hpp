#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace coatcheck::http {

// The small grammar that header fields share (RFC 9110 5.6). Views point into what was given.

// Compares ASCII text without case.
bool equal_without_case(std::string_view a, std::string_view b);

// Removes spaces and tabs from both ends.
std::string_view trim(std::string_view text);

// Whether `text` is a token: one or more of the characters a name may have.
bool is_token(std::string_view text);

// Lists longer than this are refused as hostile.
inline constexpr std::size_t list_elements_max = 64;

// Splits at `separator`, but not inside "quoted strings", and trims the parts. Empty parts are left out.
// None: a quoted string does not end, or there are more than `list_elements_max` parts.
std::optional<std::vector<std::string_view>> split_outside_quotes(std::string_view text, char separator);

// One element of a list with its weight: "gzip;q=0.8".
struct Weighted {
  std::string_view value;
  int weight = 1000;  // The q-value in thousandths.
};
// Reads an Accept-like list. Parameters other than `q` stay out of `value` and are ignored. None: broken.
std::optional<std::vector<Weighted>> parse_weighted(std::string_view text);

}  // namespace coatcheck::http
