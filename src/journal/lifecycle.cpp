#include "journal/lifecycle.hpp"

#include <array>
#include <string>
#include <utility>

namespace coatcheck::journal {

namespace {

constexpr std::array<std::pair<State, std::string_view>, 6> state_names = {{
    {State::queued, "QUEUED"},
    {State::running, "RUNNING"},
    {State::canceling, "CANCELING"},
    {State::succeeded, "SUCCEEDED"},
    {State::failed, "FAILED"},
    {State::canceled, "CANCELED"},
}};

std::string_view name_of(Event event) {
  switch (event) {
    case Event::started: return "started";
    case Event::requeued: return "requeued";
    case Event::cancel_requested: return "cancel_requested";
    case Event::succeeded: return "succeeded";
    case Event::failed: return "failed";
    case Event::canceled: return "canceled";
  }
  return "unknown";
}

std::optional<State> after_queued(Event event) {
  switch (event) {
    case Event::started: return State::running;
    case Event::failed: return State::failed;
    case Event::canceled: return State::canceled;
    case Event::requeued:
    case Event::cancel_requested:
    case Event::succeeded: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<State> after_running(Event event) {
  switch (event) {
    case Event::requeued: return State::queued;
    case Event::cancel_requested: return State::canceling;
    case Event::succeeded: return State::succeeded;
    case Event::failed: return State::failed;
    case Event::canceled: return State::canceled;
    case Event::started: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<State> after_canceling(Event event) {
  switch (event) {
    case Event::succeeded: return State::succeeded;
    case Event::failed: return State::failed;
    case Event::canceled: return State::canceled;
    case Event::started:
    case Event::requeued:
    case Event::cancel_requested: return std::nullopt;
  }
  return std::nullopt;
}

std::optional<State> after(State state, Event event) {
  switch (state) {
    case State::queued: return after_queued(event);
    case State::running: return after_running(event);
    case State::canceling: return after_canceling(event);
    case State::succeeded:
    case State::failed:
    case State::canceled: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(State state) {
  for (const auto& [known, name] : state_names) {
    if (known == state) return name;
  }
  return "UNKNOWN";
}

std::optional<State> parse_state(std::string_view text) {
  for (const auto& [state, name] : state_names) {
    if (name == text) return state;
  }
  if (text == "PENDING") return State::queued;
  if (text == "CANCELLED") return State::canceled;
  return std::nullopt;
}

Result<State> next(State state, Event event) {
  if (const std::optional<State> reached = after(state, event)) return *reached;
  return Error{Errc::conflict, "a query that is " + std::string(to_string(state)) + " cannot have '" +
                                   std::string(name_of(event)) + "'"};
}

}  // namespace coatcheck::journal
