#include "base/testing/memory_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace coatcheck::testing {

namespace {

namespace fs = std::filesystem;

// A file or a directory.
struct Node {
  bool is_directory = false;
  std::vector<std::byte> bytes;
  std::size_t synced = 0;  // So many of the bytes survive.
  std::map<std::string, std::shared_ptr<Node>> entries;
  std::map<std::string, std::shared_ptr<Node>> synced_entries;
};

std::shared_ptr<Node> make_directory_node() {
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  return node;
}

std::vector<std::string> parts_of(const fs::path& path) {
  std::vector<std::string> parts;
  for (const fs::path& part : path.lexically_normal()) {
    if (part != "/" && part != "." && !part.empty()) parts.push_back(part.string());
  }
  return parts;
}

Error missing(const std::string& what, const fs::path& path) {
  Error error = io_error(what + " " + path.string(), ENOENT);
  error.code = Errc::not_found;
  return error;
}

void settle(Node& node, MemoryFiles::Unsynced unsynced) {
  if (unsynced == MemoryFiles::Unsynced::drop) {
    node.entries = node.synced_entries;
    node.bytes.resize(node.synced);
  }
  if (unsynced == MemoryFiles::Unsynced::tear) {
    node.bytes.resize(node.synced + (node.bytes.size() - node.synced) / 2);
  }
  node.synced = node.bytes.size();
  node.synced_entries = node.entries;
  for (const auto& [name, child] : node.entries) settle(*child, unsynced);
}

std::uint64_t sum_of(const Node& node) {
  std::uint64_t sum = node.bytes.size();
  for (const auto& [name, child] : node.entries) sum += sum_of(*child);
  return sum;
}

}  // namespace

struct MemoryFiles::State {
  mutable std::mutex mutex;
  std::shared_ptr<Node> root = make_directory_node();
  int boots = 0;

  std::shared_ptr<Node> find(const fs::path& path) const {
    std::shared_ptr<Node> node = root;
    for (const std::string& part : parts_of(path)) {
      const auto found = node->entries.find(part);
      if (found == node->entries.end()) return nullptr;
      node = found->second;
    }
    return node;
  }
};

namespace {

class MemoryFile final : public File {
 public:
  MemoryFile(std::shared_ptr<MemoryFiles::State> state, std::shared_ptr<Node> node, std::string path, bool writable)
      : state_(std::move(state)),
        node_(std::move(node)),
        path_(std::move(path)),
        writable_(writable),
        boot_(state_->boots) {}

  Result<void> append(std::span<const std::byte> bytes) override {
    const std::lock_guard lock(state_->mutex);
    if (!writable_ || lost()) return io_error("writing " + path_, writable_ ? EIO : EBADF);
    node_->bytes.insert(node_->bytes.end(), bytes.begin(), bytes.end());
    return Result<void>::ok();
  }

  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    const std::lock_guard lock(state_->mutex);
    if (lost()) return io_error("reading " + path_, EIO);
    const std::uint64_t size = node_->bytes.size();
    if (offset > size || into.size() > size - offset)
      return Error{Errc::corrupt, path_ + " is shorter than it must be"};
    if (!into.empty()) std::memcpy(into.data(), node_->bytes.data() + offset, into.size());
    return Result<void>::ok();
  }

  Result<void> sync() override {
    const std::lock_guard lock(state_->mutex);
    if (lost()) return io_error("syncing " + path_, EIO);
    node_->synced = node_->bytes.size();
    return Result<void>::ok();
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(state_->mutex);
    if (lost()) return io_error("looking at " + path_, EIO);
    return std::uint64_t{node_->bytes.size()};
  }

  int descriptor() const override { return -1; }

 private:
  bool lost() const { return boot_ != state_->boots; }

  std::shared_ptr<MemoryFiles::State> state_;
  std::shared_ptr<Node> node_;
  std::string path_;
  bool writable_;
  int boot_;
};

}  // namespace

MemoryFiles::MemoryFiles() : state_(std::make_shared<State>()) {}
MemoryFiles::~MemoryFiles() = default;

