#pragma once

#include <cstddef>
#include <memory>

namespace coatcheck::rows::text {

// Where rows are written down before they go to the caller in one piece.
//
// Writers keep the place they have got to (`at`) in a register, write past it freely within what they were
// promised, and return the new place. The promise: room(at, n) leaves space for n bytes *and* for `slack`
// more. Slack is what one whole row takes when every variable-length value in it is empty, plus
// `overshoot` bytes, so a writer of a fixed-width value never asks, and any writer may store a whole
// word past its end.
class Scratch {
 public:
  static constexpr std::size_t overshoot = 32;

  explicit Scratch(std::size_t row_bytes = 0) : slack_(row_bytes + overshoot) { grow(nullptr, initial_bytes + slack_); }

  char* begin() { return bytes_.get(); }

  char* room(char* at, std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at) < bytes + slack_) [[unlikely]] {
      return grow(at, bytes + slack_);
    }
    return at;
  }

  // True if another row should not be begun before what is here is taken away.
  bool is_full(const char* at) const { return static_cast<std::size_t>(end_ - at) < slack_ + overshoot; }

  // A value that points outside its batch: nothing is written for it and the batch is refused.
  void mark_corrupt() { is_corrupt_ = true; }
  bool is_corrupt() const { return is_corrupt_; }

 private:
  static constexpr std::size_t initial_bytes = 64 * 1024;

  char* grow(char* at, std::size_t bytes);

  std::size_t slack_;
  std::unique_ptr<char[]> bytes_;
  char* end_ = nullptr;
  bool is_corrupt_ = false;
};

}  // namespace coatcheck::rows::text
