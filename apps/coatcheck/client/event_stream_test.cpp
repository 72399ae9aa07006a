#include "client/event_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace coatcheck::client {
namespace {

using testing::ElementsAre;

struct Fixture {
  std::vector<std::string> seen;
  EventStream stream{[this](const Event& event) {
    seen.push_back(event.id + "|" + event.name + "|" + event.data);
    return Outcome<void>::ok();
  }};
};

TEST(EventStream, gives_each_event_however_the_bytes_are_cut) {
  const std::string text =
      "id: 1\nevent: status\ndata: {\"a\":1}\n\n: still there\n\nid:2\r\ndata: x\r\ndata: y\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Fixture fixture;
    for (std::size_t at = 0; at < text.size(); at += piece)
      ASSERT_TRUE(fixture.stream.feed(std::string_view(text).substr(at, piece)));
    EXPECT_THAT(fixture.seen, ElementsAre("1|status|{\"a\":1}", "2||x\ny"));
  }
}

TEST(EventStream, an_event_that_breaks_off_is_none) {
  Fixture fixture;
  ASSERT_TRUE(fixture.stream.feed("id: 1\ndata: x\n"));
  EXPECT_TRUE(fixture.seen.empty());
}

TEST(EventStream, trouble_of_the_listener_ends_it) {
  EventStream stream([](const Event&) -> Outcome<void> { return Trouble{ExitCode::unavailable, "no"}; });
  const auto fed = stream.feed("data: x\n\n");
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().message, "no");
}

}  // namespace
}  // namespace coatcheck::client
