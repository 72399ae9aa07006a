#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace coatcheck {

// A point in time as we store and show it: UTC, in microseconds.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// A point in time to wait until; does not jump when somebody sets the clock.
using Deadline = std::chrono::steady_clock::time_point;

// Tells the time of day. Tests replace it; `system_clock()` is the real one. Safe from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

const Clock& system_clock();

// Returns "2026-11-22T16:53:00.123456Z" (RFC 3339), always with six decimals. For the years 0 to 9999.
std::string to_rfc3339(Timestamp time);
void append_rfc3339(std::string& text, Timestamp time);

// Reads RFC 3339 with any number of decimals (kept to microseconds) and any offset.
Result<Timestamp> parse_rfc3339(std::string_view text);

// Reads one number and unit: "250ms", "30s", "5m", "24h", "7d". No sign, no spaces, decimals allowed.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

// Returns the text in the largest unit that leaves no fraction ("90s", "1h"); parse_duration reads it back.
std::string to_string(std::chrono::milliseconds duration);

}  // namespace coatcheck
