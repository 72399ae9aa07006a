#pragma once

#include <cstdint>
#include <filesystem>

namespace coatcheck::journal::sqlite {

// Keeps the file of the write-ahead log longer than the log is. A flush of what has made a file longer also writes the
// file system's own records, and takes several times as long as one of what was written over something; so the zeros
// are there, and flushed, before a commit needs their place. SQLite takes them for the end of the log, as it takes what
// is left of an earlier one.
//
// Used by one thread, which alone writes the log. A disk that refuses is asked again: a commit needs none of this.
class WalRoom {
 public:
  // The file, which SQLite has made by the time of the first call, gets no longer than `bytes_max` by this.
  WalRoom(std::filesystem::path wal, std::uint64_t bytes_max);
  WalRoom(const WalRoom&) = delete;
  WalRoom& operator=(const WalRoom&) = delete;
  ~WalRoom();

  // Sees to it that there is room beyond the first `bytes_used` bytes, which the log must have. Blocks, once in many
  // calls.
  void keep_beyond(std::uint64_t bytes_used);

 private:
  bool open();

  const std::filesystem::path wal_;
  const std::uint64_t bytes_max_;
  int descriptor_ = -1;
  std::uint64_t bytes_ = 0;  // Of the file, as far as is known: it gets no shorter while the journal is open.
};

}  // namespace coatcheck::journal::sqlite
