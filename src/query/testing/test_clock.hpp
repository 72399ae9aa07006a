#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.hpp"

namespace coatcheck::query::testing {

// A clock that stands still until it is told to go on.
class TestClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::microseconds(microseconds_.load())); }
  void advance(std::chrono::microseconds by) { microseconds_ += by.count(); }

 private:
  std::atomic<std::int64_t> microseconds_{1'800'000'000'000'000};
};

}  // namespace coatcheck::query::testing
