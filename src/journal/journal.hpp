#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "journal/lifecycle.hpp"

namespace coatcheck::journal {

// Who runs a submission.
enum class Form {
  statement,  // Its warehouse, as it is.
  session,    // The server: a statement that concerns the session it was submitted in.
  script,     // The server: several statements, each of which becomes a query of its own, one after the other.
};

inline constexpr int priority_min = -100;
inline constexpr int priority_max = 100;

// What the client asked for. Never changes once accepted.
struct Submission {
  std::string principal;  // Who asked.
  std::string warehouse;
  Statement statement;
  Form form = Form::statement;
  std::optional<std::chrono::milliseconds> timeout;  // Of its running time.
  std::optional<std::uint64_t> row_limit;
  std::string query_tag;
  std::chrono::milliseconds result_ttl{0};
  std::string traceparent;
  // The session of a front door that has such, in which it was submitted; 0 for none. At most 2^63 - 1.
  std::uint64_t session = 0;
  int priority = 0;  // Among the queries of the same principal that wait: the higher goes first.
  // The client's own name for this submission, and a fingerprint of all that it asked for.
  std::string idempotency_key;
  std::string fingerprint;

  bool operator==(const Submission&) const = default;
};

// The idempotency keys under which a script submits its parts begin so.
inline std::string part_key_prefix(const QueryId& script) { return "script:" + script.to_string() + ":"; }

// What is known of a sealed result without opening it.
struct ResultSummary {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t chunks = 0;
  bool truncated = false;
  // The warehouse has it, and nobody has claimed it yet: it is not sealed here; bytes and chunks are not known.
  bool kept_by_warehouse = false;
  Timestamp expires_at{};

  bool operator==(const ResultSummary&) const = default;
};

// Why a result that was there no longer is.
enum class ResultGone { no, expired, deleted };

// One query, as the journal knows it.
struct Entry {
  QueryId id;
  Submission submission;  // Of a query that has ended without its rows of parameters: they may be many.
  State state = State::queued;
  // Goes up by one with everything that is recorded of the query; the API's ETag.
  std::uint64_t version = 1;
  int attempt = 0;  // How often it was started.
  int crashes = 0;  // How often the server went down while it ran.
  StatementKind kind = StatementKind::unknown;
  // By which a detached warehouse knows the query; empty until it has told it. At most 1 KiB.
  std::string handle;
  Timestamp submitted_at{};
  std::optional<Timestamp> started_at;  // Of the latest attempt.
  std::optional<Timestamp> cancel_requested_at;
  std::optional<Timestamp> ended_at;
  std::optional<Failure> failure;       // With state failed or canceled.
  std::optional<ResultSummary> result;  // With state succeeded.
  ResultGone result_gone = ResultGone::no;

  bool operator==(const Entry&) const = default;
};

// Which queries of the history to show. Empty fields do not filter.
struct HistoryFilter {
  std::string principal = {};  // Empty: of everybody.
  std::vector<State> states = {};
  std::string warehouse = {};
  std::string query_tag = {};
  std::optional<std::uint64_t> session = {};
  std::optional<Timestamp> since = {};  // Submitted at this time or later.
  std::optional<Timestamp> until = {};  // Submitted before this time.
};

struct HistoryPage {
  std::vector<Entry> entries;   // Newest first.
  std::optional<QueryId> next;  // Where the next page begins (this id is its first), if there is one.
};

struct JournalOptions {
  std::filesystem::path file = {};
  std::size_t group_max = 256;       // Records in one commit.
  std::size_t pending_max = 65'536;  // Records that wait for a commit; more are Errc::resource_exhausted.
  std::size_t readers = 1;           // Connections (and threads) that serve find() and history().
  std::uint64_t wal_checkpoint_bytes = std::uint64_t{4} << 20;  // New WAL after which it is copied into the file.
  std::uint64_t wal_bytes_max = std::uint64_t{64} << 20;        // WAL at which commits wait for that copying.
  std::string vfs = {};  // SQLite's name for its way to the disk; empty for the usual one.
};

// The durable record of every query. Nothing is answered before it is here.
//
// Its functions are called on the loop's thread; the work is done on threads of its own: one that commits,
// in groups, one that checkpoints, and some that read. What is recorded during one turn of the loop, or
// while a commit is under way, is committed together.
//
// After a write has failed (disk full, fsync error) the journal is broken for good: that whole group and
// every later submit(), record() and forget() is Errc::io_error, so that nothing is accepted that could be
// lost. Reads go on. What a failed group held may be there or not after the next start.
//
// Canceling a waiting coroutine does not take back what it records: the await ends when the commit has.
class Journal {
 public:
  virtual ~Journal() = default;

