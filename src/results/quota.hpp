#pragma once

#include <atomic>
#include <cstdint>

namespace coatcheck::results {

// How many bytes of a fixed number are taken. Safe from any thread.
class Quota {
 public:
  explicit Quota(std::uint64_t bytes_max) : max_(bytes_max) {}

  // Takes `bytes` if so many are free, all or none.
  bool reserve(std::uint64_t bytes) {
    std::uint64_t used = used_.load();
    do {
      if (used > max_ || bytes > max_ - used) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return true;
  }

  // Takes what is on the disk already, free or not.
  void count(std::uint64_t bytes) { used_ += bytes; }

  // Gives back what was taken. Never goes below zero, even if a file grew behind our back.
  void release(std::uint64_t bytes) {
    std::uint64_t used = used_.load();
    while (!used_.compare_exchange_weak(used, used > bytes ? used - bytes : 0)) {
    }
  }

  std::uint64_t used() const { return used_.load(); }
  std::uint64_t max() const { return max_; }

 private:
  const std::uint64_t max_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace coatcheck::results
