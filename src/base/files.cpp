#include "base/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace coatcheck {

namespace {

namespace fs = std::filesystem;

// Owns a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

class DiskFile final : public File {
 public:
  DiskFile(Descriptor descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<void> append(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return io_error("writing " + path_, errno);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return Result<void>::ok();
  }

  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    while (!into.empty()) {
      const ssize_t got = ::pread(descriptor_.get(), into.data(), into.size(), static_cast<off_t>(offset));
      if (got < 0) {
        if (errno == EINTR) continue;
        return io_error("reading " + path_, errno);
      }
      if (got == 0) return Error{Errc::corrupt, path_ + " is shorter than it must be"};
      into = into.subspan(static_cast<std::size_t>(got));
      offset += static_cast<std::uint64_t>(got);
    }
    return Result<void>::ok();
  }

  Result<void> sync() override {
    // The kernel reports lost pages once and then forgets; this file does not.
    if (sync_failure_ == 0 && ::fdatasync(descriptor_.get()) != 0) sync_failure_ = errno;
    if (sync_failure_ != 0) return io_error("syncing " + path_, sync_failure_);
    return Result<void>::ok();
  }

  Result<std::uint64_t> size() const override {
    struct stat about{};
    if (::fstat(descriptor_.get(), &about) != 0) return io_error("looking at " + path_, errno);
    return static_cast<std::uint64_t>(about.st_size);
  }

  int descriptor() const override { return descriptor_.get(); }

 private:
  Descriptor descriptor_;
  std::string path_;
  int sync_failure_ = 0;
};

class Disk final : public Files {
 public:
  Result<std::unique_ptr<File>> create(const fs::path& path) override {
    return open_file(path, O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC);
  }

  Result<std::unique_ptr<File>> open(const fs::path& path) override { return open_file(path, O_RDONLY | O_CLOEXEC); }

  Result<void> rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return io_error("renaming " + from.string(), errno);
    return Result<void>::ok();
  }

  Result<void> remove(const fs::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("removing " + path.string(), errno);
    return Result<void>::ok();
  }

  Result<void> sync_directory(const fs::path& path) override {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0) return io_error("opening " + path.string(), errno);
    if (::fsync(directory.get()) != 0) return io_error("syncing " + path.string(), errno);
    return Result<void>::ok();
  }

  Result<void> make_directories(const fs::path& path) override {
    fs::path so_far;
    for (const fs::path& part : path) {
      so_far /= part;
      if (::mkdir(so_far.c_str(), S_IRWXU) == 0) continue;
      // A parent on a read-only file system is fine as long as it is there; a file of that name is not.
      const int number = errno;
      std::error_code ignored;
      if (!fs::is_directory(so_far, ignored)) {
        return io_error("making " + so_far.string(), number == EEXIST ? ENOTDIR : number);
      }
    }
    return Result<void>::ok();
  }

  Result<std::vector<Listed>> list(const fs::path& path) override {
    std::vector<Listed> found;
    std::error_code problem;
    for (fs::directory_iterator entry(path, problem), end; !problem && entry != end; entry.increment(problem)) {
      std::error_code ignored;  // It may be gone again by the time we look; then it has no size.
      const bool is_directory = entry->is_directory(ignored);
      const std::uint64_t bytes = is_directory ? 0 : entry->file_size(ignored);
      found.push_back({entry->path().filename().string(), ignored ? 0 : bytes, is_directory});
    }
    if (problem) {
      Error error = io_error("listing " + path.string(), problem.value());
      if (problem == std::errc::no_such_file_or_directory) error.code = Errc::not_found;
      return error;
    }
    return found;
  }

 private:
  static Result<std::unique_ptr<File>> open_file(const fs::path& path, int flags) {
    Descriptor descriptor(::open(path.c_str(), flags, S_IRUSR | S_IWUSR));
    if (descriptor.get() < 0) {
      const int number = errno;
      Error error = io_error("opening " + path.string(), number);
      if (number == ENOENT) error.code = Errc::not_found;
      return error;
    }
    return std::unique_ptr<File>(std::make_unique<DiskFile>(std::move(descriptor), path.string()));
  }
};

}  // namespace

Result<void> make_durable_directories(Files& files, const fs::path& path) {
  // From the deepest one up: those that are not there yet get a name in their parent.
  std::vector<fs::path> parents;
  for (fs::path missing = path.lexically_normal(); !missing.empty(); missing = missing.parent_path()) {
    if (!missing.has_filename()) {  // "a/b/" is "a/b"; "/" is always there.
      if (missing == missing.root_path()) break;
      continue;
    }
    auto there = files.list(missing);
    if (there) break;
    if (there.error().code != Errc::not_found) return std::move(there).error();
    const fs::path parent = missing.parent_path();
    parents.push_back(parent.empty() ? fs::path(".") : parent);
  }
  if (auto made = files.make_directories(path); !made) return made;
  for (const fs::path& parent : parents) {
    if (auto synced = files.sync_directory(parent); !synced) return synced;
  }
  return Result<void>::ok();
}

Files& disk() {
  static Disk disk;
  return disk;
}

}  // namespace coatcheck
