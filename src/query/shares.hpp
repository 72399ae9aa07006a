#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace coatcheck::query {

// Which of a principal's limits somebody has met.
enum class Limit { queued, waiting, claims, stored };
// Its name, as the API and the metrics have it.
const char* name_of(Limit limit);

// What one principal may have of the server, and how much of it compared with others.
struct ShareLimits {
  static constexpr auto none = std::numeric_limits<std::uint64_t>::max();

  std::size_t running_max = none;
  std::size_t queued_max = none;
  std::size_t waiting_max = none;   // Requests that wait for news of queries, and streams of events.
  std::size_t claims_max = none;    // Results that are being sent.
  std::uint64_t stored_max = none;  // Bytes of results that are kept here.
  unsigned weight = 1;  // Of two that wait, one of weight 2 has twice as many turns as one of weight 1. At least 1.
};

// What the principals have under way in all warehouses together, and what each may have.
//
// Pure bookkeeping, shared by the admissions of all warehouses; loop thread only.
class Shares {
 public:
  Shares() = default;
  // `others` holds for those whose name is not among `named`.
  Shares(ShareLimits others, std::map<std::string, ShareLimits, std::less<>> named)
      : others_(others), named_(std::move(named)) {}

  // Safe from any thread: limits never change.
  const ShareLimits& limits_of(std::string_view principal) const;
  // Whether anybody's stored bytes are limited.
  bool limits_storage() const;

  // Whether one more of its queries may run.
  bool may_run(std::string_view principal) const;
  // Whether one more may be accepted where `free_places` are free to run.
  bool may_queue(std::string_view principal, std::size_t free_places) const;

  // Counts up or down.
  void count_running(const std::string& principal, int change);
  void count_queued(const std::string& principal, int change);

  std::size_t running(std::string_view principal) const { return taken(principal).running; }
  std::size_t queued(std::string_view principal) const { return taken(principal).queued; }

 private:
  struct Taken {
    std::size_t running = 0;
    std::size_t queued = 0;
  };
  Taken taken(std::string_view principal) const;
  void forget_if_idle(const std::string& principal);

  ShareLimits others_;
  std::map<std::string, ShareLimits, std::less<>> named_;
  std::map<std::string, Taken, std::less<>> taken_;  // Of those who have anything under way.
};

}  // namespace coatcheck::query
