#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "async/task.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "journal/journal.hpp"
#include "query/holds.hpp"
#include "query/waiter.hpp"
#include "telemetry/rate_limit.hpp"

namespace coatcheck::warehouse {
class Execution;
}

namespace coatcheck::query {

using EntryPtr = std::shared_ptr<const journal::Entry>;

// Why we ended an execution that would have gone on.
enum class StopReason { none, canceled, timed_out, shutting_down };

// A query that is in memory: live, or ended not long ago.
struct Live {
  explicit Live(EntryPtr first) : entry(first), head(std::move(first)) {}

  EntryPtr entry;  // Durable: what clients are shown.
  EntryPtr head;   // With what is on its way to the disk: what the next change starts from.
  Watches watches;

  // Its execution in the warehouse, while there is one; the Runner's. stop() ends it.
  warehouse::Execution* execution = nullptr;
  StopReason stopped_for = StopReason::none;
  bool detached = false;  // It runs in a warehouse where it goes on without us…
  bool left = false;      // …and where we have left it, as we go down.
  // An earlier process went down with it: it may be what brought that process down.
  bool suspect = false;
  // The client has deleted it: no result is to be kept when it ends.
  bool unwanted = false;

  // Its place among the ended ones that are in memory, if it is one; Queries' own.
  std::optional<std::list<QueryId>::iterator> ended_place;

  // Asks the warehouse to end the execution, if there is one. The first reason is the one that counts.
  void stop(StopReason reason);
};
using LivePtr = std::shared_ptr<Live>;

struct QueriesOptions {
  std::size_t ended_max = 100'000;                           // Ended queries kept in memory…
  std::uint64_t ended_bytes_max = std::uint64_t{256} << 20;  // …and what their statements may weigh.
  std::size_t waiters_max = 20'000;
};

// How many values are bound to a statement.
std::uint64_t bound_values(const Statement& statement);

// Every query there is, in memory and in the journal, and the only way to change one: what is shown has
// been made durable before. Loop thread only.
class Queries {
 public:
  Queries(async::Loop& loop, journal::Journal& journal, QueriesOptions options);
  ~Queries();

  // Records a new query; durable and visible when it returns. `replayed`: the principal used this
  // idempotency key before, and the live or old query of then is returned.
  struct Added {
    EntryPtr entry;
    LivePtr live;  // Null if it was replayed.
    bool replayed = false;
  };
  async::Task<Result<Added>> add(journal::Entry entry);

  // Takes up what the journal replays at the start; records nothing.
  LivePtr adopt(journal::Entry entry);

  using Fill = std::function<void(journal::Entry&)>;
  // Moves a query by `event`, with `fill` writing down what is known of it besides: durable and visible
  // when it returns. Errc::conflict if the lifecycle does not allow the event now.
  //
  // While too much waits for the journal it pauses and tries again, until the journal takes it or is broken. The
  // query is meanwhile as it was; so it may have moved on, and the lifecycle is asked again.
  async::Task<Result<void>> change(LivePtr live, journal::Event event, Fill fill);
  // The same, tried once: Errc::resource_exhausted, and the query as it was, if too much waits for the journal.
  async::Task<Result<void>> try_change(LivePtr live, journal::Event event, Fill fill);
  // The same without waiting for the disk; visible at once. For what a crash may forget.
  Result<void> note(LivePtr live, journal::Event event, Fill fill);
  // Records something that leaves the state as it is (its result is gone), as patiently as change(). `old` is
  // the entry as known.
  async::Task<Result<void>> amend(EntryPtr old, Fill fill);

  // The pause between two tries to have something recorded.
  async::Task<> pause();

  // Lets go of queries that the journal has forgotten.
  void forget(const std::vector<QueryId>& ids);

  // The query if it is in memory, without looking at the disk.
  LivePtr live(QueryId id) const;
  // The query wherever it is; Errc::not_found if there is none.
  async::Task<Result<EntryPtr>> find(QueryId id);

  // Waits until one of `known` is no longer at the version given with it, or until `deadline`, or until
  // release_waiters(). Queries that are not in memory have ended and do not change. Errc::resource_exhausted
  // if too many wait already. Canceling the coroutine ends the wait at once. To be awaited at once. `place` is kept as
  // long as it waits.
  struct Known {
    QueryId id;
    std::uint64_t version;
  };
  async::Task<Result<void>> wait(const std::vector<Known>& known, Deadline deadline, Hold place = {});
  // Answers everybody who waits, now and from now on: the server is going down.
  void release_waiters();

  // Stops every query that has not ended.
  void stop_all(StopReason reason);
  // Leaves every query that runs in a detached warehouse to itself, for a shutdown.
  void leave_detached();

  // The scripts that have not ended.
  const std::set<QueryId>& scripts() const { return scripts_; }
  // The queries that have not ended and were submitted under a key that begins so.
  std::vector<QueryId> unfinished_by_key(std::string_view prefix) const;
  // How many values are bound to queries that have not ended.
  std::uint64_t bound_values() const { return bound_values_; }

  std::size_t waiters() const { return waiters_; }

 private:
  static async::Task<Result<EntryPtr>> found(EntryPtr entry);
  async::Task<Result<EntryPtr>> find_on_disk(QueryId id);
  static async::Task<Result<void>> waited(Result<void> outcome);
  async::Task<Result<void>> sleep(std::vector<LivePtr> watched, Deadline deadline, Hold place);

  EntryPtr advance(Live& live, journal::State state, const Fill& fill);
  async::Task<Result<void>> try_amend(EntryPtr old, Fill fill);
  void take_back(Live& live, const EntryPtr& entry);
  void publish(const LivePtr& live, const EntryPtr& entry);
  void keep_ended(const LivePtr& live);
  void let_go(const LivePtr& ended);
  void report_busy();

  async::Loop& loop_;
  journal::Journal& journal_;
  QueriesOptions options_;
  std::unordered_map<QueryId, LivePtr> table_;
  std::list<QueryId> ended_;  // In memory still, oldest first.
  std::uint64_t ended_bytes_ = 0;
  std::size_t waiters_ = 0;
  std::set<QueryId> scripts_;
  std::uint64_t bound_values_ = 0;
  telemetry::RateLimit busy_limit_;
  bool released_ = false;
  Waiters everybody_;
};

}  // namespace coatcheck::query
