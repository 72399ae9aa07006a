#include "query/admission.hpp"

#include <cassert>

namespace coatcheck::query {

bool Admission::reserve() {
  const std::size_t free_to_run = limits_.running_max > running_ ? limits_.running_max - running_ : 0;
  if (reserved_ + waiting_.size() >= free_to_run + limits_.queued_max) return false;
  ++reserved_;
  return true;
}

void Admission::unreserve() {
  assert(reserved_ > 0);
  --reserved_;
}

void Admission::enter(QueryId id, Deadline leave_by) {
  waiting_.insert(Place{.ticket = next_ticket_++, .id = id, .leave_by = leave_by});
}

std::optional<Admission::Place> Admission::take_next() {
  if (running_ >= limits_.running_max || waiting_.empty()) return std::nullopt;
  const Place place = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  ++running_;
  return place;
}

void Admission::release() {
  assert(running_ > 0);
  --running_;
}

std::optional<Admission::Place> Admission::remove(QueryId id) {
  const auto found = waiting_.get<1>().find(id);
  if (found == waiting_.get<1>().end()) return std::nullopt;
  const Place place = *found;
  waiting_.get<1>().erase(found);
  return place;
}

void Admission::put_back(Place place) { waiting_.insert(place); }

std::optional<std::size_t> Admission::position(QueryId id) const {
  const auto found = waiting_.get<1>().find(id);
  if (found == waiting_.get<1>().end()) return std::nullopt;
  return waiting_.rank(waiting_.project<0>(found));
}

std::optional<Admission::Waiting> Admission::longest_waiting() const {
  if (waiting_.empty()) return std::nullopt;
  return Waiting{waiting_.begin()->id, waiting_.begin()->leave_by};
}

}  // namespace coatcheck::query
