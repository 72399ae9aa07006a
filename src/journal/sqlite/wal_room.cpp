#include "journal/sqlite/wal_room.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::uint64_t room_bytes = 1 << 20;
constexpr std::uint64_t least_room_bytes = 128 << 10;  // More than most commits write.

std::uint64_t size_of(int descriptor) {
  struct stat about{};
  return ::fstat(descriptor, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

}  // namespace

WalRoom::WalRoom(std::filesystem::path wal, std::uint64_t bytes_max) : wal_(std::move(wal)), bytes_max_(bytes_max) {}

WalRoom::~WalRoom() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void WalRoom::keep_beyond(std::uint64_t bytes_used) {
  if (bytes_used + least_room_bytes <= bytes_) return;
  if (!open()) return;
  // SQLite makes it longer as well.
  bytes_ = std::max(bytes_, size_of(descriptor_));
  const std::uint64_t wanted = std::min(bytes_used + room_bytes, bytes_max_);
  static constexpr std::array<char, 64 << 10> zeros{};
  std::uint64_t at = bytes_;
  while (at < wanted) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), wanted - at));
    const ssize_t written = ::pwrite(descriptor_, zeros.data(), count, static_cast<off_t>(at));
    if (written <= 0) break;
    at += static_cast<std::uint64_t>(written);
  }
  if (at == bytes_) return;
  // Should it fail, SQLite hears of it at its next flush of the same file, and the journal is closed to writes.
  if (::fdatasync(descriptor_) == 0) bytes_ = at;
}

bool WalRoom::open() {
  if (descriptor_ < 0) descriptor_ = ::open(wal_.c_str(), O_WRONLY | O_CLOEXEC);
  return descriptor_ >= 0;
}

}  // namespace coatcheck::journal::sqlite
