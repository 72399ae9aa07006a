#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "journal/journal.hpp"
#include "principals/principal.hpp"
#include "query/admission.hpp"
#include "query/holds.hpp"
#include "query/probe.hpp"
#include "query/queries.hpp"
#include "query/runner.hpp"
#include "query/shares.hpp"
#include "query/snapshot.hpp"
#include "query/stored_bytes.hpp"
#include "results/spool.hpp"
#include "telemetry/metrics.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::query {

// How long a drain waits, after it has told everything to stop, for a warehouse that does not.
inline constexpr std::chrono::seconds stop_grace_default{10};

struct Options {
  QueriesOptions queries;
  std::chrono::milliseconds result_ttl_default = std::chrono::hours(24);
  std::chrono::milliseconds result_ttl_max = std::chrono::hours(24 * 30);
  std::chrono::milliseconds history_retention = std::chrono::hours(24 * 30);
  std::chrono::milliseconds housekeeping_interval = std::chrono::seconds(10);
  std::chrono::milliseconds stop_grace = stop_grace_default;
  std::chrono::milliseconds fetch_wait = std::chrono::seconds(45);  // That a claim waits for a result that is fetched.
  // That a warehouse which keeps a result may take until it begins to hand it over; then it is asked again when
  // somebody claims it again.
  std::chrono::milliseconds fetch_answer_max = std::chrono::minutes(2);
  std::uint64_t bound_values_max = 5'000'000;  // Of all queries that have not ended; each takes about 100 bytes.
  // What each principal may have, by its name; `others` for who is not named.
  ShareLimits others = {};
  std::map<std::string, ShareLimits, std::less<>> named = {};
};

// One warehouse as the service is given it. The connector must outlive the service.
struct WarehouseSetup {
  std::string name;
  std::string kind;  // "duckdb": for people.
  warehouse::Connector* connector = nullptr;
  AdmissionLimits limits = {};
  std::optional<std::chrono::milliseconds> timeout_default = {};
  std::optional<std::chrono::milliseconds> timeout_max = {};
  // Statements that it takes whatever warehouse they name, by their text; none without it.
  std::function<bool(std::string_view)> takes = {};
  // The server itself runs the other forms: one setup for each, which takes all of it, whatever warehouse they name.
  // Those are no warehouses to anybody outside.
  journal::Form form = journal::Form::statement;
};

struct WarehouseStatus {
  struct Trouble {
    std::string message;  // The warehouse's own words.
    Timestamp at;
  };

  std::string name;
  std::string kind;
  bool is_default = false;
  std::size_t running = 0;
  std::size_t running_max = 0;
  std::size_t queued = 0;
  std::size_t queued_max = 0;
  bool is_reachable = true;  // As far as is known: nobody asks as long as all is well.
  std::optional<Trouble> last_trouble = {};
  std::uint64_t status_requests = 0;  // How often it was asked about queries that run there.
};

// The life of queries: everything that a front door can ask for. It knows no protocol.
//
// Loop thread only. Every call that names a query takes the principal who asks, and answers
// Errc::not_found for somebody else's query just as for one that does not exist.
class Service {
 public:
  // The first warehouse is the default one. Everything referred to must outlive the service.
  Service(async::Loop& loop, journal::Journal& journal, results::Spool& spool, async::Pool& disk, const Clock& clock,
          telemetry::Registry& registry, Options options, std::vector<WarehouseSetup> warehouses);
  ~Service();

  // Takes up what an earlier process left: to be awaited once, before anything else.
  async::Task<Result<void>> recover();

  // Accepts a query: it is durable, and visible, when this returns. `submission.principal` is set here; an
  // empty warehouse means the default one, a zero result_ttl the default one.
  // Errors: invalid_argument (field says which), resource_exhausted (the queue is full, the asker has as many queries
  // as it may have, or as many bytes stored (field storage_full), or too many values are bound to queries that have not
  // ended), unavailable
  // (draining, or the journal cannot be written). An idempotency key that was used for something else is
  // conflict.
  struct Submitted {
    Snapshot snapshot;
    bool replayed = false;
  };
  async::Task<Result<Submitted>> submit(principals::Principal asker, journal::Submission submission);

  async::Task<Result<Snapshot>> status(principals::Principal asker, QueryId id);

  // The query that the asker submitted under this idempotency key.
  async::Task<Result<Snapshot>> find_by_key(principals::Principal asker, std::string idempotency_key);

  // Whether a call takes one of the places that the asker may hold at once (ShareLimits), for as long as it needs it:
  // resource_exhausted if it holds as many as it may. What the server does itself takes none, nor does who has one.
  enum class Counted { yes, no };

