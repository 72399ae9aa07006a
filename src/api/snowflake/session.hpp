#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "api/snowflake/identity.hpp"
#include "api/snowflake/state.hpp"
#include "api/snowflake/turn.hpp"
#include "base/clock.hpp"
#include "base/query_id.hpp"

namespace coatcheck::api::snowflake {

// One session of a driver. Loop thread. Its state is changed by Sessions::change() alone.
class Session {
 public:
  // `is_new`: it has just been made, so nobody knows a query of it that is not noted here.
  Session(std::uint64_t id, Identity identity, SessionState state, bool is_new, std::size_t queries_max);

  std::uint64_t id() const { return id_; }
  const principals::Principal& principal() const { return identity_.principal; }
  const SessionState& state() const { return state_; }

  // Notes that a query was submitted, or a stored result was asked for as one: the newest of the session.
  void note(QueryId query);

  // Returns the newest query that is noted here, or nothing.
  std::optional<QueryId> newest() const;

 private:
  friend class Sessions;

  // Puts the ids that were noted before this object was made before those that were noted since.
  void fill(const std::vector<QueryId>& earlier);
  // As Sessions::last_query(), of what is noted here.
  std::optional<QueryId> query(std::int64_t index) const;
  // Whether query(index) needs what was noted before this object was made.
  bool needs_filling(std::int64_t index) const;

  std::uint64_t id_;
  Identity identity_;
  SessionState state_;
  Timestamp used_at_{};
  bool closed_ = false;
  Turn turn_;  // Of changes.
  std::deque<QueryId> queries_;
  std::size_t queries_max_;
  bool begins_at_first_;  // Whether queries_ begins with the session's first query.
  bool filled_;           // Whether queries_ has all that was noted before, up to queries_max_.
};

}  // namespace coatcheck::api::snowflake