Result<std::unique_ptr<File>> MemoryFiles::create(const fs::path& path) {
  const std::lock_guard lock(state_->mutex);
  const auto parent = state_->find(path.parent_path());
  if (!parent || !parent->is_directory) return missing("opening", path);
  auto [entry, added] = parent->entries.try_emplace(path.filename().string());
  if (!added) return io_error("opening " + path.string(), EEXIST);
  entry->second = std::make_shared<Node>();
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(state_, entry->second, path.string(), true));
}

Result<std::unique_ptr<File>> MemoryFiles::open(const fs::path& path) {
  const std::lock_guard lock(state_->mutex);
  auto node = state_->find(path);
  if (!node) return missing("opening", path);
  return std::unique_ptr<File>(std::make_unique<MemoryFile>(state_, std::move(node), path.string(), false));
}

Result<void> MemoryFiles::rename(const fs::path& from, const fs::path& to) {
  const std::lock_guard lock(state_->mutex);
  const auto node = state_->find(from);
  const auto new_parent = state_->find(to.parent_path());
  if (!node || !new_parent || !new_parent->is_directory) return io_error("renaming " + from.string(), ENOENT);
  state_->find(from.parent_path())->entries.erase(from.filename().string());
  new_parent->entries[to.filename().string()] = node;
  return Result<void>::ok();
}

Result<void> MemoryFiles::remove(const fs::path& path) {
  const std::lock_guard lock(state_->mutex);
  const auto node = state_->find(path);
  if (!node) return Result<void>::ok();
  if (node->is_directory) return io_error("removing " + path.string(), EISDIR);
  state_->find(path.parent_path())->entries.erase(path.filename().string());
  return Result<void>::ok();
}

Result<void> MemoryFiles::sync_directory(const fs::path& path) {
  const std::lock_guard lock(state_->mutex);
  const auto node = state_->find(path);
  if (!node || !node->is_directory) return io_error("opening " + path.string(), node ? ENOTDIR : ENOENT);
  node->synced_entries = node->entries;
  return Result<void>::ok();
}

Result<void> MemoryFiles::make_directories(const fs::path& path) {
  const std::lock_guard lock(state_->mutex);
  std::shared_ptr<Node> node = state_->root;
  for (const std::string& part : parts_of(path)) {
    auto& child = node->entries[part];
    if (!child) child = make_directory_node();
    if (!child->is_directory) return io_error("making " + path.string(), ENOTDIR);
    node = child;
  }
  return Result<void>::ok();
}

Result<std::vector<Files::Listed>> MemoryFiles::list(const fs::path& path) {
  const std::lock_guard lock(state_->mutex);
  const auto node = state_->find(path);
  if (!node) return missing("listing", path);
  if (!node->is_directory) return io_error("listing " + path.string(), ENOTDIR);
  std::vector<Listed> found;
  for (const auto& [name, child] : node->entries) found.push_back({name, child->bytes.size(), child->is_directory});
  return found;
}

void MemoryFiles::power_cut(Unsynced unsynced) {
  const std::lock_guard lock(state_->mutex);
  ++state_->boots;
  settle(*state_->root, unsynced);
}

std::vector<std::byte> MemoryFiles::get(const fs::path& path) const {
  const std::lock_guard lock(state_->mutex);
  const auto node = state_->find(path);
  return node ? node->bytes : std::vector<std::byte>();
}

void MemoryFiles::put(const fs::path& path, std::span<const std::byte> bytes) {
  [[maybe_unused]] auto made = make_directories(path.parent_path());
  const std::lock_guard lock(state_->mutex);
  auto node = std::make_shared<Node>();
  node->bytes.assign(bytes.begin(), bytes.end());
  node->synced = bytes.size();
  std::shared_ptr<Node> parent = state_->root;
  for (const std::string& part : parts_of(path.parent_path())) {
    const auto child = parent->entries[part];
    parent->synced_entries[part] = child;
    parent = child;
  }
  parent->entries[path.filename().string()] = node;
  parent->synced_entries[path.filename().string()] = node;
}

std::uint64_t MemoryFiles::bytes_used() const {
  const std::lock_guard lock(state_->mutex);
  return sum_of(*state_->root);
}

}  // namespace coatcheck::testing
