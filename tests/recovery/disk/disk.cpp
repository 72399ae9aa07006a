// Stands between a program and its disk, by LD_PRELOAD: notes what has been synced, and makes calls fail on cue.
//
// COATCHECK_DISK_ROOT is the directory that is watched. All that has been synced in it is copied to
// COATCHECK_DISK_NOTES before the program hears that it is; a power cut leaves at least that, and harness/disk.py makes
// the tree that it leaves. As strict as POSIX allows a disk to be: a file's bytes survive if they were synced, its name
// survives if the directory that holds it was. In the notes are
//
//   bytes/<inode>   what a file held when it was last synced
//   live/<inode>    another name of the file itself, so that its number is given to no other
//   names/<inode>   the names in a directory when that was last synced: lines of type (f or d), inode and name
//
// If COATCHECK_DISK_FAULTS names a file that is there, its lines say what goes wrong: a call (write or sync), how
// (EIO, ENOSPC, or "short": a write takes one byte), and a part of the path.
//
// It sees what goes through write, pwrite, fsync and fdatasync: DuckDB and SQLite sync by these only.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

const auto real_write = next<ssize_t(int, const void*, size_t)>("write");
const auto real_pwrite = next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
const auto real_fsync = next<int(int)>("fsync");
const auto real_fdatasync = next<int(int)>("fdatasync");

struct Settings {
  std::string root = setting("COATCHECK_DISK_ROOT");
  std::string notes = setting("COATCHECK_DISK_NOTES");
  std::string faults = setting("COATCHECK_DISK_FAULTS");
};

// Libraries write before our statics are made.
const Settings& settings() {
  static const Settings the_settings;
  return the_settings;
}

// Of what is open, if it is watched.
std::optional<std::string> watched_path(int file) {
  const std::string& root = settings().root;
  if (root.empty()) return std::nullopt;
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path.data(), path.size());
  if (length < 0) return std::nullopt;
  const std::string_view found(path.data(), static_cast<std::size_t>(length));
  if (found != root && !found.starts_with(root + "/")) return std::nullopt;
  return std::string(found);
}

// --- what goes wrong ------------------------------------------------------------------------------

enum class Trouble { none, failed, is_short };

// What is to go wrong with a call; sets errno if it fails.
Trouble trouble(std::string_view call, int file) {
  const std::string& faults = settings().faults;
  if (faults.empty() || ::access(faults.c_str(), F_OK) != 0) return Trouble::none;
  const auto path = watched_path(file);
  if (!path) return Trouble::none;
  std::ifstream lines(faults);
  std::string at_call;
  std::string how;
  std::string part;
  while (lines >> at_call >> how >> part) {
    if (at_call != call || path->find(part) == std::string::npos) continue;
    if (how == "short") return Trouble::is_short;
    errno = how == "ENOSPC" ? ENOSPC : EIO;
    return Trouble::failed;
  }
  return Trouble::none;
}

// --- what has been synced -------------------------------------------------------------------------

void put_copy(const std::string& name, int file, off_t size) {
  const int copy = ::open(name.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  // It may be open for writing only.
  const int source = ::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC);
  off_t at = 0;
  while (at < size && ::sendfile(copy, source, &at, static_cast<std::size_t>(size - at)) > 0) {
  }
  ::close(source);
  ::close(copy);
}

std::string names_in(const std::string& directory) {
  std::ostringstream lines;
  DIR* entries = ::opendir(directory.c_str());
  if (entries == nullptr) return "";
  while (const dirent* entry = ::readdir(entries)) {
    const std::string_view name(entry->d_name);
    if (name == "." || name == "..") continue;
    lines << (entry->d_type == DT_DIR ? 'd' : 'f') << ' ' << entry->d_ino << ' ' << name << '\n';
  }
  ::closedir(entries);
  return lines.str();
}

// Of what is about to be synced; nothing if it is not watched. Made before the sync, so that it never holds more than
// that makes durable, and put in its place after it, whole or not at all: the program may be killed at any time.
class Note {
 public:
  explicit Note(int file) {
    const auto path = watched_path(file);
    struct stat about{};
    if (!path || settings().notes.empty() || ::fstat(file, &about) != 0) return;
    const std::string inode = std::to_string(about.st_ino);
    const std::string number = std::to_string(next_number_++);
    if (S_ISDIR(about.st_mode)) {
      name_ = settings().notes + "/names/" + inode;
      made_ = name_ + ".new" + number;
      std::ofstream(made_, std::ios::binary) << names_in(*path);
    } else {
      ::linkat(AT_FDCWD, ("/proc/self/fd/" + std::to_string(file)).c_str(), AT_FDCWD,
               (settings().notes + "/live/" + inode).c_str(), AT_SYMLINK_FOLLOW);
      name_ = settings().notes + "/bytes/" + inode;
      made_ = name_ + ".new" + number;
      put_copy(made_, file, about.st_size);
    }
  }
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;
  ~Note() {
    const int number = errno;
    if (!made_.empty()) ::unlink(made_.c_str());
    errno = number;
  }

  void keep() {
    if (!made_.empty()) std::rename(made_.c_str(), name_.c_str());
    made_.clear();
  }

 private:
  static inline std::atomic<unsigned> next_number_ = 0;
  std::string name_;
  std::string made_;
};

template <class Sync>
int sync_and_note(Sync* sync, int file) {
  if (trouble("sync", file) != Trouble::none) return -1;
  Note note(file);
  if (sync(file) != 0) return -1;
  note.keep();
  return 0;
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t count) {
  // Other libraries' constructors may write before our own have run.
  const auto really = real_write != nullptr ? real_write : next<ssize_t(int, const void*, size_t)>("write");
  const auto found = trouble("write", file);
  if (found == Trouble::failed) return -1;
  return really(file, bytes, found == Trouble::is_short && count > 1 ? 1 : count);
}

ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  const auto found = trouble("write", file);
  if (found == Trouble::failed) return -1;
  return real_pwrite(file, bytes, found == Trouble::is_short && count > 1 ? 1 : count, offset);
}

ssize_t pwrite64(int file, const void* bytes, size_t count, off_t offset) { return pwrite(file, bytes, count, offset); }

int fsync(int file) { return sync_and_note(real_fsync, file); }

int fdatasync(int file) { return sync_and_note(real_fdatasync, file); }
}