  // The status as soon as it is another version than `known`, or at `deadline`. It takes a place only to wait.
  async::Task<Result<Snapshot>> wait(principals::Principal asker, QueryId id, std::uint64_t known, Deadline deadline,
                                     Counted counted = Counted::yes);

  // Returns then without the status, which wait() keeps room for while it waits: for doors where thousands do. Also at
  // once, if there is nothing to wait for or the asker may not see it. To be awaited at once.
  async::Task<Result<void>> wait_for_news(const principals::Principal& asker, QueryId id, std::uint64_t known,
                                          Deadline deadline, Counted counted = Counted::yes);

  // The status as soon as the query has ended, or at `deadline`.
  async::Task<Result<Snapshot>> wait_until_ended(principals::Principal asker, QueryId id, Deadline deadline,
                                                 Counted counted = Counted::yes);

  // A place for somebody who goes on waiting from one call of wait() to the next.
  Result<Hold> hold_wait(const principals::Principal& asker);

  // The statuses of many, in the order asked, nothing for what does not exist: as soon as one differs from
  // the version given with it (none given: at once), or at `deadline`.
  struct Asked {
    QueryId id;
    std::optional<std::uint64_t> known;
  };
  async::Task<Result<std::vector<std::optional<Snapshot>>>> wait_for_any(principals::Principal asker,
                                                                         std::vector<Asked> asked, Deadline deadline);

  // Claims the result. Errors: conflict (it has not ended, or not well: the snapshot says), gone (it was
  // there: the snapshot says why it is not), corrupt, io_error. A result that its warehouse has kept is fetched first,
  // once for all who claim it: unavailable if that takes longer than Options::fetch_wait or the warehouse cannot be
  // reached, so that it is worth to ask again; deadline_exceeded if it could not be reached for as long as a query may
  // be queued for it: it may still come back, but who waits for it should be told. Gone if its rows cannot be read, now
  // or ever; resource_exhausted if too many are fetched.
  // It counts as being sent until the reader is let go of. Somebody without a name asks as whose query it is.
  struct Claim {
    Snapshot snapshot;
    Result<std::shared_ptr<const results::Reader>> reader;
  };
  async::Task<Result<Claim>> claim(principals::Principal asker, QueryId id, Counted counted = Counted::yes);

  // What the principal may have by this limit, and what of it is left; nothing if there is no limit for it.
  struct Quota {
    std::uint64_t max = 0;
    std::uint64_t left = 0;
  };
  std::optional<Quota> quota(const std::string& principal, Limit limit) const;

  // What a statement would yield, by its warehouse, and nothing of it runs or is recorded. Errors as submit(); a
  // statement that the warehouse refuses is the Failure, one that it cannot describe has no schema. It waits in no
  // queue: resource_exhausted when the warehouse describes too many already.
  using Described = Result<std::optional<rows::Schema>, Failure>;
  async::Task<Result<Described>> describe(principals::Principal asker, journal::Submission submission);

  // Wants the query stopped; one that has ended stays as it is. A running one is CANCELING when this
  // returns, and CANCELED once the warehouse has confirmed.
  async::Task<Result<Snapshot>> cancel(principals::Principal asker, QueryId id);

  // Cancels the query if it has not ended, and drops its result now or when it ends.
  async::Task<Result<Snapshot>> remove(principals::Principal asker, QueryId id);

  // A page of the history, newest first; of the asker alone if it is no administrator, whatever the filter says.
  struct HistoryPage {
    std::vector<Snapshot> snapshots;
    std::optional<QueryId> next;
  };
  async::Task<Result<HistoryPage>> history(principals::Principal asker, journal::HistoryFilter filter,
                                           std::optional<QueryId> from, std::size_t limit);

  std::vector<WarehouseStatus> warehouses() const;

  // The name of the warehouse that is meant by `name`, in any case (ASCII); nothing if there is none.
  std::optional<std::string> find_warehouse(std::string_view name) const;

  // The longest timeout that a query of this warehouse (empty: the default one) may ask for; nothing if any may be.
  std::optional<std::chrono::milliseconds> timeout_max(const std::string& warehouse) const;

  std::size_t waiters() const { return queries_.waiters(); }

  // Whether a submit would be taken now: it is not draining, and the journal can be written.
  bool accepts() const { return !draining_ && journal_.writable(); }

  // Goes down: takes nothing more, answers those who wait, lets running queries end until `deadline`, stops
  // the rest (reads are queued again for the next start), and returns true when nothing is under way.
  //
  // A warehouse that neither prepares nor stops is waited for until Options::stop_grace after that. Then false:
  // the log names the queries that are abandoned, which the next start finds as after a crash, and their tasks
  // are still there. The service must not be destroyed then: close the journal and end the process.
  async::Task<bool> drain(Deadline deadline);

