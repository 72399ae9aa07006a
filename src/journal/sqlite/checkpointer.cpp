#include "journal/sqlite/checkpointer.hpp"

#include <utility>

namespace coatcheck::journal::sqlite {

Checkpointer::Checkpointer(Database database, Health& health)
    : database_(std::move(database)), health_(health), thread_([this] { run(); }) {}

Checkpointer::~Checkpointer() { finish(); }

void Checkpointer::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  changed_.notify_one();
}

void Checkpointer::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Checkpointer::run() {
  while (wait()) {
    // What is in the WAL is safe there, so a broken journal's file is better left alone.
    if (health_.broken()) continue;
    const std::lock_guard copying(copying_);
    if (auto done = database_.checkpoint(Database::Checkpoint::passive); !done) health_.break_down(done.error());
  }
}

bool Checkpointer::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return requested_ || finishing_; });
  requested_ = false;
  return !finishing_;
}

}  // namespace coatcheck::journal::sqlite
