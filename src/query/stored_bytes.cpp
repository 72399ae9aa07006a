#include "query/stored_bytes.hpp"

#include "base/byte_size.hpp"
#include "results/spool.hpp"

namespace coatcheck::query {

void StoredBytes::count(QueryId query, const std::string& principal, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  Item& item = item_of(query, principal);
  item.total->second.bytes += bytes - item.bytes;  // Unsigned: right for less, too.
  item.bytes = bytes;
}

Result<void> StoredBytes::grow(QueryId query, const std::string& principal, std::uint64_t bytes) {
  const std::uint64_t most = shares_->limits_of(principal).stored_max;
  if (bytes > most) {
    return Error{
        Errc::resource_exhausted,
        "the result is larger than all that principal '" + principal + "' may have stored (" + human_bytes(most) + ")",
        results::result_itself};
  }
  const std::lock_guard lock(mutex_);
  Item& item = item_of(query, principal);
  const std::uint64_t others = item.total->second.bytes - item.bytes;
  if (others > most - bytes) return full(principal);
  item.total->second.bytes = others + bytes;
  item.bytes = bytes;
  return Result<void>::ok();
}

void StoredBytes::forget(QueryId query) {
  const std::lock_guard lock(mutex_);
  const auto found = items_.find(query);
  if (found == items_.end()) return;
  const auto total = found->second.total;
  total->second.bytes -= found->second.bytes;
  if (--total->second.results == 0) totals_.erase(total);
  items_.erase(found);
}

std::uint64_t StoredBytes::of(std::string_view principal) const {
  const std::lock_guard lock(mutex_);
  const auto found = totals_.find(principal);
  return found == totals_.end() ? 0 : found->second.bytes;
}

Result<void> StoredBytes::check_room(const std::string& principal) const {
  if (of(principal) >= shares_->limits_of(principal).stored_max) return full(principal);
  return Result<void>::ok();
}

StoredBytes::Item& StoredBytes::item_of(QueryId query, const std::string& principal) {
  const auto found = items_.find(query);
  if (found != items_.end()) return found->second;
  const auto total = totals_.try_emplace(principal).first;
  ++total->second.results;
  return items_.emplace(query, Item{.total = total}).first->second;
}

Error StoredBytes::full(const std::string& principal) const {
  return {Errc::resource_exhausted,
          "principal '" + principal + "' has as many bytes of results stored as it may have (" +
              human_bytes(shares_->limits_of(principal).stored_max) + "): delete some, or let them expire",
          storage_full};
}

}  // namespace coatcheck::query
