#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace coatcheck::journal {

// How far a query has come. Spelled as the API spells it.
enum class State { queued, running, canceling, succeeded, failed, canceled };

// What can happen to a query.
enum class Event {
  started,           // An attempt begins.
  requeued,          // The server restarted while it ran, and it may run again.
  cancel_requested,  // Somebody wants it stopped.
  succeeded,         // Its result is sealed.
  failed,
  canceled,  // The warehouse has confirmed that it stopped, or it never began.
};

// Returns "QUEUED", "CANCELING", …
std::string_view to_string(State state);
// Also takes PENDING for QUEUED and CANCELLED for CANCELED; exact case.
std::optional<State> parse_state(std::string_view text);

// Whether nothing more can happen.
constexpr bool is_final(State state) {
  return state == State::succeeded || state == State::failed || state == State::canceled;
}

// The state a query moves to, or Errc::conflict naming the event that cannot happen now.
//
//              started  requeued  cancel_requested  succeeded  failed  canceled
//   QUEUED     RUNNING  -         -                 -          FAILED  CANCELED
//   RUNNING    -        QUEUED    CANCELING         SUCCEEDED  FAILED  CANCELED
//   CANCELING  -        -         -                 SUCCEEDED  FAILED  CANCELED
//   the rest   -        -         -                 -          -       -
//
// A queued query has nothing to stop, so canceling it is `canceled` at once. A cancellation that comes
// after the result is sealed loses: the query has succeeded. A second cancel_requested is a conflict that
// the caller may take for done.
//
// Pure: no clock, no I/O. Recovery trusts that stored states came out of this function, so a transition
// allowed here is a promise about what old journals may contain.
Result<State> next(State state, Event event);

}  // namespace coatcheck::journal
