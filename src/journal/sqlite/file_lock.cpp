#include "journal/sqlite/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace coatcheck::journal::sqlite {

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
  FileLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (lock.descriptor_ < 0) return io_error("opening " + path.string(), errno);
  while (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      return Error{Errc::conflict, path.string() + " is locked: the journal is in use by another process"};
    }
    return io_error("locking " + path.string(), errno);
  }
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace coatcheck::journal::sqlite
