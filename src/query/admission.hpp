#pragma once

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ranked_index.hpp>
#include <boost/multi_index_container.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/query_id.hpp"

namespace coatcheck::query {

struct AdmissionLimits {
  std::size_t running_max = 4;
  std::size_t queued_max = 10'000;
  std::chrono::milliseconds queue_timeout = std::chrono::hours(1);
};

// Whose turn it is at one warehouse: how many run, who waits, in which order. First come, first served;
// shares between principals would be decided in take_next().
//
// Pure bookkeeping: no clock, no I/O. A place is reserved while a query is being written down; then it
// waits, then it runs until release().
class Admission {
 public:
  // Where a query stands in the line.
  struct Place {
    std::uint64_t ticket;  // They rise.
    QueryId id;
    Deadline leave_by;
  };

  explicit Admission(AdmissionLimits limits) : limits_(limits) {}

  // Keeps a place for one more query, or says no: the queue is full. Every yes is followed by unreserve(),
  // at once before enter() if the query was accepted.
  bool reserve();
  void unreserve();

  // Puts a query at the end of the line, whatever the limits say; it must have left by `leave_by`.
  void enter(QueryId id, Deadline leave_by);

  // The next query to run and where it stood, if one waits and a place is free; it then counts as running.
  std::optional<Place> take_next();
  // Counts one as running that is no longer to wait, whatever the limits say: it has begun in an earlier process.
  void enter_running() { ++running_; }
  // A running query has ended.
  void release();

  // Takes a waiting query out of the line, and returns its place; nothing if it does not wait here.
  std::optional<Place> remove(QueryId id);
  // Puts it back where it was.
  void put_back(Place place);

  // How many are before it (0: it is next); nothing if it does not wait.
  std::optional<std::size_t> position(QueryId id) const;

  // Who has waited longest, and until when it may.
  struct Waiting {
    QueryId id;
    Deadline leave_by;
  };
  std::optional<Waiting> longest_waiting() const;

  std::size_t running() const { return running_; }
  std::size_t queued() const { return waiting_.size(); }
  const AdmissionLimits& limits() const { return limits_; }

 private:
  using Line = boost::multi_index_container<
      Place, boost::multi_index::indexed_by<
                 // Ranked, so that a position among ten thousand is found without counting.
                 boost::multi_index::ranked_unique<boost::multi_index::member<Place, std::uint64_t, &Place::ticket>>,
                 boost::multi_index::hashed_unique<boost::multi_index::member<Place, QueryId, &Place::id>,
                                                   std::hash<QueryId>>>>;

  AdmissionLimits limits_;
  std::size_t reserved_ = 0;
  std::size_t running_ = 0;
  std::uint64_t next_ticket_ = 0;
  Line waiting_;
};

}  // namespace coatcheck::query
