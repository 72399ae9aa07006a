#pragma once

#include <filesystem>
#include <utility>

#include "base/result.hpp"

namespace coatcheck::journal::sqlite {

// Keeps a second process (and a second journal in this one) away from a file, by an flock(2) on another
// file beside it: the system lets go of it when the process dies, however it dies.
class FileLock {
 public:
  // Makes `path` if it is not there. Errc::conflict if somebody else holds it.
  static Result<FileLock> take(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_ = -1;
};

}  // namespace coatcheck::journal::sqlite
