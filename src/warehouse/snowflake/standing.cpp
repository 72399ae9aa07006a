#include "warehouse/snowflake/standing.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr int passing_max = 3;

}  // namespace

void Standing::trouble(const Failure& failure) {
  ++in_a_row_;
  is_bad_ = is_bad_ || !failure.retryable || in_a_row_ >= passing_max;
  if (is_bad_ && told_) told_(failure);
}

void Standing::good() {
  in_a_row_ = 0;
  if (std::exchange(is_bad_, false) && told_) told_(std::nullopt);
}

}  // namespace coatcheck::warehouse::snowflake
