#include "principals/keyring.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <tuple>
#include <utility>

#include "principals/key_file.hpp"
#include "principals/key_text.hpp"

namespace coatcheck::principals {

namespace {

// Keeps other processes from changing the keys while it lives. The lock file stays: a lock on a file that
// somebody removes meanwhile would not exclude anybody.
class ChangeLock {
 public:
  static Result<ChangeLock> take(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (descriptor < 0) return io_error("opening " + file.string(), errno);
    ChangeLock lock(descriptor);
    while (::flock(descriptor, LOCK_EX) != 0) {
      if (errno != EINTR) return io_error("locking " + file.string(), errno);
    }
    return lock;
  }
  ChangeLock(ChangeLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ChangeLock& operator=(ChangeLock&&) = delete;
  ~ChangeLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit ChangeLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

Result<void> check_name(std::string_view name) {
  if (is_principal_name(name)) return Result<void>::ok();
  return Error{Errc::invalid_argument, "a principal's name is 1 to 64 characters of A-Z a-z 0-9 . _ @ -", "name"};
}

std::filesystem::path beside(const std::filesystem::path& file, const char* ending) {
  std::filesystem::path path = file;
  path += ending;
  return path;
}

}  // namespace

Keyring::Keyring(std::filesystem::path file, Files& files, const Clock& clock)
    : file_(std::move(file)), files_(&files), clock_(&clock) {}

Result<Keyring> Keyring::open(std::filesystem::path file, Files& files, const Clock& clock) {
  Keyring keyring(std::move(file), files, clock);
  auto read = keyring.read();
  if (!read) return std::move(read).error();
  return keyring;
}

std::optional<Principal> Keyring::authenticate(std::string_view presented) const {
  const Key* key = identify(presented);
  if (key == nullptr) return std::nullopt;
  return key->principal;
}

const Key* Keyring::identify(std::string_view presented) const {
  const auto id = key_id(presented);
  if (!id) return nullptr;
  const KeyHash hash = hash_key(presented);
  const auto found = keys_.find(std::string(*id));
  // No text is known that hashes to zeros, and an unknown id is refused whatever the comparison says.
  static constexpr KeyHash nobody{};
  const bool same = same_hash(hash, found == keys_.end() ? nobody : found->second.hash);
  if (!same || found == keys_.end() || found->second.revoked || found->second.public_key) return nullptr;
  return &found->second;
}

const Key* Keyring::find_public_key(std::string_view name, const KeyHash& hash) const {
  const auto ids = public_keys_.find(hash);
  if (ids == public_keys_.end()) return nullptr;
  for (const std::string& id : ids->second) {
    const Key& key = keys_.at(id);
    if (!key.revoked && same_name(key.principal.name, name)) return &key;
  }
  return nullptr;
}

bool Keyring::is_good(std::string_view id) const {
  const auto found = keys_.find(std::string(id));
  return found != keys_.end() && !found->second.revoked;
}

Result<bool> Keyring::refresh() {
  const Version before = version_;
  struct stat about{};
  if (::stat(file_.c_str(), &about) != 0) {
    if (errno != ENOENT) return io_error("looking at " + file_.string(), errno);
    if (before == Version{}) return false;
    // Nobody removes the keys on purpose while the server runs, and locking everybody out helps nobody.
    version_ = Version{};
    return Error{Errc::not_found, file_.string() + " is gone; the keys read before stay good until the restart"};
  }
  if (version_of(about) == before) return false;
  auto read = this->read();
  if (!read) {
    version_ = version_of(about);
    return std::move(read).error();
  }
  return true;
}

Result<std::string> Keyring::create(std::string name, Role role) {
  if (auto checked = check_name(name); !checked) return std::move(checked).error();
  std::string text;
  auto changed = change([&](Keys& keys) -> Result<void> {
    if (keys.size() >= keys_max) return Error{Errc::resource_exhausted, "there are too many keys already"};
    std::string id;
    do {
      auto made = make_key_text();
      if (!made) return std::move(made).error();
      text = *std::move(made);
      id = *key_id(text);
    } while (keys.contains(id));
    keys.emplace(id, Key{id, {std::move(name), role}, clock_->now(), std::nullopt, hash_key(text)});
    return Result<void>::ok();
  });
  if (!changed) return std::move(changed).error();
  return text;
}

Result<std::string> Keyring::add(std::string name, Role role, PublicKey public_key) {
  if (auto checked = check_name(name); !checked) return std::move(checked).error();
  std::string id;
  auto changed = change([&](Keys& keys) -> Result<void> {
    if (keys.size() >= keys_max) return Error{Errc::resource_exhausted, "there are too many keys already"};
    std::size_t already = 0;
    for (const auto& [other_id, key] : keys) {
      if (!key.public_key || key.revoked) continue;
      if (*key.public_key == public_key && same_name(key.principal.name, name)) {
        return Error{Errc::conflict, "this public key is there already, as " + other_id};
      }
      if (key.principal.name == name) ++already;
    }
    if (already >= public_keys_max) {
      return Error{Errc::conflict, "'" + name + "' has two public keys already; revoke one"};
    }
    do {
      auto made = make_key_text();
      if (!made) return std::move(made).error();
      id = *key_id(*made);
    } while (keys.contains(id));
    const KeyHash hash = public_key.hash();
    keys.emplace(id, Key{id, {std::move(name), role}, clock_->now(), std::nullopt, hash, std::move(public_key)});
    return Result<void>::ok();
  });
  if (!changed) return std::move(changed).error();
  return id;
}

Result<void> Keyring::revoke(std::string_view id) {
  return change([&](Keys& keys) -> Result<void> {
    const auto found = keys.find(std::string(id));
    if (found == keys.end()) return Error{Errc::not_found, "there is no key with the id '" + std::string(id) + "'"};
    if (!found->second.revoked) found->second.revoked = clock_->now();
    return Result<void>::ok();
  });
}

std::vector<Key> Keyring::list() const { return by_age(keys_); }

// Applies `change` to the keys as they are on disk now, writes them, and only then believes them.
template <class Change>
Result<void> Keyring::change(Change change) {
  const std::filesystem::path directory = file_.parent_path();
  if (!directory.empty()) {
    auto made = files_->make_directories(directory);
    if (!made) return made;
  }
  const auto lock = ChangeLock::take(beside(file_, ".lock"));
  if (!lock) return lock.error();
  // From here on nobody else changes the file.
  auto current = read();
  if (!current) return current;
  Keys keys = keys_;
  auto changed = change(keys);
  if (!changed) return changed;
  auto written = write(keys);
  if (!written) return written;
  return read();
}

Result<void> Keyring::read() {
  auto file = files_->open(file_);
  if (!file) {
    if (file.error().code != Errc::not_found) return std::move(file).error();
    keys_.clear();
    public_keys_.clear();
    version_ = Version{};
    return Result<void>::ok();
  }
  struct stat about{};
  if (::fstat((*file)->descriptor(), &about) != 0) return io_error("looking at " + file_.string(), errno);
  if (!S_ISREG(about.st_mode)) return Error{Errc::invalid_argument, file_.string() + " is not a file"};
  if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return Error{Errc::invalid_argument,
                 file_.string() + " may be read or written by others than its owner; run: chmod 600 " + file_.string()};
  }
  if (about.st_size < 0 || static_cast<std::uint64_t>(about.st_size) > key_file_bytes_max) {
    return Error{Errc::corrupt, file_.string() + " is too large for a key file"};
  }
  std::string text(static_cast<std::size_t>(about.st_size), '\0');
  auto got = (*file)->read_at(0, std::as_writable_bytes(std::span(text)));
  if (!got) return got;
  auto keys = read_key_file(text);
  if (!keys) return Error{keys.error().code, file_.string() + ": " + keys.error().message};

