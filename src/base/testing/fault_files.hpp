#pragma once

#include <cstdint>
#include <memory>

#include "base/files.hpp"

namespace coatcheck::testing {

// How an operation fails.
enum class Fault {
  io_error,  // Not done; EIO.
  no_space,  // Not done; ENOSPC. Of an append, the first half is done.
  late,      // Done, but reported as EIO.
  halt,      // Not done (of an append, the first half is), and neither is anything after it: the process is dead.
};

// Stands before other files (the real disk or MemoryFiles), counts what is asked of them, and makes the n-th
// operation fail. Every call of Files and File is one operation, but for File::descriptor(), which is -1.
//
// The loop that finds every place where a failure hurts:
//
//   for (std::uint64_t n = 1;; ++n) {
//     MemoryFiles memory;
//     FaultFiles files(memory);
//     files.fail(n, Fault::io_error);
//     … the scenario …
//     if (!files.fired()) break;  // It has fewer operations than n: all were tried.
//     … what must be true now …
//   }
//
// Safe from any thread. Must not outlive `under`; files it opened may outlive it.
class FaultFiles final : public Files {
 public:
  explicit FaultFiles(Files& under);
  ~FaultFiles() override;

  // Makes the n-th operation from now on (1 is the next one) fail, once.
  void fail(std::uint64_t n, Fault fault);
  // Nothing fails any more, also after Fault::halt.
  void heal();
  // Whether an operation has failed since fail().
  bool fired() const;

  std::uint64_t operations() const;
  std::uint64_t appends() const;
  std::uint64_t syncs() const;  // Of files.
  std::uint64_t directory_syncs() const;

  Result<std::unique_ptr<File>> create(const std::filesystem::path& path) override;
  Result<std::unique_ptr<File>> open(const std::filesystem::path& path) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& path) override;
  Result<void> sync_directory(const std::filesystem::path& path) override;
  Result<void> make_directories(const std::filesystem::path& path) override;
  Result<std::vector<Listed>> list(const std::filesystem::path& path) override;

  struct State;

 private:
  Files& under_;
  std::shared_ptr<State> state_;
};

}  // namespace coatcheck::testing
