#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace coatcheck {

// One open file. Not safe for concurrent use, but for read_at(), which any number of threads may call.
class File {
 public:
  virtual ~File() = default;

  // Appends all of `bytes`, or fails; after a failure the end of the file is not known.
  virtual Result<void> append(std::span<const std::byte> bytes) = 0;

  // Reads exactly `into.size()` bytes from `offset`; fewer being there is Errc::corrupt.
  virtual Result<void> read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;

  // Returns when everything appended is on stable storage. A failure is final: the pages may be gone,
  // and a second call that says yes would be a lie.
  virtual Result<void> sync() = 0;

  virtual Result<std::uint64_t> size() const = 0;

  // The descriptor, for sendfile(2); -1 where there is none. Stays ours.
  virtual int descriptor() const = 0;
};

// The disk, reached through one interface so that tests can make it fail, forget, or count.
// Safe from any thread. Every error carries the path and the system's words.
class Files {
 public:
  virtual ~Files() = default;

  // Makes a new file to append to, readable by its owner alone; one that exists is an error.
  virtual Result<std::unique_ptr<File>> create(const std::filesystem::path& path) = 0;
  // Opens to read; Errc::not_found if it is not there.
  virtual Result<std::unique_ptr<File>> open(const std::filesystem::path& path) = 0;
  // Atomic within a file system, replacing what is there. Durable only after sync_directory() of the parent.
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;
  // Removing what is not there is no error.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  virtual Result<void> sync_directory(const std::filesystem::path& path) = 0;
  // Makes the directory and its parents, readable by their owner alone.
  virtual Result<void> make_directories(const std::filesystem::path& path) = 0;

  struct Listed {
    std::string name;
    std::uint64_t bytes = 0;
    bool is_directory = false;
  };
  // Returns what is directly inside, in no order; Errc::not_found if there is no such directory.
  virtual Result<std::vector<Listed>> list(const std::filesystem::path& path) = 0;
};

// Makes the directory and its parents if they are not there, and syncs the parent of each new one, so that
// what is later synced inside survives a power cut.
Result<void> make_durable_directories(Files& files, const std::filesystem::path& path);

// The real disk.
Files& disk();

}  // namespace coatcheck
