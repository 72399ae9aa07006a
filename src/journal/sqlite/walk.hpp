#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/journal.hpp"
#include "journal/sqlite/database.hpp"

namespace coatcheck::journal::sqlite {

// One query seen on the way; the views are good until the next step of the walk.
struct Passed {
  QueryId id;
  Timestamp submitted_at;
  State state;
  std::string_view principal;
  std::string_view warehouse;
  std::string_view query_tag;
};

// The prepared cursors of one connection, kept for the next walk.
using Cursors = std::map<std::pair<std::string, std::size_t>, Statement>;

// Where a walk goes: along by_session if there is a session, else by_principal_tag or by_tag if there is a tag, else
// by_principal, else by_state, else by_id. It sees at least the queries that agree with all that is set; the caller
// looks at what the index does not tell.
struct Route {
  std::string_view principal;
  std::vector<State> states;  // Empty for all.
  std::string_view query_tag;
  std::optional<std::uint64_t> session;
  QueryId lowest;
  QueryId highest;
  bool newest_first = true;
};

// Visits queries in the order of their ids. An index that has the state before the id is walked with one
// cursor for each state, merged: so no route sorts, and each step costs the same however many there are.
class Walk {
 public:
  Walk(Database& database, Cursors& cursors, Route route);
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  ~Walk();

  // The next query, or none at the end.
  Result<std::optional<Passed>> next();

 private:
  Result<void> open();
  Result<void> open_cursor(const std::string& sql, std::size_t slot, std::optional<State> state);
  Result<void> advance(std::size_t at);

  struct Head {
    Statement* cursor;
    Passed passed;
  };

  Database& database_;
  Cursors& cursors_;
  Route route_;
  bool opened_ = false;
  std::vector<Statement*> used_;
  std::vector<Head> heads_;          // One for each cursor that is not at its end.
  std::optional<std::size_t> last_;  // Whose query was given out last, and has to step on.
};

}  // namespace coatcheck::journal::sqlite
