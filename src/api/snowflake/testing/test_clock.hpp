#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace coatcheck::api::snowflake::testing {

// A clock that stands still until it is told to go on.
class TestClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  void advance(std::chrono::microseconds by) { now_ += by; }

 private:
  Timestamp now_{std::chrono::seconds(1'800'000'000)};
};

}  // namespace coatcheck::api::snowflake::testing
