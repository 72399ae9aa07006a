#include "base/testing/fault_files.hpp"

#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <utility>

namespace coatcheck::testing {

namespace fs = std::filesystem;

struct FaultFiles::State {
  std::atomic<std::uint64_t> operations{0};
  std::atomic<std::uint64_t> appends{0};
  std::atomic<std::uint64_t> syncs{0};
  std::atomic<std::uint64_t> directory_syncs{0};

  // Returns how the operation that begins now fails, or nothing.
  std::optional<Fault> begin() {
    ++operations;
    const std::lock_guard lock(mutex_);
    if (halted_) return Fault::io_error;
    if (countdown_ == 0 || --countdown_ != 0) return std::nullopt;
    fired_ = true;
    halted_ = fault_ == Fault::halt;
    return fault_;
  }

  void fail(std::uint64_t n, Fault fault) {
    const std::lock_guard lock(mutex_);
    countdown_ = n;
    fault_ = fault;
    fired_ = false;
  }

  void heal() {
    const std::lock_guard lock(mutex_);
    countdown_ = 0;
    halted_ = false;
  }

  bool fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t countdown_ = 0;  // 0: nothing fails.
  Fault fault_ = Fault::io_error;
  bool fired_ = false;
  bool halted_ = false;
};

namespace {

Error error_of(Fault fault) {
  return coatcheck::io_error("a fault made by the test", fault == Fault::no_space ? ENOSPC : EIO);
}

// Does `operation` unless a fault is due.
template <class Operation>
auto attempt(FaultFiles::State& state, Operation operation) -> decltype(operation()) {
  const auto fault = state.begin();
  if (!fault) return operation();
  if (*fault == Fault::late) {
    [[maybe_unused]] auto done = operation();
  }
  return error_of(*fault);
}

class FaultFile final : public File {
 public:
  FaultFile(std::shared_ptr<FaultFiles::State> state, std::unique_ptr<File> under)
      : state_(std::move(state)), under_(std::move(under)) {}

  Result<void> append(std::span<const std::byte> bytes) override {
    ++state_->appends;
    const auto fault = state_->begin();
    if (!fault) return under_->append(bytes);
    if (*fault != Fault::io_error) {
      const std::size_t done = *fault == Fault::late ? bytes.size() : bytes.size() / 2;
      [[maybe_unused]] auto appended = under_->append(bytes.first(done));
    }
    return error_of(*fault);
  }

  Result<void> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    return attempt(*state_, [&] { return under_->read_at(offset, into); });
  }

  Result<void> sync() override {
    ++state_->syncs;
    return attempt(*state_, [&] { return under_->sync(); });
  }

  Result<std::uint64_t> size() const override {
    return attempt(*state_, [&] { return under_->size(); });
  }

  int descriptor() const override { return -1; }

 private:
  std::shared_ptr<FaultFiles::State> state_;
  std::unique_ptr<File> under_;
};

Result<std::unique_ptr<File>> wrap(const std::shared_ptr<FaultFiles::State>& state,
                                   Result<std::unique_ptr<File>> opened) {
  if (!opened) return opened;
  return std::unique_ptr<File>(std::make_unique<FaultFile>(state, *std::move(opened)));
}

}  // namespace

FaultFiles::FaultFiles(Files& under) : under_(under), state_(std::make_shared<State>()) {}
FaultFiles::~FaultFiles() = default;

void FaultFiles::fail(std::uint64_t n, Fault fault) { state_->fail(n, fault); }
void FaultFiles::heal() { state_->heal(); }
bool FaultFiles::fired() const { return state_->fired(); }

std::uint64_t FaultFiles::operations() const { return state_->operations; }
std::uint64_t FaultFiles::appends() const { return state_->appends; }
std::uint64_t FaultFiles::syncs() const { return state_->syncs; }
std::uint64_t FaultFiles::directory_syncs() const { return state_->directory_syncs; }

Result<std::unique_ptr<File>> FaultFiles::create(const fs::path& path) {
  return attempt(*state_, [&] { return wrap(state_, under_.create(path)); });
}

Result<std::unique_ptr<File>> FaultFiles::open(const fs::path& path) {
  return attempt(*state_, [&] { return wrap(state_, under_.open(path)); });
}

Result<void> FaultFiles::rename(const fs::path& from, const fs::path& to) {
  return attempt(*state_, [&] { return under_.rename(from, to); });
}

Result<void> FaultFiles::remove(const fs::path& path) {
  return attempt(*state_, [&] { return under_.remove(path); });
}

Result<void> FaultFiles::sync_directory(const fs::path& path) {
  ++state_->directory_syncs;
  return attempt(*state_, [&] { return under_.sync_directory(path); });
}

Result<void> FaultFiles::make_directories(const fs::path& path) {
  return attempt(*state_, [&] { return under_.make_directories(path); });
}

Result<std::vector<Files::Listed>> FaultFiles::list(const fs::path& path) {
  return attempt(*state_, [&] { return under_.list(path); });
}

}  // namespace coatcheck::testing
