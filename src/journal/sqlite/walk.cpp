#include "journal/sqlite/walk.hpp"

#include <algorithm>
#include <array>

#include "journal/sqlite/entry_row.hpp"

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::array all_states = {State::queued,    State::running, State::canceling,
                                   State::succeeded, State::failed,  State::canceled};

std::string cursor_sql(const char* index, const char* keys, bool newest_first) {
  return std::string("SELECT id, submitted_at, state, principal, warehouse, query_tag FROM query INDEXED BY ") + index +
         " WHERE " + keys + "id>=?1 AND id<=?2 ORDER BY id" + (newest_first ? " DESC" : "");
}

}  // namespace

Walk::Walk(Database& database, Cursors& cursors, Route route)
    : database_(database), cursors_(cursors), route_(std::move(route)) {}

Walk::~Walk() {
  for (Statement* const cursor : used_) cursor->reset();
}

Result<std::optional<Passed>> Walk::next() {
  if (!opened_) {
    if (auto done = open(); !done) return std::move(done).error();
  }
  if (last_) {
    if (auto done = advance(*std::exchange(last_, std::nullopt)); !done) return std::move(done).error();
  }
  if (heads_.empty()) return std::optional<Passed>();
  const auto earlier = [this](const Head& a, const Head& b) {
    return route_.newest_first ? b.passed.id < a.passed.id : a.passed.id < b.passed.id;
  };
  const auto best = std::min_element(heads_.begin(), heads_.end(), earlier);
  last_ = static_cast<std::size_t>(best - heads_.begin());
  return std::optional<Passed>(best->passed);
}

Result<void> Walk::open() {
  opened_ = true;
  if (route_.session) {
    return open_cursor(cursor_sql("by_session", "session=?6 AND ", route_.newest_first), 0, std::nullopt);
  }
  if (!route_.query_tag.empty()) {
    const std::string sql =
        route_.principal.empty()
            ? cursor_sql("by_tag", "query_tag=?5 AND ", route_.newest_first)
            : cursor_sql("by_principal_tag", "principal=?3 AND query_tag=?5 AND ", route_.newest_first);
    return open_cursor(sql, 0, std::nullopt);
  }
  if (route_.principal.empty() && route_.states.empty()) {
    return open_cursor(cursor_sql("by_id", "", route_.newest_first), 0, std::nullopt);
  }
  const std::string sql = route_.principal.empty()
                              ? cursor_sql("by_state", "state=?4 AND ", route_.newest_first)
                              : cursor_sql("by_principal", "principal=?3 AND state=?4 AND ", route_.newest_first);
  for (const State state : all_states) {
    const bool wanted =
        route_.states.empty() || std::find(route_.states.begin(), route_.states.end(), state) != route_.states.end();
    if (!wanted) continue;
    if (auto done = open_cursor(sql, static_cast<std::size_t>(state), state); !done) return done;
  }
  return Result<void>::ok();
}

Result<void> Walk::open_cursor(const std::string& sql, std::size_t slot, std::optional<State> state) {
  auto known = cursors_.find({sql, slot});
  if (known == cursors_.end()) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return std::move(prepared).error();
    known = cursors_.emplace(std::pair(sql, slot), *std::move(prepared)).first;
  }
  Statement& cursor = known->second;
  used_.push_back(&cursor);
  cursor.bind_blob(1, bytes_of(route_.lowest));
  cursor.bind_blob(2, bytes_of(route_.highest));
  if (route_.session) {
    cursor.bind(6, static_cast<std::int64_t>(*route_.session));
  } else {
    if (!route_.principal.empty()) cursor.bind_text(3, route_.principal);
    if (state) cursor.bind(4, number_of(*state));
    if (!route_.query_tag.empty()) cursor.bind_text(5, route_.query_tag);
  }
  heads_.push_back({&cursor, {}});
  return advance(heads_.size() - 1);
}

Result<void> Walk::advance(std::size_t at) {
  Head& head = heads_[at];
  const auto row = head.cursor->step();
  if (!row) return row.error();
  if (!*row) {
    heads_.erase(heads_.begin() + static_cast<std::ptrdiff_t>(at));
    return Result<void>::ok();
  }
  Columns columns(*head.cursor);
  const auto id = id_from(columns.blob());
  const std::int64_t submitted_at = columns.integer();
  const auto state = state_from(columns.integer());
  if (!id || !state) return Error{Errc::corrupt, "the journal has an entry that cannot be read"};
  head.passed = {.id = *id,
                 .submitted_at = Timestamp(std::chrono::microseconds(submitted_at)),
                 .state = *state,
                 .principal = columns.text(),
                 .warehouse = columns.text(),
                 .query_tag = columns.optional_text()};
  if (columns.bad()) return Error{Errc::corrupt, "the journal's entry " + id->to_string() + " cannot be read"};
  return Result<void>::ok();
}

}  // namespace coatcheck::journal::sqlite
