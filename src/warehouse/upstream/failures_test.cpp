#include "warehouse/upstream/failures.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::upstream {
namespace {

using Kind = TransportError::Kind;

Failure told(Kind kind) { return unanswered({.kind = kind, .message = "no route"}, "Trino", "page_bytes_max"); }

TEST(UpstreamFailures, says_whether_the_same_request_may_do_better_later) {
  for (const auto kind : {Kind::unreachable, Kind::timeout, Kind::broken}) {
    EXPECT_TRUE(may_pass({.kind = kind}));
    EXPECT_EQ(told(kind).category, FailureCategory::unavailable);
    EXPECT_EQ(told(kind).message, "Trino cannot be reached: no route.");
    EXPECT_TRUE(told(kind).retryable);
  }
  for (const auto kind : {Kind::invalid, Kind::untrusted}) {
    EXPECT_FALSE(may_pass({.kind = kind}));
    EXPECT_EQ(told(kind).category, FailureCategory::unavailable);
    EXPECT_FALSE(told(kind).retryable);
  }
}

TEST(UpstreamFailures, names_the_limit_that_an_answer_broke) {
  EXPECT_EQ(told(Kind::too_large).category, FailureCategory::resources);
  EXPECT_EQ(told(Kind::too_large).message, "An answer of Trino's is larger than page_bytes_max.");
  EXPECT_FALSE(may_pass({.kind = Kind::too_large}));
}

TEST(UpstreamFailures, takes_a_canceled_request_for_nobodys_fault) {
  EXPECT_EQ(told(Kind::canceled).category, FailureCategory::canceled);
}

TEST(UpstreamFailures, names_the_server_whose_answer_makes_no_sense) {
  EXPECT_EQ(not_understood("Trino", "no rows").message, "Trino's answer has no rows.");
  EXPECT_EQ(not_understood("Trino", "no rows").category, FailureCategory::internal);
}

}  // namespace
}  // namespace coatcheck::warehouse::upstream
