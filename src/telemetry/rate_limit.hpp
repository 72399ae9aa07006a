#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace coatcheck::telemetry {

// Lets one repeat of an event be logged per interval and counts those it holds back. One thread.
//
//   if (auto held_back = limit_.pass(now)) warn("disk_full", {{"repeats", *held_back}});
class RateLimit {
 public:
  explicit RateLimit(std::chrono::steady_clock::duration interval) : interval_(interval) {}

  // Returns how many were held back since the last that passed, or nothing if this one is held back too.
  std::optional<std::uint64_t> pass(std::chrono::steady_clock::time_point now) {
    if (last_ && now - *last_ < interval_) {
      ++held_back_;
      return std::nullopt;
    }
    last_ = now;
    const std::uint64_t count = held_back_;
    held_back_ = 0;
    return count;
  }

 private:
  std::chrono::steady_clock::duration interval_;
  std::optional<std::chrono::steady_clock::time_point> last_;
  std::uint64_t held_back_ = 0;
};

}  // namespace coatcheck::telemetry
