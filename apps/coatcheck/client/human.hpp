#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace coatcheck::client {

// Returns "340 ms", "12.3 s", "2 min 05 s" or "1 h 02 min".
std::string human_duration(std::chrono::milliseconds duration);

// Returns "2,999,900".
std::string grouped(std::uint64_t number);

// Returns "2026-11-22 17:32:21" in the time zone of this machine.
std::string local_time(Timestamp time);

// Returns "next in line", "1 query before it", "3 queries before it".
std::string queries_before(std::uint64_t count);

// Returns the statement with every run of blanks and line ends as one space, and nothing treacherous in it.
std::string one_line(std::string_view statement);

}  // namespace coatcheck::client
