#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/snowflake/closed_sessions.hpp"
#include "api/snowflake/errors.hpp"
#include "api/snowflake/identity.hpp"
#include "api/snowflake/session.hpp"
#include "api/snowflake/session_files.hpp"
#include "api/snowflake/state.hpp"
#include "api/snowflake/token.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "principals/keyring.hpp"

namespace coatcheck::api::snowflake {

struct SessionOptions {
  std::chrono::seconds session_token_life = std::chrono::hours(1);
  std::chrono::seconds master_token_life = std::chrono::hours(4);
  std::size_t in_memory_max =
      100'000;  // Past it the one that was used longest ago is forgotten, and revived when asked for.
  std::size_t stored_max = 100'000;    // Sessions with a file; past it a change is refused.
  std::size_t closed_max = 1'000'000;  // Past it the oldest close is forgotten.
  std::size_t queries_max = 10'000;    // Ids kept of each session's newest queries.
};

// Returns the ids of a session's newest queries, at most that many, in the order of their submission. Asked once
// for a session of which memory has only the end. An error makes the caller's last_query_id() fail, and is asked again.
using QueriesOfSession =
    std::function<async::Task<Result<std::vector<QueryId>>>(std::uint64_t session, std::size_t count_max)>;

// The tokens that a client gets, and how long they are good.
struct Tokens {
  std::uint64_t session_id = 0;
  std::string session_token = {};
  std::string master_token = {};
  std::chrono::seconds session_token_life{};
  std::chrono::seconds master_token_life{};
};

// The sessions of Snowflake's drivers. A session lives as long as a token of it does, also across restarts: its
// tokens are signed and say all that a session without changes is; one that a statement has changed has a file
// in <data>/sessions/ (docs/formats/sessions.md). A session ends when it is closed, when its last token
// expires, or when the key that it was logged in with is revoked.
//
// Loop thread; files are read and written on the pool. What it is given must outlive it, and it must outlive the
// coroutines that are in it.
class Sessions {
 public:
  // Reads which sessions have files or are closed; makes the secret at the first start. Blocks. Without a
  // keyring authentication is off: any credential is good.
  static Result<std::unique_ptr<Sessions>> open(const std::filesystem::path& data_directory, Files& files,
                                                const Clock& clock, async::Pool& disk,
                                                const principals::Keyring* keyring, QueriesOfSession queries_of,
                                                SessionOptions options);

  // Makes a session. Touches the disk only if `initial` is too large for a token.
  async::Task<Result<Tokens, SnowflakeError>> login(Identity identity, SessionState initial);

  // Returns the session that the Authorization field `Snowflake Token="…"` names. Reads a file only the first
  // time after a restart. 390101 without the field, 390104 for what is no session token of ours, 390112 if
  // it is expired, 390111 if the session is closed or its key is revoked.
  async::Task<Result<std::shared_ptr<Session>, SnowflakeError>> enter(std::string authorization);

  // Returns the session if it is in memory and this principal's; null otherwise.
  std::shared_ptr<Session> known(std::uint64_t id, const std::string& principal);

  // Returns new tokens for the session of the master token in the Authorization field; the old ones stay good
  // until they expire. 390113 without the field, 390115 for what is no master token of ours or belongs to another
  // session than `old_session_token` (which may be expired, or empty), 390114 if it is expired, 390111 if the
  // session is closed or its key is revoked.
  async::Task<Result<Tokens, SnowflakeError>> renew(std::string authorization, std::string old_session_token);

  // Ends a session: its tokens are refused from now on, durably when this returns. Its queries go on.
  async::Task<Result<void, SnowflakeError>> close(std::shared_ptr<Session> session);

  // Changes a session's state by `edit`, durably when this returns; changes of one session follow each
  // other. On an error (the edit's own, a limit, the disk) the state is as it was; of the disk, until a restart.
  using Edit = std::function<Result<void, SnowflakeError>(SessionState&)>;
  async::Task<Result<void, SnowflakeError>> change(std::shared_ptr<Session> session, Edit edit);

  // Returns the id that LAST_QUERY_ID(index) means: -1 is the newest query, 1 the oldest. Nothing if the session has
  // not so many, or the oldest are no longer known.
  async::Task<Result<std::optional<QueryId>, SnowflakeError>> last_query(std::shared_ptr<Session> session,
                                                                         std::int64_t index);

  // Removes the files of sessions that are over, and forgets them. Call it every few minutes.
  async::Task<void> sweep();

  const Signer& signer() const { return signer_; }
  std::size_t in_memory() const { return sessions_.size(); }

 private:
  Sessions(Signer signer, SessionFiles files, ClosedSessions closed, const Clock& clock, async::Pool& disk,
           const principals::Keyring* keyring, QueriesOfSession queries_of, SessionOptions options);

  using Used = std::list<std::shared_ptr<Session>>;  // Last used first.

  bool is_over(const Token& token) const;
  Result<std::uint64_t> new_id() const;
  Tokens make_tokens(Token about) const;
  async::Task<Result<std::shared_ptr<Session>, SnowflakeError>> revive(Token token);
  std::shared_ptr<Session> find(std::uint64_t id);
  void keep(std::shared_ptr<Session> session);
  void forget(std::uint64_t id);
  void forget_idle(Timestamp now);
  async::Task<Result<void, SnowflakeError>> store(std::shared_ptr<Session> session, SessionState state);
  async::Task<Result<void, SnowflakeError>> extend(Token token);
  async::Task<void> read_some_files(Timestamp now);
  async::Task<void> remove_expired_files(Timestamp now);

  Signer signer_;
  SessionFiles files_;
  ClosedSessions closed_;
  const Clock& clock_;
  async::Pool& disk_;
  const principals::Keyring* keyring_;
  QueriesOfSession queries_of_;
  SessionOptions options_;
  Used used_;
  std::unordered_map<std::uint64_t, Used::iterator> sessions_;
};

}  // namespace coatcheck::api::snowflake
