#include "api/snowflake/failure_limit.hpp"

#include <algorithm>
#include <chrono>

namespace coatcheck::api::snowflake {

double FailureLimit::left_at(const Bucket& bucket, Timestamp now) const {
  // A clock that is set back gives nothing, and takes nothing.
  const double passed_s = std::max(0.0, std::chrono::duration<double>(now - bucket.at).count());
  return std::min(options_.burst, bucket.left + passed_s * options_.per_second);
}

bool FailureLimit::allows(std::string_view key, Timestamp now) const {
  const auto found = buckets_.find(key);
  return found == buckets_.end() || left_at(*found->second, now) >= 1;
}

void FailureLimit::failed(std::string_view key, Timestamp now) {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    order_.push_front({std::string(key), options_.burst, now});
    buckets_.emplace(order_.front().key, order_.begin());
  } else {
    order_.splice(order_.begin(), order_, found->second);
  }
  Bucket& bucket = order_.front();
  bucket.left = std::max(0.0, left_at(bucket, now) - 1);
  bucket.at = now;
  if (buckets_.size() > options_.keys_max) {
    buckets_.erase(order_.back().key);
    order_.pop_back();
  }
}

}  // namespace coatcheck::api::snowflake
