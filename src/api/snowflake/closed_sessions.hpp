#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/snowflake/turn.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"

namespace coatcheck::api::snowflake {

// Which sessions were closed while tokens of theirs are still about. Kept in a log, sessions/closed-<n>
// (docs/formats/sessions.md), that begins anew at every start and when it has grown. Loop thread.
class ClosedSessions {
 public:
  // Reads the log, drops what has expired, and begins a new one. Blocks.
  static Result<ClosedSessions> open(std::filesystem::path directory, Files& files, Timestamp now,
                                     std::size_t count_max);

  bool contains(std::uint64_t session) const { return closed_.contains(session); }

  // Closes a session whose last token expires at `expires`: from now on for contains(), durably when this
  // returns. Sessions that are closed at the same time share a sync.
  async::Task<Result<void>> add(std::uint64_t session, Timestamp expires, async::Pool& disk);

  // Forgets sessions whose tokens have all expired, and begins a new log if that makes it much shorter.
  async::Task<void> sweep(Timestamp now, async::Pool& disk);

 private:
  ClosedSessions(std::filesystem::path directory, Files& files, std::size_t count_max);

  // Blocks: begins the log `number` with these lines and removes the ones before.
  Result<std::unique_ptr<File>> begin_log(std::uint64_t number, const std::string& lines) const;
  std::string all_lines() const;
  void remember(std::uint64_t session, std::int64_t expires_s);
  async::Task<Result<void>> write_pending(async::Pool& disk);

  std::filesystem::path directory_;
  Files* files_;
  std::size_t count_max_;
  std::unordered_map<std::uint64_t, std::int64_t> closed_;  // Expiry in seconds since the epoch.
  std::deque<std::uint64_t> by_close_;                      // In the order of the closes.

  std::unique_ptr<File> log_;  // None after a failure: the next write begins a new one.
  std::uint64_t log_number_ = 0;
  std::size_t log_lines_ = 0;
  std::string pending_;  // Lines that are not durable.
  std::size_t pending_lines_ = 0;
  std::uint64_t added_ = 0;  // Of all lines ever, how many were added and how many are durable.
  std::uint64_t durable_ = 0;
  std::unique_ptr<Turn> turn_;  // Of writes.
};

}  // namespace coatcheck::api::snowflake
