#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "journal/sqlite/database.hpp"
#include "journal/sqlite/health.hpp"

namespace coatcheck::journal::sqlite {

// Copies the WAL into the database file on a thread and connection of its own, so that commits do not
// wait for it. `health` must outlive it.
class Checkpointer {
 public:
  Checkpointer(Database database, Health& health);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  // Asks for a checkpoint; returns at once. Safe from any thread.
  void request();

  // While it is held no checkpoint is under way; taking it waits for the one that is. Safe from any thread.
  std::unique_lock<std::mutex> pause() { return std::unique_lock(copying_); }

  // Ends the thread, after the checkpoint under way.
  void finish();

  // Only after finish().
  Database& database() { return database_; }

 private:
  void run();
  // False when there is nothing more to come.
  bool wait();

  Database database_;
  Health& health_;
  std::mutex copying_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool requested_ = false;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace coatcheck::journal::sqlite
