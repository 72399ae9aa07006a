#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/query_id.hpp"
#include "base/result.hpp"
#include "query/shares.hpp"

namespace coatcheck::query {

// Error::field of a resource_exhausted that lasts until the principal deletes results or they expire: to come again
// soon is of no use.
inline constexpr const char* storage_full = "max_stored";

// How many bytes of results each principal has in the spool. A result counts from its first chunk, while it is being
// written, until it is dropped; its renditions do not.
//
// Safe from any thread. `shares`, for the limits, must outlive it.
class StoredBytes {
 public:
  explicit StoredBytes(const Shares& shares) : shares_(&shares) {}

  // Counts the result as so large, whatever it was before and whatever the limit says.
  void count(QueryId query, const std::string& principal, std::uint64_t bytes);

  // The same within the principal's limit: beyond it resource_exhausted, and it counts as before. Its field is
  // storage_full, or results::result_itself for one that alone is too large.
  Result<void> grow(QueryId query, const std::string& principal, std::uint64_t bytes);

  // The result is gone. One that is not counted is no error.
  void forget(QueryId query);

  std::uint64_t of(std::string_view principal) const;

  // Whether the principal may begin another result: not with as much as it may have, or more.
  Result<void> check_room(const std::string& principal) const;

 private:
  struct Total {
    std::uint64_t bytes = 0;
    std::size_t results = 0;
  };
  using Totals = std::map<std::string, Total, std::less<>>;
  struct Item {
    Totals::iterator total;
    std::uint64_t bytes = 0;
  };
  Item& item_of(QueryId query, const std::string& principal);
  Error full(const std::string& principal) const;

  const Shares* shares_;
  mutable std::mutex mutex_;
  Totals totals_;  // Of those who have results. Guarded by the mutex, as is items_.
  std::unordered_map<QueryId, Item> items_;
};

}  // namespace coatcheck::query
