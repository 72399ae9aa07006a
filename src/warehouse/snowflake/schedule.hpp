#pragma once

#include <chrono>
#include <optional>

namespace coatcheck::warehouse::snowflake {

using Steady = std::chrono::steady_clock;

// How often a statement is looked at.
struct Pace {
  std::chrono::milliseconds shortest{250};
  std::chrono::milliseconds longest{10'000};

  // Returns how long to wait between two looks at a statement of this age. `jitter` is from 0 to 1; what starts
  // together is spread by it.
  std::chrono::milliseconds interval(Steady::duration age, bool is_hurried, double jitter) const;
};

// A pause for all requests, when a server says that there are too many, or does not answer. Doubles with each one that
// follows, until an answer is good.
class Slowdown {
 public:
  explicit Slowdown(Pace pace) : pace_(pace) {}

  // Something went wrong at `now`; `after` is how long the server asks to be left alone.
  void trouble(Steady::time_point now, std::optional<std::chrono::milliseconds> after = {});
  void good();
  // Before it nothing is sent.
  Steady::time_point until() const { return until_; }

 private:
  Pace pace_;
  std::chrono::milliseconds last_{0};
  Steady::time_point until_{};
};

}  // namespace coatcheck::warehouse::snowflake
