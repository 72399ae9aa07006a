#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.hpp"

namespace coatcheck::journal::sqlite {

// Whether the journal may still be written. Broken once, it stays so. Safe from any thread.
class Health {
 public:
  // Only the first reason is kept.
  void break_down(const Error& reason) {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = Error{Errc::io_error, "the journal cannot be written any more: " + reason.message};
    broken_.store(true, std::memory_order_release);
  }

  bool broken() const { return broken_.load(std::memory_order_acquire); }

  std::optional<Error> reason() const {
    if (!broken()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  std::atomic<bool> broken_ = false;
  mutable std::mutex mutex_;
  std::optional<Error> reason_;
};

}  // namespace coatcheck::journal::sqlite
