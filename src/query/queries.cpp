#include "query/queries.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "telemetry/log.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::query {

namespace {

// What an ended query weighs in memory, roughly: what is small is the same for all.
std::uint64_t weight(const journal::Entry& entry) {
  std::uint64_t bytes = 1'024 + entry.submission.statement.text.size();
  for (const Parameter& parameter : entry.submission.statement.parameters) {
    bytes += sizeof(Parameter) + parameter.name.size() + parameter.type.size();
    if (const auto* text = std::get_if<std::string>(&parameter.value)) bytes += text->size();
  }
  if (entry.failure) bytes += entry.failure->message.size();
  return bytes;
}

// Enough for some hundred commits; those who pause are bounded by what may run.
constexpr auto pause_of_refused = std::chrono::milliseconds(50);
constexpr auto busy_log_interval = std::chrono::seconds(10);

}  // namespace

std::uint64_t bound_values(const Statement& statement) {
  return statement.parameters.size() + statement.parameter_rows.cells().size();
}

void Live::stop(StopReason reason) {
  if (stopped_for == StopReason::none) stopped_for = reason;
  left = left || reason == StopReason::shutting_down;
  if (!execution) return;
  left ? execution->leave() : execution->cancel();
}

Queries::Queries(async::Loop& loop, journal::Journal& journal, QueriesOptions options)
    : loop_(loop), journal_(journal), options_(options), busy_limit_(busy_log_interval) {}

Queries::~Queries() = default;

async::Task<Result<Queries::Added>> Queries::add(journal::Entry entry) {
  [[maybe_unused]] const QueryId id = entry.id;
  auto submitted = co_await journal_.submit(std::move(entry));
  if (!submitted) co_return std::move(submitted).error();

  if (submitted->replayed) {
    const LivePtr earlier = live(submitted->entry.id);
    EntryPtr shown = earlier ? earlier->entry : std::make_shared<const journal::Entry>(std::move(submitted->entry));
    co_return Added{.entry = std::move(shown), .live = nullptr, .replayed = true};
  }
  assert(submitted->entry.id == id);
  LivePtr added = adopt(std::move(submitted->entry));
  EntryPtr shown = added->entry;
  co_return Added{.entry = std::move(shown), .live = std::move(added), .replayed = false};
}

LivePtr Queries::adopt(journal::Entry entry) {
  const QueryId id = entry.id;
  auto live = std::make_shared<Live>(std::make_shared<const journal::Entry>(std::move(entry)));
  table_.insert_or_assign(id, live);
  if (journal::is_final(live->entry->state)) {
    keep_ended(live);
    return live;
  }
  if (live->entry->submission.form == journal::Form::script) scripts_.insert(id);
  bound_values_ += query::bound_values(live->entry->submission.statement);
  return live;
}

EntryPtr Queries::advance(Live& live, journal::State state, const Fill& fill) {
  auto entry = std::make_shared<journal::Entry>(*live.head);
  entry->state = state;
  ++entry->version;
  // They may be many, and are done with.
  if (journal::is_final(state)) entry->submission.statement.parameter_rows = {};
  fill(*entry);
  live.head = entry;
  return entry;
}

async::Task<Result<void>> Queries::change(LivePtr live, journal::Event event, Fill fill) {
  for (;;) {
    auto changed = co_await try_change(live, event, fill);
    if (changed || changed.error().code != Errc::resource_exhausted) co_return changed;
    report_busy();
    co_await pause();
  }
}

async::Task<Result<void>> Queries::try_change(LivePtr live, journal::Event event, Fill fill) {
  const Result<journal::State> state = journal::next(live->head->state, event);
  if (!state) co_return state.error();
  const EntryPtr entry = advance(*live, *state, fill);
  // The journal keeps the order in which it is called, so two changes under way never pass each other.
  auto recorded = co_await journal_.record(*entry);
  if (!recorded) {
    take_back(*live, entry);
    co_return std::move(recorded).error();
  }
  publish(live, entry);
  co_return Result<void>::ok();
}

Result<void> Queries::note(LivePtr live, journal::Event event, Fill fill) {
  const Result<journal::State> state = journal::next(live->head->state, event);
  if (!state) return state.error();
  const EntryPtr entry = advance(*live, *state, fill);
  journal_.note(*entry);
  publish(live, entry);
  return Result<void>::ok();
}

async::Task<Result<void>> Queries::amend(EntryPtr old, Fill fill) {
  for (;;) {
    auto amended = co_await try_amend(old, fill);
    if (amended || amended.error().code != Errc::resource_exhausted) co_return amended;
    report_busy();
    co_await pause();
  }
}

async::Task<Result<void>> Queries::try_amend(EntryPtr old, Fill fill) {
  LivePtr in_memory = live(old->id);
  if (!in_memory) in_memory = std::make_shared<Live>(std::move(old));
  const EntryPtr entry = advance(*in_memory, in_memory->head->state, fill);
  auto recorded = co_await journal_.record(*entry);
  if (!recorded) {
    take_back(*in_memory, entry);
    co_return std::move(recorded).error();
  }
  publish(in_memory, entry);
  co_return Result<void>::ok();
}

async::Task<> Queries::pause() {
  async::Timer timer(loop_.get_executor(), std::chrono::steady_clock::now() + pause_of_refused);
  [[maybe_unused]] auto [error] = co_await timer.async_wait(async::as_outcome);
}

