#include "query/admission.hpp"

#include <algorithm>
#include <cassert>
#include <string_view>
#include <tuple>
#include <utility>

namespace coatcheck::query {

Admission::Room Admission::reserve(const std::string& principal) {
  const std::size_t free_to_run = limits_.running_max > running_ ? limits_.running_max - running_ : 0;
  if (reserved_ + waiting_.size() >= free_to_run + limits_.queued_max) return Room::no_more_here;
  if (!shares_->may_queue(principal, free_to_run)) return Room::no_more_of_the_same;
  ++reserved_;
  shares_->count_queued(principal, 1);
  return Room::yes;
}

void Admission::unreserve(const std::string& principal) {
  assert(reserved_ > 0);
  --reserved_;
  shares_->count_queued(principal, -1);
}

void Admission::enter(std::string principal, int priority, QueryId id, Deadline leave_by) {
  insert(make_place(std::move(principal), priority, id, leave_by));
}

Admission::Place Admission::enter_running(std::string principal, int priority, QueryId id, Deadline leave_by) {
  count_running(principal);
  return make_place(std::move(principal), priority, id, leave_by);
}

Admission::Place Admission::make_place(std::string principal, int priority, QueryId id, Deadline leave_by) {
  return {.principal = std::move(principal),
          .priority = priority,
          .ticket = next_ticket_++,
          .id = id,
          .leave_by = leave_by};
}

void Admission::insert(Place place) {
  Party& party = parties_[place.principal];
  if (party.waiting++ == 0) party.turns = std::max(party.turns, turns_now_);
  shares_->count_queued(place.principal, 1);
  waiting_.insert(std::move(place));
}

std::optional<Admission::Place> Admission::take_next() {
  if (running_ >= limits_.running_max) return std::nullopt;
  const Parties::value_type* next = nullptr;
  for (const auto& party : parties_) {
    if (party.second.waiting == 0 || !shares_->may_run(party.first)) continue;
    if (!next || precedes(party, *next)) next = &party;
  }
  if (!next) return std::nullopt;

  auto first = waiting_.lower_bound(std::tuple(next->first));
  Place place = *first;
  waiting_.erase(first);
  Party& party = parties_[place.principal];
  turns_now_ = party.turns;
  party.turns += 1 / weight_of(place.principal);
  took_out(place.principal);
  count_running(place.principal);
  return place;
}

void Admission::count_running(const std::string& principal) {
  ++running_;
  ++parties_[principal].running;
  shares_->count_running(principal, 1);
}

void Admission::release(const std::string& principal) {
  assert(running_ > 0);
  --running_;
  --parties_[principal].running;
  shares_->count_running(principal, -1);
  forget_if_idle(principal);
}

std::optional<Admission::Place> Admission::remove(QueryId id) {
  const auto found = waiting_.get<1>().find(id);
  if (found == waiting_.get<1>().end()) return std::nullopt;
  Place place = *found;
  waiting_.get<1>().erase(found);
  took_out(place.principal);
  forget_if_idle(place.principal);
  return place;
}

void Admission::put_back(Place place) { insert(std::move(place)); }

void Admission::took_out(const std::string& principal) {
  --parties_[principal].waiting;
  shares_->count_queued(principal, -1);
}

void Admission::forget_if_idle(const std::string& principal) {
  const auto found = parties_.find(principal);
  if (found->second.waiting == 0 && found->second.running == 0) parties_.erase(found);
}

bool Admission::precedes(const Parties::value_type& a, const Parties::value_type& b) const {
  const auto has = [this](const Parties::value_type& party) {
    const double weight = weight_of(party.first);
    return std::tuple(static_cast<double>(party.second.running) / weight, party.second.turns,
                      std::string_view(party.first));
  };
  return has(a) < has(b);
}

std::optional<std::size_t> Admission::position(QueryId id) const {
  const auto found = waiting_.get<1>().find(id);
  if (found == waiting_.get<1>().end()) return std::nullopt;
  const auto here = waiting_.project<0>(found);
  const std::size_t before = waiting_.rank(here) - waiting_.rank(waiting_.lower_bound(std::tuple(found->principal)));
  // While those before it have their turns, each of the others has as many as its weight is worth.
  std::size_t position = before;
  const auto& own = *parties_.find(found->principal);
  const double rounds = static_cast<double>(before) / weight_of(found->principal);
  for (const auto& party : parties_) {
    if (party.second.waiting == 0 || party.first == own.first) continue;
    const auto turns = static_cast<std::size_t>(rounds * weight_of(party.first)) + (precedes(party, own) ? 1 : 0);
    position += std::min(party.second.waiting, turns);
  }
  return position;
}

std::optional<Admission::Waiting> Admission::longest_waiting() const {
  const auto& by_ticket = waiting_.get<2>();
  if (by_ticket.empty()) return std::nullopt;
  return Waiting{by_ticket.begin()->id, by_ticket.begin()->leave_by};
}

}  // namespace coatcheck::query