 private:
  // One warehouse at work.
  struct Lane {
    WarehouseSetup setup;
    Admission admission;
    async::Timer next_timeout;
    std::size_t describing = 0;
    // It cannot be reached: its queries wait until it answers.
    bool is_down = false;
    // It does not answer for queries that run there; those go on.
    bool is_silent = false;
    std::optional<WarehouseStatus::Trouble> last_trouble = {};
    std::chrono::milliseconds probe_pause{0};
    async::Timer next_probe;

    bool is_reachable() const { return !is_down && !is_silent; }
  };

  // A kept result on its way from the warehouse, and who waits for it.
  struct Fetch {
    Waiters waiters;
    warehouse::Execution* execution = nullptr;
    bool is_answered = false;  // The warehouse has begun to hand it over.
    bool is_given_up = false;  // It took too long for that.
    std::optional<Result<void>> outcome;
  };

  // A kept result that its warehouse could not hand over.
  struct Unfetched {
    Timestamp since;  // The first time in a row.
    Timestamp last;
    std::chrono::milliseconds patience;
  };

  Result<Submitted> replay(EntryPtr earlier, const std::string& fingerprint);
  Lane* lane_of(const journal::Submission& submission) const;
  Result<Lane*> check(journal::Submission& submission);
  void enqueue(Lane& lane, const journal::Entry& entry);
  void put_back(Lane& lane, Admission::Place place);
  void dispatch(Lane& lane);
  void dispatch_all();
  Result<void> make_room(Lane& lane, const journal::Submission& submission);
  Error no_room(const Lane& lane, const std::string& principal, Admission::Room room) const;
  Result<Hold> hold(Holds& holds, const std::string& principal, Limit limit);
  Result<Hold> hold_until(const principals::Principal& asker, Deadline deadline, Counted counted);
  static async::Task<Result<void>> refused(Error error);
  async::Task<> count_stored(std::vector<QueryId> sealed);
  async::Task<> run(Lane* lane, Admission::Place place, LivePtr live);
  void note_trouble(Lane& lane, const Failure& failure);
  void note_silence(Lane& lane, const std::optional<Failure>& trouble);
  void set_trouble(Lane& lane, const Failure& failure);
  static void report_back(const Lane& lane);
  async::Task<> probe(Lane* lane);
  async::Task<> expire_queue(Lane* lane);

  async::Task<Result<LivePtr>> recover_one(journal::Entry entry);
  async::Task<> cancel_parts(QueryId script);
  Timestamp forget_before() const;
  async::Task<> keep_house();
  async::Task<> expire_results();
  async::Task<> drop_result(EntryPtr entry, journal::ResultGone why);

  async::Task<Result<void>> fetch_kept(EntryPtr entry);
  async::Task<> fetch(EntryPtr entry, std::shared_ptr<Fetch> fetch);
  async::Task<Result<void>> fetch_into_spool(EntryPtr entry, std::shared_ptr<Fetch> fetch);
  void give_up_at(async::Timer& timer, const std::shared_ptr<Fetch>& fetch) const;
  Failure not_handed_over(const Lane& lane) const;
  Result<void> with_patience(const journal::Entry& entry, Result<void> outcome);
  async::Task<Result<void>> not_fetched(EntryPtr entry, Failure failure);
  async::Task<Result<void>> take_fetched(EntryPtr entry, journal::ResultSummary summary);
  void leave_fetches();
  async::Task<bool> join_until(Deadline deadline);

  async::Task<Result<EntryPtr>> find(principals::Principal asker, QueryId id);
  Snapshot snapshot_of(EntryPtr entry) const;

  async::Loop& loop_;
  journal::Journal& journal_;
  results::Spool& spool_;
  async::Pool& disk_;
  const Clock& clock_;
  Options options_;
  Probe probe_;
  Shares shares_;      // Of what the principals have in warehouses.
  Shares own_shares_;  // Of what the server runs itself, which is limited for nobody.
  StoredBytes stored_;
  Holds waiting_;
  Holds claims_;
  Queries queries_;
  Runner runner_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::set<QueryId> under_way_;  // Those that have their turn.
  std::map<QueryId, std::shared_ptr<Fetch>> fetches_;
  std::map<QueryId, Unfetched> unfetched_;
  std::uint64_t values_being_added_ = 0;
  bool draining_ = false;
  async::Timer house_timer_;
  // Last: what runs in them uses all of the above.
  async::TaskGroup tasks_;
  async::TaskGroup probes_;  // Questions to warehouses that are down; a drain breaks them off.
};

}  // namespace coatcheck::query