void Queries::report_busy() {
  if (const auto held_back = busy_limit_.pass(std::chrono::steady_clock::now())) {
    telemetry::warn("journal_busy", {{"repeats", *held_back}});
  }
}

void Queries::take_back(Live& live, const EntryPtr& entry) {
  // What was built upon it will be refused as well, for its version.
  if (live.head == entry) live.head = live.entry;
}

void Queries::publish(const LivePtr& live, const EntryPtr& entry) {
  if (entry->version <= live->entry->version) return;
  if (entry->version > live->head->version) live->head = entry;  // What came after it was taken back.
  const bool ends = journal::is_final(entry->state) && !journal::is_final(live->entry->state);
  if (ends) {
    scripts_.erase(entry->id);
    bound_values_ -= query::bound_values(live->entry->submission.statement);
  }
  live->entry = entry;
  for (Watch& watch : live->watches) watch.waiter->wake();
  if (ends) keep_ended(live);
}

void Queries::keep_ended(const LivePtr& live) {
  live->ended_place = ended_.insert(ended_.end(), live->entry->id);
  ended_bytes_ += weight(*live->entry);
  while (!ended_.empty() && (ended_.size() > options_.ended_max || ended_bytes_ > options_.ended_bytes_max)) {
    const auto oldest = table_.find(ended_.front());
    assert(oldest != table_.end() && "an ended query leaves the list and the table together");
    let_go(LivePtr(oldest->second));
  }
}

void Queries::let_go(const LivePtr& ended) {
  ended_bytes_ -= std::min(ended_bytes_, weight(*ended->entry));
  ended_.erase(*std::exchange(ended->ended_place, std::nullopt));
  table_.erase(ended->entry->id);
}

void Queries::forget(const std::vector<QueryId>& ids) {
  for (const QueryId id : ids) {
    if (const LivePtr known = live(id); known && known->ended_place) let_go(known);
  }
}

LivePtr Queries::live(QueryId id) const {
  const auto found = table_.find(id);
  return found == table_.end() ? nullptr : found->second;
}

// Not a coroutine: the frame for looking at the disk is large, and Asio would keep its place for whoever waits next.
async::Task<Result<EntryPtr>> Queries::find(QueryId id) {
  if (const LivePtr in_memory = live(id)) return found(in_memory->entry);
  return find_on_disk(id);
}

async::Task<Result<EntryPtr>> Queries::found(EntryPtr entry) { co_return entry; }

async::Task<Result<EntryPtr>> Queries::find_on_disk(QueryId id) {
  auto found = co_await journal_.find(id);
  if (!found) co_return std::move(found).error();
  if (!*found) co_return Error{Errc::not_found, "there is no query " + id.to_string()};
  co_return EntryPtr(std::make_shared<const journal::Entry>(**std::move(found)));
}

// Not a coroutine: whoever waits has one frame, and not a large one.
async::Task<Result<void>> Queries::wait(const std::vector<Known>& known, Deadline deadline, Hold place) {
  std::vector<LivePtr> watched;
  for (const Known& query : known) {
    LivePtr in_memory = live(query.id);
    if (!in_memory) continue;
    if (in_memory->entry->version != query.version) return waited(Result<void>::ok());
    if (!journal::is_final(in_memory->entry->state)) watched.push_back(std::move(in_memory));
  }
  if (watched.empty() || released_ || deadline <= std::chrono::steady_clock::now()) return waited(Result<void>::ok());
  if (waiters_ >= options_.waiters_max) {
    return waited(Error{Errc::resource_exhausted, "too many clients are waiting"});
  }
  return sleep(std::move(watched), deadline, std::move(place));
}

async::Task<Result<void>> Queries::waited(Result<void> outcome) { co_return outcome; }

async::Task<Result<void>> Queries::sleep(std::vector<LivePtr> watched, Deadline deadline, Hold /*place*/) {
  Waiter waiter(loop_, deadline);
  std::list<Watch> watches;
  for (const LivePtr& query : watched) {
    watches.emplace_back(waiter);
    query->watches.push_back(watches.back());
  }
  everybody_.push_back(waiter);

  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& of) : count(of) { ++count; }
    ~Counted() { --count; }
  };
  const Counted counted(waiters_);
  // However it ends, by time, by news or by cancellation, the caller looks at the queries again.
  [[maybe_unused]] auto [error] = co_await waiter.timer().async_wait(async::as_outcome);
  co_return Result<void>::ok();
}

void Queries::stop_all(StopReason reason) {
  for (const auto& [id, live] : table_) {
    if (!journal::is_final(live->entry->state)) live->stop(reason);
  }
}

void Queries::leave_detached() {
  for (const auto& [id, live] : table_) {
    if (live->detached && !journal::is_final(live->entry->state)) live->stop(StopReason::shutting_down);
  }
}

std::vector<QueryId> Queries::unfinished_by_key(std::string_view prefix) const {
  std::vector<QueryId> ids;
  for (const auto& [id, live] : table_) {
    if (!journal::is_final(live->entry->state) && live->entry->submission.idempotency_key.starts_with(prefix))
      ids.push_back(id);
  }
  return ids;
}

void Queries::release_waiters() {
  released_ = true;
  for (Waiter& waiter : everybody_) waiter.wake();
}

}  // namespace coatcheck::query
