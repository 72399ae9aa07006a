#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/snowflake/identity.hpp"
#include "api/snowflake/state.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/result.hpp"

namespace coatcheck::api::snowflake {

// What a session's file says (docs/formats/sessions.md).
struct StoredSession {
  std::uint64_t id = 0;
  std::string principal;
  Timestamp expires{};
  SessionState state;

  bool operator==(const StoredSession&) const = default;
};

std::string write_session_file(const StoredSession& session);
// Errc::corrupt for anything that write_session_file() does not write.
Result<StoredSession> read_session_file(std::string_view text);

// The files of sessions that have a state of their own, <directory>/<id>.json. Loop thread, but for read(), write()
// and remove(), which block, use no memory of this object that changes, and run on any thread.
class SessionFiles {
 public:
  // Lists the files that are there, and removes what a crash left half written. Blocks.
  static Result<SessionFiles> open(std::filesystem::path directory, Files& files);

  bool contains(std::uint64_t session) const { return known_.contains(session); }
  std::size_t count() const { return known_.size(); }

  // Notes that there is a file for the session, or none any more.
  void note(std::uint64_t session, Timestamp expires) { known_[session] = expires; }
  // Notes what a file was found to say, unless it has been written since the start.
  void note_read(std::uint64_t session, Timestamp expires);
  void forget(std::uint64_t session) { known_.erase(session); }

  // Sessions that are over at `now`, and up to `count_max` whose file must be read to know.
  std::vector<std::uint64_t> expired(Timestamp now) const;
  std::vector<std::uint64_t> unread(std::size_t count_max) const;

  Result<StoredSession> read(std::uint64_t session) const;
  // Atomic, and durable when it returns.
  Result<void> write(const StoredSession& session) const;
  Result<void> remove(std::uint64_t session) const;

 private:
  SessionFiles(std::filesystem::path directory, Files& files);
  std::filesystem::path path_of(std::uint64_t session) const;

  std::filesystem::path directory_;
  Files* files_;
  std::unordered_map<std::uint64_t, std::optional<Timestamp>> known_;  // Nothing: not read since the start.
};

}  // namespace coatcheck::api::snowflake
