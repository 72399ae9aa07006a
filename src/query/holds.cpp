#include "query/holds.hpp"

#include <map>
#include <mutex>
#include <utility>

namespace coatcheck::query {

struct Holds::Counts {
  mutable std::mutex mutex;
  std::map<std::string, std::size_t, std::less<>> held;  // Of those who hold any. Guarded by mutex.
};

struct Holds::Place {
  Place(std::shared_ptr<Counts> of, std::string whose) : counts(std::move(of)), principal(std::move(whose)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    const std::lock_guard lock(counts->mutex);
    const auto found = counts->held.find(principal);
    if (--found->second == 0) counts->held.erase(found);
  }

  std::shared_ptr<Counts> counts;
  std::string principal;
};

Holds::Holds() : counts_(std::make_shared<Counts>()) {}

std::optional<Hold> Holds::take(std::string principal, std::size_t max) {
  {
    const std::lock_guard lock(counts_->mutex);
    const auto found = counts_->held.find(principal);
    const std::size_t held = found == counts_->held.end() ? 0 : found->second;
    if (held >= max) return std::nullopt;
    ++counts_->held[principal];
  }
  return std::make_shared<Place>(counts_, std::move(principal));
}

std::size_t Holds::held(std::string_view principal) const {
  const std::lock_guard lock(counts_->mutex);
  const auto found = counts_->held.find(principal);
  return found == counts_->held.end() ? 0 : found->second;
}

}  // namespace coatcheck::query
