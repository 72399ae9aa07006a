#pragma once

#include <boost/multi_index/composite_key.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index/ranked_index.hpp>
#include <boost/multi_index_container.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/query_id.hpp"
#include "query/shares.hpp"

namespace coatcheck::query {

struct AdmissionLimits {
  std::size_t running_max = 4;
  std::size_t queued_max = 10'000;
  std::chrono::milliseconds queue_timeout = std::chrono::hours(1);
};

// Whose turn it is at one warehouse: how many run, who waits, in which order.
//
// Principals are served in turn: the next place goes to the one that has least running for its weight, among equals to
// the one that has had fewest turns for its weight since it began to wait. So somebody who floods the queue delays
// others by the end of one query, not by the length of the queue. Of one principal's queries those of higher priority
// go first, among equals whichever came first.
//
// Pure bookkeeping: no clock, no I/O. A place is reserved while a query is being written down; then it
// waits, then it runs until release().
class Admission {
 public:
  // Where a query stands in the line.
  struct Place {
    std::string principal;
    int priority = 0;
    std::uint64_t ticket = 0;  // They rise.
    QueryId id;
    Deadline leave_by;
  };

  // `shares` are those of all warehouses, and must outlive this.
  Admission(AdmissionLimits limits, Shares& shares) : limits_(limits), shares_(&shares) {}

  enum class Room {
    yes,
    no_more_here,         // The warehouse's queue is full.
    no_more_of_the_same,  // The principal has as many as it may have.
  };
  // Keeps a place for one more query of this principal, or says why not. Every yes is followed by unreserve(), at once
  // before enter() if the query was accepted.
  Room reserve(const std::string& principal);
  void unreserve(const std::string& principal);

  // Puts a query into the line, whatever the limits say; it must have left by `leave_by`.
  void enter(std::string principal, int priority, QueryId id, Deadline leave_by);
  // Counts one as running that is no longer to wait, whatever the limits say: it has begun in an earlier process.
  // Returns where it is to stand if it must wait after all.
  Place enter_running(std::string principal, int priority, QueryId id, Deadline leave_by);

  // The next query to run and where it stood, if one waits that may run and a place is free; it then counts as running.
  std::optional<Place> take_next();
  // A running query has ended.
  void release(const std::string& principal);

  // Takes a waiting query out of the line, and returns its place; nothing if it does not wait here.
  std::optional<Place> remove(QueryId id);
  // Puts it back where it was.
  void put_back(Place place);

  // How many would be before it if nobody else came (0: it is next); nothing if it does not wait.
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
  const Shares& shares() const { return *shares_; }

 private:
  using Line = boost::multi_index_container<
      Place,
      boost::multi_index::indexed_by<
          // Ranked, so that a position among ten thousand is found without counting.
          boost::multi_index::ranked_unique<
              boost::multi_index::composite_key<Place,
                                                boost::multi_index::member<Place, std::string, &Place::principal>,
                                                boost::multi_index::member<Place, int, &Place::priority>,
                                                boost::multi_index::member<Place, std::uint64_t, &Place::ticket>>,
              boost::multi_index::composite_key_compare<std::less<>, std::greater<>, std::less<>>>,
          boost::multi_index::hashed_unique<boost::multi_index::member<Place, QueryId, &Place::id>, std::hash<QueryId>>,
          boost::multi_index::ordered_unique<boost::multi_index::member<Place, std::uint64_t, &Place::ticket>>>>;

  // One principal that has something here.
  struct Party {
    std::size_t waiting = 0;
    std::size_t running = 0;
    double turns = 0;  // It has had, each divided by its weight.
  };

  using Parties = std::map<std::string, Party, std::less<>>;

  Place make_place(std::string principal, int priority, QueryId id, Deadline leave_by);
  void insert(Place place);
  void count_running(const std::string& principal);
  void took_out(const std::string& principal);
  void forget_if_idle(const std::string& principal);
  // Whether it is the first one's turn before the second one's.
  bool precedes(const Parties::value_type& a, const Parties::value_type& b) const;
  double weight_of(const std::string& principal) const { return shares_->limits_of(principal).weight; }

  AdmissionLimits limits_;
  Shares* shares_;
  std::size_t reserved_ = 0;
  std::size_t running_ = 0;
  std::uint64_t next_ticket_ = 0;
  double turns_now_ = 0;  // Of the party that had the last turn: who comes anew has missed none.
  Line waiting_;
  Parties parties_;
};

}  // namespace coatcheck::query
