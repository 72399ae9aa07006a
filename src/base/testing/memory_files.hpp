#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/files.hpp"

namespace coatcheck::testing {

// A disk in memory that knows what has been synced and what has not, so that a test can cut its power.
//
// As strict as POSIX allows a disk to be: a file's bytes survive if they were synced, its name survives if
// the directory that holds it was synced. Safe from any thread.
class MemoryFiles final : public Files {
 public:
  MemoryFiles();
  ~MemoryFiles() override;

  Result<std::unique_ptr<File>> create(const std::filesystem::path& path) override;
  Result<std::unique_ptr<File>> open(const std::filesystem::path& path) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> sync_directory(const std::filesystem::path& path) override;
  Result<void> make_directories(const std::filesystem::path& path) override;
  Result<std::vector<Listed>> list(const std::filesystem::path& path) override;

  // What becomes of the things that were not synced. All of these happen.
  enum class Unsynced {
    drop,  // Bytes and names are gone.
    keep,  // They had reached the disk on their own.
    tear,  // Names are there, and of each file's bytes that were not synced the first half.
  };
  // Every file that is open is lost: its operations fail from now on.
  void power_cut(Unsynced unsynced);

  // What a file holds, and a file that holds `bytes`, synced with its name and parents; for damaging files.
  std::vector<std::byte> get(const std::filesystem::path& path) const;
  void put(const std::filesystem::path& path, std::span<const std::byte> bytes);

  // The bytes of all files together.
  std::uint64_t bytes_used() const;

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace coatcheck::testing
