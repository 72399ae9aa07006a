#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coatcheck {

// Reads "1048576", "64KiB", "512MiB", "10GiB", "2TiB" (powers of 1024) or "10MB", "1GB" (powers of 1000).
Result<std::uint64_t> parse_byte_size(std::string_view text);

// Returns a text for people, three digits at most: "13.5 MiB".
std::string human_bytes(std::uint64_t bytes);

}  // namespace coatcheck
