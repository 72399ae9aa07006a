#include "query/shares.hpp"

#include <algorithm>
#include <cassert>

namespace coatcheck::query {

const char* name_of(Limit limit) {
  switch (limit) {
    case Limit::queued: return "queued";
    case Limit::waiting: return "waiting";
    case Limit::claims: return "claims";
    case Limit::stored: return "stored";
  }
  return "";
}

const ShareLimits& Shares::limits_of(std::string_view principal) const {
  const auto found = named_.find(principal);
  return found == named_.end() ? others_ : found->second;
}

bool Shares::limits_storage() const {
  const auto is_limited = [](const ShareLimits& limits) { return limits.stored_max != ShareLimits::none; };
  return is_limited(others_) || std::ranges::any_of(named_, [&](const auto& each) { return is_limited(each.second); });
}

bool Shares::may_run(std::string_view principal) const {
  return taken(principal).running < limits_of(principal).running_max;
}

// Those that could run at once do not count as waiting, so that a queue of none still lets queries run.
bool Shares::may_queue(std::string_view principal, std::size_t free_places) const {
  const ShareLimits& limits = limits_of(principal);
  const Taken now = taken(principal);
  const std::size_t may_still_run = limits.running_max > now.running ? limits.running_max - now.running : 0;
  const std::size_t run_at_once = std::min(may_still_run, free_places);
  if (now.queued < run_at_once) return true;
  return now.queued - run_at_once < limits.queued_max;
}

void Shares::count_running(const std::string& principal, int change) {
  std::size_t& running = taken_[principal].running;
  assert(change > 0 || running > 0);
  running += static_cast<std::size_t>(change);
  forget_if_idle(principal);
}

void Shares::count_queued(const std::string& principal, int change) {
  std::size_t& queued = taken_[principal].queued;
  assert(change > 0 || queued > 0);
  queued += static_cast<std::size_t>(change);
  forget_if_idle(principal);
}

Shares::Taken Shares::taken(std::string_view principal) const {
  const auto found = taken_.find(principal);
  return found == taken_.end() ? Taken{} : found->second;
}

void Shares::forget_if_idle(const std::string& principal) {
  const auto found = taken_.find(principal);
  if (found != taken_.end() && found->second.running == 0 && found->second.queued == 0) taken_.erase(found);
}

}  // namespace coatcheck::query