  keys_.clear();
  public_keys_.clear();
  for (Key& key : *keys) {
    std::string id = key.id;
    if (key.public_key) public_keys_[key.hash].push_back(id);
    keys_.emplace(std::move(id), std::move(key));
  }
  version_ = version_of(about);
  return Result<void>::ok();
}

Result<void> Keyring::write(const Keys& keys) {
  const std::string text = write_key_file(by_age(keys));
  if (text.size() > key_file_bytes_max) return Error{Errc::resource_exhausted, "the key file would be too large"};
  const std::filesystem::path fresh = beside(file_, ".new");

  auto cleared = files_->remove(fresh);  // Of somebody who died here.
  if (!cleared) return cleared;
  {
    auto file = files_->create(fresh);
    if (!file) return std::move(file).error();
    auto appended = (*file)->append(std::as_bytes(std::span(text)));
    if (!appended) return appended;
    auto synced = (*file)->sync();
    if (!synced) return synced;
  }
  auto renamed = files_->rename(fresh, file_);
  if (!renamed) return renamed;
  const std::filesystem::path directory = file_.parent_path();
  return files_->sync_directory(directory.empty() ? "." : directory);
}

Keyring::Version Keyring::version_of(const struct stat& about) {
  return {.device = about.st_dev,
          .inode = about.st_ino,
          .bytes = static_cast<std::uint64_t>(about.st_size),
          .changed_ns = std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec,
          .mode = about.st_mode};
}

std::vector<Key> Keyring::by_age(const Keys& keys) {
  std::vector<Key> sorted;
  sorted.reserve(keys.size());
  for (const auto& [id, key] : keys) sorted.push_back(key);
  std::sort(sorted.begin(), sorted.end(),
            [](const Key& a, const Key& b) { return std::tie(a.created, a.id) < std::tie(b.created, b.id); });
  return sorted;
}

}  // namespace coatcheck::principals
