#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "journal/journal.hpp"
#include "journal/sqlite/database.hpp"
#include "journal/sqlite/walk.hpp"

namespace coatcheck::journal::sqlite {

// What is read with: one connection that cannot write, and its prepared statements. Blocks; used by one
// thread at a time. The functions are Journal's, see there.
class Reader {
 public:
  static Result<Reader> open(Database database);

  Result<std::optional<Entry>> find(const QueryId& id);
  Result<std::optional<Entry>> find_by_key(std::string_view principal, std::string_view idempotency_key);

  // A part of history(): looks at no more than `visits_max` queries.
  struct Slice {
    HistoryPage page;
    std::optional<QueryId> resume;  // Where the search goes on, if it has not come to its end.
  };
  Result<Slice> history(const HistoryFilter& filter, const std::optional<QueryId>& from, std::size_t limit,
                        std::size_t visits_max);

  Result<void> replay(std::size_t recent, const std::function<void(Result<Entry>)>& visit);
  Result<bool> has_result(const QueryId& id);
  Result<std::vector<Entry>> expired_results(Timestamp now, std::size_t limit);

 private:
  explicit Reader(Database database) : database_(std::move(database)) {}

  Result<Route> route_of(const HistoryFilter& filter, const std::optional<QueryId>& from);
  Result<Slice> search(const HistoryFilter& filter, const std::optional<QueryId>& from, std::size_t limit,
                       std::size_t visits_max);
  Result<void> visit_all(Route route, std::size_t limit, const std::function<void(Result<Entry>)>& visit);
  Result<Entry> load(const QueryId& id);

  Database database_;
  Statement select_entry_;
  Statement find_key_;
  Statement expired_;
  Cursors cursors_;
};

}  // namespace coatcheck::journal::sqlite
