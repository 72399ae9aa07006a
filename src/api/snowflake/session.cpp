#include "api/snowflake/session.hpp"

#include <unordered_set>
#include <utility>

namespace coatcheck::api::snowflake {

namespace {

std::uint64_t magnitude(std::int64_t index) {
  const auto bits = static_cast<std::uint64_t>(index);
  return index < 0 ? 0 - bits : bits;
}

}  // namespace

Session::Session(std::uint64_t id, Identity identity, SessionState state, bool is_new, std::size_t queries_max)
    : id_(id),
      identity_(std::move(identity)),
      state_(std::move(state)),
      queries_max_(queries_max),
      begins_at_first_(is_new),
      filled_(is_new) {}

void Session::note(QueryId query) {
  queries_.push_back(query);
  if (queries_.size() > queries_max_) {
    queries_.pop_front();
    begins_at_first_ = false;
  }
}

std::optional<QueryId> Session::newest() const {
  if (queries_.empty()) return std::nullopt;
  return queries_.back();
}

void Session::fill(const std::vector<QueryId>& earlier) {
  // The ones noted since are in the journal too.
  const std::unordered_set<QueryId> since(queries_.begin(), queries_.end());
  std::vector<QueryId> before;
  for (const QueryId& id : earlier) {
    if (!since.contains(id)) before.push_back(id);
  }
  queries_.insert(queries_.begin(), before.begin(), before.end());
  // The journal gives no more than that many; as many may be the end of more.
  begins_at_first_ = earlier.size() < queries_max_ && queries_.size() <= queries_max_;
  while (queries_.size() > queries_max_) queries_.pop_front();
  filled_ = true;
}

bool Session::needs_filling(std::int64_t index) const {
  if (filled_ || index == 0) return false;
  return index > 0 || magnitude(index) > queries_.size();
}

std::optional<QueryId> Session::query(std::int64_t index) const {
  const std::uint64_t distance = magnitude(index);
  if (distance == 0 || distance > queries_.size()) return std::nullopt;
  if (index < 0) return queries_[queries_.size() - distance];
  if (!begins_at_first_) return std::nullopt;
  return queries_[distance - 1];
}

}  // namespace coatcheck::api::snowflake