  // Records a new query: durable when this returns. If the principal has used the idempotency key before,
  // nothing is recorded and the earlier entry is returned (`replayed`); whether the fingerprints agree is
  // for the caller to see. An empty key is no key. An id that is there already is Errc::conflict.
  // Errc::resource_exhausted when too much waits, Errc::invalid_argument for a submission past 64 MiB.
  struct Submitted {
    Entry entry;
    bool replayed = false;
  };
  virtual async::Task<Result<Submitted>> submit(Entry entry) = 0;

  // Records what has become of a query: durable when this returns. `entry` is the whole new entry, made
  // from the old one with lifecycle's next() and the version one higher; id, submission and submitted_at
  // are not written again. Errc::conflict, and nothing recorded, if the stored version is not one less;
  // Errc::not_found if the query is not there; Errc::resource_exhausted, at once and nothing recorded, when
  // too much waits.
  virtual async::Task<Result<void>> record(Entry entry) = 0;

  // The same, but returns at once. Recorded in order with all else that is recorded, and durable at the
  // latest with the next record() that returns; for what a crash may forget. Never refused for too much
  // waiting, since a missing version would make the query's next record() a conflict: the number of live
  // queries bounds it. What cannot be recorded shows in counters().
  virtual void note(Entry entry) = 0;

  // Whether what is recorded still reaches the disk: false once a write has failed.
  virtual bool writable() const = 0;

  virtual async::Task<Result<std::optional<Entry>>> find(QueryId id) = 0;

  // The query that the principal submitted under this idempotency key, if there is one.
  virtual async::Task<Result<std::optional<Entry>>> find_by_key(std::string principal, std::string idempotency_key) = 0;

  // Up to `limit` queries, from `from` on (a HistoryPage::next; without one, from the newest).
  // A search that has to look at very many queries is done in slices, and other reads get their turn. A damaged query
  // is left out.
  virtual async::Task<Result<HistoryPage>> history(HistoryFilter filter, std::optional<QueryId> from,
                                                   std::size_t limit) = 0;

  // Visits every query that has not ended, oldest first, then the newest `recent` of those that have,
  // newest first. All as of one moment. One that is damaged is visited as Errc::corrupt, which names it; the others
  // are good all the same. Blocks; for the start, before anything else is called. `visit` must not call the journal.
  virtual Result<void> replay(std::size_t recent, const std::function<void(Result<Entry>)>& visit) = 0;

  // Whether the journal knows `id` as succeeded with a result that is not gone. Blocks; for the start.
  virtual Result<bool> has_result(QueryId id) = 0;

  // Succeeded queries whose result is past its time (expires_at <= now) and not gone yet, at most `limit`,
  // the one that expired first in front. A damaged query is left out.
  virtual async::Task<Result<std::vector<Entry>>> expired_results(Timestamp now, std::size_t limit) = 0;

  // Forgets ended queries submitted before `before` whose results are gone or never were, at most `limit`;
  // returns which. Their idempotency keys are forgotten with them. Durable when this returns.
  virtual async::Task<Result<std::vector<QueryId>>> forget(Timestamp before, std::size_t limit) = 0;

  // Commits what is pending, ends the reads under way and closes. From its start on, every other call is
  // Errc::unavailable (note() does nothing). Must have returned before the journal is destroyed.
  virtual async::Task<> close() = 0;

  // How often a commit was flushed to disk, and how many records those commits held. Safe from any thread.
  struct Counters {
    std::uint64_t commits = 0;
    std::uint64_t records = 0;
    std::uint64_t lost_notes = 0;  // Notes that could not be recorded.
  };
  virtual Counters counters() const = 0;
};

// Opens the journal in SQLite, making it (and its directory) if it is not there, and brings an older
// schema up to date. A newer one than this binary knows is Errc::conflict. One process at a time: a file
// that another holds is Errc::conflict too. What is no journal is Errc::corrupt. `loop` is where coroutines resume; it
// must outlive the journal.
Result<std::unique_ptr<Journal>> open_sqlite_journal(JournalOptions options, async::Loop& loop);

}  // namespace coatcheck::journal
