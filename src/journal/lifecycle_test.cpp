#include "journal/lifecycle.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <utility>

namespace coatcheck::journal {
namespace {

constexpr std::array all_states = {State::queued,    State::running, State::canceling,
                                   State::succeeded, State::failed,  State::canceled};
constexpr std::array all_events = {Event::started,   Event::requeued, Event::cancel_requested,
                                   Event::succeeded, Event::failed,   Event::canceled};

TEST(Lifecycle, allows_exactly_the_transitions_of_the_table) {
  const std::map<std::pair<State, Event>, State> table = {
      {{State::queued, Event::started}, State::running},
      {{State::queued, Event::failed}, State::failed},
      {{State::queued, Event::canceled}, State::canceled},
      {{State::running, Event::requeued}, State::queued},
      {{State::running, Event::cancel_requested}, State::canceling},
      {{State::running, Event::succeeded}, State::succeeded},
      {{State::running, Event::failed}, State::failed},
      {{State::running, Event::canceled}, State::canceled},
      {{State::canceling, Event::succeeded}, State::succeeded},
      {{State::canceling, Event::failed}, State::failed},
      {{State::canceling, Event::canceled}, State::canceled},
  };
  for (const State state : all_states) {
    for (const Event event : all_events) {
      const auto reached = next(state, event);
      const auto expected = table.find({state, event});
      SCOPED_TRACE(std::string(to_string(state)) + " event " + std::to_string(static_cast<int>(event)));
      ASSERT_EQ(static_cast<bool>(reached), expected != table.end());
      if (reached) {
        EXPECT_EQ(*reached, expected->second);
      } else {
        EXPECT_EQ(reached.error().code, Errc::conflict);
      }
    }
  }
}

TEST(Lifecycle, a_conflict_names_the_state_and_the_event) {
  const auto reached = next(State::succeeded, Event::cancel_requested);
  ASSERT_FALSE(reached);
  EXPECT_NE(reached.error().message.find("SUCCEEDED"), std::string::npos);
  EXPECT_NE(reached.error().message.find("cancel_requested"), std::string::npos);
}

TEST(Lifecycle, final_states_are_those_without_a_way_out) {
  for (const State state : all_states) {
    bool way_out = false;
    for (const Event event : all_events) way_out = way_out || static_cast<bool>(next(state, event));
    EXPECT_EQ(is_final(state), !way_out) << to_string(state);
  }
}

TEST(Lifecycle, state_names_read_back) {
  for (const State state : all_states) EXPECT_EQ(parse_state(to_string(state)), state);
  EXPECT_EQ(parse_state("PENDING"), State::queued);
  EXPECT_EQ(parse_state("CANCELLED"), State::canceled);
  EXPECT_EQ(parse_state("queued"), std::nullopt);
  EXPECT_EQ(parse_state(""), std::nullopt);
}

}  // namespace
}  // namespace coatcheck::journal
