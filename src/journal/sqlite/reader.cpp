#include "journal/sqlite/reader.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "journal/inspection.hpp"
#include "journal/sqlite/entry_row.hpp"
#include "journal/sqlite/skew.hpp"

namespace coatcheck::journal::sqlite {

namespace {

QueryId highest_of_all() {
  QueryId id;
  id.bytes.fill(0xff);
  return id;
}

// Makes several statements see the journal as of one moment.
class Snapshot {
 public:
  explicit Snapshot(Database& database) : database_(database), begun_(database.execute("BEGIN")) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    if (begun_) static_cast<void>(static_cast<bool>(database_.execute("COMMIT")));
  }

  const Result<void>& begun() const { return begun_; }

 private:
  Database& database_;
  Result<void> begun_;
};

bool matches(const HistoryFilter& filter, const Passed& passed) {
  if (!filter.principal.empty() && filter.principal != passed.principal) return false;
  if (!filter.warehouse.empty() && filter.warehouse != passed.warehouse) return false;
  if (!filter.query_tag.empty() && filter.query_tag != passed.query_tag) return false;
  if (filter.since && passed.submitted_at < *filter.since) return false;
  if (filter.until && passed.submitted_at >= *filter.until) return false;
  return filter.states.empty() ||
         std::find(filter.states.begin(), filter.states.end(), passed.state) != filter.states.end();
}

}  // namespace

Result<Reader> Reader::open(Database database) {
  Reader reader(std::move(database));
  if (auto done = reader.database_.execute("PRAGMA query_only=ON"); !done) return std::move(done).error();
  for (const auto& [statement, sql] :
       {std::pair(&reader.select_entry_, select_entry_sql()),
        std::pair(&reader.find_key_, std::string("SELECT id FROM query WHERE principal=?1 AND idempotency_key=?2")),
        std::pair(&reader.expired_, std::string("SELECT id FROM query INDEXED BY by_expiry WHERE state=3"
                                                " AND result_gone=0 AND expires_at<=?1 ORDER BY expires_at"))}) {
    auto prepared = reader.database_.prepare(sql);
    if (!prepared) return std::move(prepared).error();
    *statement = *std::move(prepared);
  }
  return reader;
}

Result<std::optional<Entry>> Reader::find(const QueryId& id) {
  const InUse use(select_entry_);
  select_entry_.bind_blob(1, bytes_of(id));
  const auto row = select_entry_.step();
  if (!row) return row.error();
  if (!*row) return std::optional<Entry>();
  auto entry = read_entry(select_entry_);
  if (!entry) return std::move(entry).error();
  return std::optional<Entry>(*std::move(entry));
}

Result<std::optional<Entry>> Reader::find_by_key(std::string_view principal, std::string_view idempotency_key) {
  const Snapshot snapshot(database_);
  if (!snapshot.begun()) return snapshot.begun().error();
  const InUse use(find_key_);
  find_key_.bind_text(1, principal);
  find_key_.bind_text(2, idempotency_key);
  const auto known = find_key_.step();
  if (!known) return known.error();
  if (!*known) return std::optional<Entry>();
  const auto id = id_from(Columns(find_key_).blob());
  if (!id) return Error{Errc::corrupt, "the journal has an entry whose id is none"};
  auto entry = load(*id);
  if (!entry) return std::move(entry).error();
  return std::optional<Entry>(*std::move(entry));
}

Result<Reader::Slice> Reader::history(const HistoryFilter& filter, const std::optional<QueryId>& from,
                                      std::size_t limit, std::size_t visits_max) {
  const Snapshot snapshot(database_);
  if (!snapshot.begun()) return snapshot.begun().error();
  return search(filter, from, limit, visits_max);
}

