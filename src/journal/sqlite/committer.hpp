#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "async/task.hpp"
#include "journal/journal.hpp"
#include "journal/sqlite/checkpointer.hpp"
#include "journal/sqlite/health.hpp"
#include "journal/sqlite/ledger.hpp"
#include "journal/sqlite/wal_room.hpp"

namespace coatcheck::journal::sqlite {

// Something that waits to be committed.
class Operation {
 public:
  virtual ~Operation() = default;

  // On the committing thread, inside the group's transaction; keeps the outcome.
  virtual void apply(Ledger& ledger) = 0;
  // On the committing thread, instead or later: the group cannot be committed.
  virtual void fail(const Error& error) = 0;
  // On the loop's thread, last: hands the outcome over.
  virtual void complete() = 0;
};

// Journal::Counters as they come about.
struct Counts {
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> records = 0;
  std::atomic<std::uint64_t> lost_notes = 0;
};

// The committing thread. It takes everything that waits, applies it in order in one transaction, commits,
// and has the loop complete all of it in one turn; what comes meanwhile is the next group.
//
// `checkpointer`, `health` and `counts` must outlive it; the loop must until finish() has returned.
class Committer {
 public:
  Committer(Ledger ledger, const JournalOptions& options, Checkpointer& checkpointer, Health& health, Counts& counts,
            async::Loop& loop);
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  ~Committer();

  // On the loop's thread.
  void push(std::unique_ptr<Operation> operation);

  std::size_t pending() const;

  // Commits what is pending and ends the thread. Blocks; nothing may be pushed any more.
  void finish();

  // Only after finish().
  Database& database() { return ledger_.database(); }

 private:
  using Group = std::vector<std::unique_ptr<Operation>>;

  // Shared with functions posted to the loop, which may run after the committer is gone.
  struct Queue {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::unique_ptr<Operation>> pending;
    bool turn_ended = false;  // The loop has had the chance to add more.
    bool announced = false;   // A function that sets `turn_ended` is on its way.
    bool finishing = false;
  };

  void run();
  Group take();
  void commit(Group& group);
  Result<void> write(Group& group);
  void care_for_wal();
  void restart_wal();

  Ledger ledger_;
  const std::size_t group_max_;
  const int checkpoint_frames_;
  const int frames_max_;
  Checkpointer& checkpointer_;
  Health& health_;
  Counts& counts_;
  async::Executor executor_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
  std::unique_ptr<int> wal_frames_ = std::make_unique<int>(0);  // Set by SQLite at every commit.
  WalRoom wal_room_;
  int frames_at_request_ = 0;
  int frames_at_restart_ = 0;
  std::thread thread_;
};

}  // namespace coatcheck::journal::sqlite
