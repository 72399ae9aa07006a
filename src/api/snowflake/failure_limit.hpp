#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"

namespace coatcheck::api::snowflake {

// Counts failures by a key (an address, a name) in token buckets: so many at once, and then so many a second.
// Only keys that failed lately take room; past `keys_max` the one that failed longest ago is forgotten. Loop thread.
class FailureLimit {
 public:
  struct Options {
    double burst = 10;
    double per_second = 1;
    std::size_t keys_max = 10'000;
  };
  explicit FailureLimit(Options options) : options_(options) {}

  // Whether another try would be within the limit.
  bool allows(std::string_view key, Timestamp now) const;
  // Counts a failure.
  void failed(std::string_view key, Timestamp now);

  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::string key;
    double left = 0;
    Timestamp at{};
  };
  using Order = std::list<Bucket>;  // Failed last first.

  double left_at(const Bucket& bucket, Timestamp now) const;

  Options options_;
  Order order_;
  std::unordered_map<std::string_view, Order::iterator> buckets_;  // Views into order_.
};

}  // namespace coatcheck::api::snowflake
