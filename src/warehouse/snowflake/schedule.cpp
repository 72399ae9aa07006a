#include "warehouse/snowflake/schedule.hpp"

#include <algorithm>

namespace coatcheck::warehouse::snowflake {

namespace {

// A look every tenth of the age finds the end when the wait is a tenth longer at most.
constexpr int looks_per_age = 10;
// How much longer an interval may be by chance.
constexpr double spread = 0.25;

}  // namespace

std::chrono::milliseconds Pace::interval(Steady::duration age, bool is_hurried, double jitter) const {
  if (is_hurried) return shortest;
  const auto share = std::chrono::duration_cast<std::chrono::milliseconds>(age / looks_per_age);
  const auto base = std::clamp(share, shortest, longest);
  const auto more = static_cast<double>(base.count()) * spread * std::clamp(jitter, 0.0, 1.0);
  return std::min(longest, base + std::chrono::milliseconds(static_cast<std::int64_t>(more)));
}

void Slowdown::trouble(Steady::time_point now, std::optional<std::chrono::milliseconds> after) {
  // Those that were sent together fail together: that is one trouble.
  if (now < until_ && !after) return;
  if (now >= until_) last_ = std::clamp(last_ * 2, pace_.shortest, pace_.longest);
  until_ = std::max(until_, now + std::max(last_, after.value_or(last_)));
}

void Slowdown::good() { last_ = std::chrono::milliseconds(0); }

}  // namespace coatcheck::warehouse::snowflake