Result<Reader::Slice> Reader::search(const HistoryFilter& filter, const std::optional<QueryId>& from, std::size_t limit,
                                     std::size_t visits_max) {
  auto route = route_of(filter, from);
  if (!route) return std::move(route).error();
  Slice slice;
  Walk walk(database_, cursors_, *std::move(route));
  for (std::size_t visits = 0;; ++visits) {
    const auto passed = walk.next();
    if (!passed) return passed.error();
    if (!*passed) return slice;
    const QueryId id = (*passed)->id;
    if (visits == visits_max) {
      slice.resume = id;
      return slice;
    }
    if (!matches(filter, **passed)) continue;
    if (slice.page.entries.size() == limit) {
      slice.page.next = id;
      return slice;
    }
    auto entry = load(id);
    if (!entry && entry.error().code == Errc::corrupt) continue;
    if (!entry) return std::move(entry).error();
    slice.page.entries.push_back(*std::move(entry));
  }
}

Result<Route> Reader::route_of(const HistoryFilter& filter, const std::optional<QueryId>& from) {
  Route route{.principal = filter.principal,
              .states = filter.states,
              .query_tag = filter.query_tag,
              .session = filter.session,
              .lowest = {},
              .highest = from.value_or(highest_of_all()),
              .newest_first = true};
  if (filter.since || filter.until) {
    const auto skew = Skew::load(database_);
    if (!skew) return skew.error();
    if (filter.since) route.lowest = skew->lowest_id(*filter.since);
    if (filter.until) route.highest = std::min(route.highest, skew->highest_id(*filter.until));
  }
  return route;
}

Result<void> Reader::replay(std::size_t recent, const std::function<void(Result<Entry>)>& visit) {
  const Snapshot snapshot(database_);
  if (!snapshot.begun()) return snapshot.begun();
  Route unfinished{.principal = {},
                   .states = {State::queued, State::running, State::canceling},
                   .query_tag = {},
                   .session = {},
                   .lowest = {},
                   .highest = highest_of_all(),
                   .newest_first = false};
  if (auto done = visit_all(std::move(unfinished), std::numeric_limits<std::size_t>::max(), visit); !done) return done;
  Route ended{.principal = {},
              .states = {State::succeeded, State::failed, State::canceled},
              .query_tag = {},
              .session = {},
              .lowest = {},
              .highest = highest_of_all(),
              .newest_first = true};
  return visit_all(std::move(ended), recent, visit);
}

Result<void> Reader::visit_all(Route route, std::size_t limit, const std::function<void(Result<Entry>)>& visit) {
  Walk walk(database_, cursors_, std::move(route));
  for (std::size_t visited = 0; visited != limit; ++visited) {
    const auto passed = walk.next();
    if (!passed) return passed.error();
    if (!*passed) break;
    auto entry = load((*passed)->id);
    if (!entry && entry.error().code != Errc::corrupt) return std::move(entry).error();
    visit(std::move(entry));
  }
  return Result<void>::ok();
}

Result<bool> Reader::has_result(const QueryId& id) {
  // All of it, for the sake of its checksum: upon a no the result is removed.
  auto found = find(id);
  if (!found) return std::move(found).error();
  return *found && journal::has_result(**found);
}

Result<std::vector<Entry>> Reader::expired_results(Timestamp now, std::size_t limit) {
  const Snapshot snapshot(database_);
  if (!snapshot.begun()) return snapshot.begun().error();
  const InUse use(expired_);
  expired_.bind(1, number_of(now));
  std::vector<Entry> expired;
  while (expired.size() < limit) {
    const auto row = expired_.step();
    if (!row) return row.error();
    if (!*row) break;
    const auto id = id_from(Columns(expired_).blob());
    if (!id) return Error{Errc::corrupt, "the journal has an entry whose id is none"};
    auto entry = load(*id);
    if (!entry && entry.error().code == Errc::corrupt) continue;
    if (!entry) return std::move(entry).error();
    expired.push_back(*std::move(entry));
  }
  return expired;
}

Result<Entry> Reader::load(const QueryId& id) {
  auto found = find(id);
  if (!found) return std::move(found).error();
  if (!*found) return Error{Errc::corrupt, "the journal's index names a query that is not there"};
  return **std::move(found);
}

}  // namespace coatcheck::journal::sqlite
