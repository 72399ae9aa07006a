#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace coatcheck::journal::sqlite {

// SQLite's usual way to the disk under the name "failing", which fails or delays writes or syncs while it is told to.
// It lets the usual one open files and then puts its own functions in front of two of theirs.
class FailingVfs {
 public:
  enum class Fault { none, writes_find_the_disk_full, syncs_fail, checkpoints_are_slow };

  static constexpr const char* name = "failing";

  // Registers it, once for the program.
  static void install() {
    static sqlite3_vfs vfs = [] {
      usual_ = sqlite3_vfs_find(nullptr);
      sqlite3_vfs copy = *usual_;
      copy.zName = name;
      copy.pNext = nullptr;
      copy.xOpen = &open;
      return copy;
    }();
    sqlite3_vfs_register(&vfs, 0);
  }

  static void set(Fault fault) { fault_ = fault; }

 private:
  static int open(sqlite3_vfs* /*vfs*/, sqlite3_filename path, sqlite3_file* file, int flags, int* flags_out) {
    const int result = usual_->xOpen(usual_, path, file, flags, flags_out);
    if (result != SQLITE_OK) return result;
    file->pMethods = in_front_of(file->pMethods, (flags & SQLITE_OPEN_MAIN_DB) != 0);
    return SQLITE_OK;
  }

  // Kinds of files have tables of their own (a journal is not locked, a database is), with the same xWrite
  // and xSync in all of them. The copies are never freed: files refer to them.
  static const sqlite3_io_methods* in_front_of(const sqlite3_io_methods* theirs, bool is_database) {
    static std::mutex mutex;
    static std::map<std::pair<const sqlite3_io_methods*, bool>, sqlite3_io_methods> known;
    const std::lock_guard lock(mutex);
    const auto [at, is_new] = known.try_emplace({theirs, is_database}, *theirs);
    if (is_new) {
      write_ = theirs->xWrite;
      sync_ = theirs->xSync;
      at->second.xWrite = [](sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
        return fault_ == Fault::writes_find_the_disk_full ? SQLITE_FULL : write_.load()(file, bytes, count, offset);
      };
      at->second.xSync = is_database ? &sync_database : &sync;
    }
    return &at->second;
  }

  static int sync(sqlite3_file* file, int how) {
    return fault_ == Fault::syncs_fail ? SQLITE_IOERR_FSYNC : sync_.load()(file, how);
  }

  // In WAL mode only a checkpoint does it.
  static int sync_database(sqlite3_file* file, int how) {
    if (fault_ == Fault::checkpoints_are_slow) std::this_thread::sleep_for(std::chrono::milliseconds(80));
    return sync(file, how);
  }

  static inline std::atomic<decltype(sqlite3_io_methods::xWrite)> write_ = nullptr;
  static inline std::atomic<decltype(sqlite3_io_methods::xSync)> sync_ = nullptr;
  static inline sqlite3_vfs* usual_ = nullptr;
  static inline std::atomic<Fault> fault_ = Fault::none;
};

}  // namespace coatcheck::journal::sqlite
