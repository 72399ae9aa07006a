#pragma once

#include <cstdint>

#include "base/query_id.hpp"
#include "journal/sqlite/database.hpp"

namespace coatcheck::journal::sqlite {

// How far the time in a query's id (its first 48 bits, as UUIDv7 has them) is from its submitted_at, over
// all queries ever stored, in microseconds. It makes a range of submission times a range of ids that
// leaves nothing out, though an id need not be ours and a clock may have been set.
struct Skew {
  std::int64_t least = 0;
  std::int64_t most = 0;

  static Result<Skew> load(Database& database);

  // Widens the range until it holds the query; whether it had to.
  bool widen(const QueryId& id, Timestamp submitted_at);

  // No query submitted at `time` or later has an id below this.
  QueryId lowest_id(Timestamp time) const;
  // No query submitted at `time` or earlier has an id above this.
  QueryId highest_id(Timestamp time) const;
};

}  // namespace coatcheck::journal::sqlite
