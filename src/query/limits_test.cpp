// What one principal may hold of the server at once: waits, claims, stored bytes. The queue's are in fairness_test.cpp.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "query/testing/test_server.hpp"

namespace coatcheck::query {
namespace {

using journal::State;
using testing::admin;
using testing::alice;
using testing::asking;
using testing::at_once;
using testing::bob;
using testing::never;
using testing::TestServer;
using testing::TestSetup;
using warehouse::Script;

class LimitsTest : public ::testing::Test {
 protected:
  static TestSetup alice_limited(ShareLimits limits, std::size_t running_max = 4) {
    TestSetup setup{.limits = {.running_max = running_max}};
    setup.options.named.emplace("alice", limits);
    return setup;
  }

  static Result<Service::Submitted> try_submit(TestServer& server, const principals::Principal& asker,
                                               journal::Submission submission) {
    return server.run(server.service->submit(asker, std::move(submission)));
  }
  static QueryId submit(TestServer& server, const principals::Principal& asker, const std::string& text) {
    auto submitted = try_submit(server, asker, asking(text));
    EXPECT_TRUE(submitted);
    return submitted->snapshot.entry->id;
  }
  static std::uint64_t met(TestServer& server, const char* limit) {
    const auto& counter = server.registry.counter("coatcheck_principal_limits_met_total", "", {{"limit", limit}});
    return static_cast<std::uint64_t>(counter.Value());
  }
  static Errc wait_error(TestServer& server, const principals::Principal& asker, QueryId id, Deadline deadline) {
    const auto version = server.status(id).entry->version;
    auto waited = server.run(server.service->wait(asker, id, version, deadline));
    return waited ? Errc::no_outcome : waited.error().code;
  }

  testing::TestDirectory directory_;
};

// --- waiting ------------------------------------------------------------------------------------

TEST_F(LimitsTest, as_many_wait_as_a_principal_may_have_waiting_and_others_are_not_kept) {
  TestServer server(directory_, alice_limited({.waiting_max = 2}));
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  const std::uint64_t known = server.status(id).entry->version;
  auto one = server.begin(server.service->wait(alice, id, known, never()));
  auto many = server.begin(server.service->wait_for_any(alice, {{id, known}}, never()));
  server.until([&] { return server.service->waiters() == 2; });

  const auto refused = server.run(server.service->wait(alice, id, known, never()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_EQ(refused.error().message, "principal 'alice' has as many requests waiting for news as it may have (2)");
  EXPECT_EQ(server.run(server.service->wait_for_any(alice, {{id, known}}, never())).error().code,
            Errc::resource_exhausted);
  EXPECT_EQ(server.run(server.service->wait_until_ended(alice, id, never())).error().code, Errc::resource_exhausted);
  EXPECT_FALSE(server.service->hold_wait(alice));
  EXPECT_EQ(met(server, "waiting"), 4U);
  EXPECT_TRUE(server.service->hold_wait(bob));
  EXPECT_EQ(wait_error(server, alice, id, at_once()), Errc::no_outcome) << "who is answered at once does not wait";
  auto own = server.begin(server.service->wait(alice, id, known, never(), Service::Counted::no));
  server.until([&] { return server.service->waiters() == 3; });

  server.release("q");
  EXPECT_TRUE(one.get());
  EXPECT_TRUE(many.get());
  EXPECT_TRUE(own.get());
  EXPECT_EQ(server.service->quota("alice", Limit::waiting)->left, 2U);
}

TEST_F(LimitsTest, a_client_that_leaves_waits_no_longer) {
  TestServer server(directory_, alice_limited({.waiting_max = 1}));
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  const QueryId id = server.submit("q");
  server.stalled("q");
  auto waits = server.begin(server.service->wait(alice, id, server.status(id).entry->version, never()));
  server.until([&] { return server.service->waiters() == 1; });
  EXPECT_FALSE(server.service->hold_wait(alice));
  waits.cancel();
  EXPECT_ANY_THROW(static_cast<void>(waits.get()));
  auto stream = server.service->hold_wait(alice);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(server.service->hold_wait(alice));
  stream = Error{};
  EXPECT_TRUE(server.service->hold_wait(alice));
  server.release("q");
}

// --- claims -------------------------------------------------------------------------------------

TEST_F(LimitsTest, a_result_counts_as_being_sent_until_its_reader_is_let_go) {
  TestServer server(directory_, alice_limited({.claims_max = 1}));
  server.script("q", {});
  server.start();
  const QueryId id = server.submit("q");
  server.ended(id);
  auto sent = server.run(server.service->claim(alice, id));
  ASSERT_TRUE(sent && sent->reader);
  auto rows = (*sent->reader)->rows(0, 10);

  const auto refused = server.run(server.service->claim(alice, id));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_EQ(refused.error().message, "principal 'alice' has as many results being sent as it may have (1)");
  EXPECT_EQ(met(server, "claims"), 1U);
  EXPECT_TRUE(server.run(server.service->claim(admin, id))) << "who asks, not whose it is";
  EXPECT_TRUE(server.run(server.service->claim(alice, id, Service::Counted::no)));
  const principals::Principal nobody{.name = "", .role = principals::Role::admin};
  EXPECT_EQ(server.run(server.service->claim(nobody, id)).error().code, Errc::resource_exhausted)
      << "a signed address is its owner's";
  EXPECT_EQ(server.service->quota("alice", Limit::claims)->left, 0U);

  sent = Error{};
  rows.reset();
  EXPECT_TRUE(server.run(server.service->claim(alice, id)));
}

TEST_F(LimitsTest, a_limit_tells_nobody_of_what_is_not_theirs_and_keeps_nobody_from_what_has_no_rows) {
  TestServer server(directory_, alice_limited({.claims_max = 0}));
  server.script("q", {});
  server.start();
  const QueryId bobs = submit(server, bob, "q");
  const QueryId failed = submit(server, alice, "no such statement");
  server.until([&] { return server.service->waiters() == 0; });
  server.ended(failed);
  EXPECT_EQ(server.run(server.service->claim(alice, bobs)).error().code, Errc::not_found);
  const auto claim = server.run(server.service->claim(alice, failed));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->reader.error().code, Errc::conflict);
}

// --- stored bytes -------------------------------------------------------------------------------

TEST_F(LimitsTest, who_has_as_much_stored_as_it_may_can_submit_again_when_something_is_gone) {
  TestSetup setup = alice_limited({.stored_max = 1});
  setup.options.housekeeping_interval = std::chrono::milliseconds(1);
  TestServer server(directory_, setup);
  server.script("w", {.kind = StatementKind::write});
  server.start();
  journal::Submission keyed = asking("w");
  keyed.idempotency_key = "k";
  const QueryId id = server.submit(keyed);
  EXPECT_EQ(server.ended(id).entry->state, State::succeeded) << "what has taken effect does not fail for its result";

  const auto refused = try_submit(server, alice, asking("w"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::resource_exhausted);
  EXPECT_STREQ(refused.error().field.c_str(), storage_full);
  EXPECT_EQ(met(server, "stored"), 1U);
  EXPECT_TRUE(try_submit(server, alice, keyed)->replayed) << "who comes again for an answer stores nothing";
  EXPECT_TRUE(try_submit(server, bob, asking("w")));
  journal::Submission script = asking("w");
  script.form = journal::Form::script;
  EXPECT_TRUE(try_submit(server, alice, script)) << "the server's own work";
  server.until([&] { return server.service->waiters() == 0; });

  ASSERT_TRUE(server.run(server.service->remove(alice, id)));
  auto page = server.run(server.service->history(alice, {}, {}, 10));
  for (const Snapshot& each : page->snapshots) {
    server.ended(each.entry->id);
    ASSERT_TRUE(server.run(server.service->remove(alice, each.entry->id)));
  }
  EXPECT_EQ(server.service->quota("alice", Limit::stored)->left, 1U);
  journal::Submission brief = asking("w");
  brief.result_ttl = std::chrono::minutes(1);
  const QueryId expires = server.submit(brief);
  server.ended(expires);
  EXPECT_FALSE(try_submit(server, alice, asking("w")));
  server.clock.advance(std::chrono::minutes(1));
  server.until([&] { return server.status(expires).entry->result_gone != journal::ResultGone::no; });
  server.until([&] { return server.service->quota("alice", Limit::stored)->left == 1; });
  EXPECT_TRUE(try_submit(server, alice, asking("w")));
}

TEST_F(LimitsTest, a_read_that_becomes_more_than_its_principal_may_have_stored_fails_and_leaves_nothing) {
  TestServer server(directory_, alice_limited({.stored_max = 1'000'000}));
  server.script("small", {.rows = 150'000});
  server.script("as much again", {.rows = 150'000});
  server.script("large", {.rows = 1'000'000});
  server.start();
  const QueryId small = server.submit("small");
  EXPECT_EQ(server.ended(small).entry->state, State::succeeded);
  const std::uint64_t left = server.service->quota("alice", Limit::stored)->left;
  EXPECT_EQ(left, 1'000'000 - server.status(small).entry->result->bytes);

  const Snapshot again = server.ended(server.submit("as much again"));
  ASSERT_EQ(again.entry->state, State::failed);
  EXPECT_EQ(again.entry->failure->category, FailureCategory::resources);
  EXPECT_EQ(again.entry->failure->code, "RESULT_LIMIT");
  EXPECT_NE(again.entry->failure->message.find("principal 'alice' has as many bytes"), std::string::npos);
  EXPECT_TRUE(again.entry->failure->retryable);
  EXPECT_EQ(server.files(), 1U);
  EXPECT_EQ(server.service->quota("alice", Limit::stored)->left, left);
  const QueryId bobs = submit(server, bob, "large");
  EXPECT_EQ(server.ended(bobs).entry->state, State::succeeded);
}

TEST_F(LimitsTest, what_waits_when_the_storage_is_full_fails_at_its_turn_before_the_warehouse_sees_it) {
  TestServer server(directory_, alice_limited({.stored_max = 1}, 1));
  server.script("busy", {.kind = StatementKind::write, .stall = Script::Stall::in_run});
  server.script("w", {.kind = StatementKind::write});
  server.start();
  server.submit("busy");
  const QueryId waits = server.submit("w");
  server.stalled("busy");
  server.release("busy");
  const Snapshot ended = server.ended(waits);
  ASSERT_EQ(ended.entry->state, State::failed);
  EXPECT_EQ(ended.entry->failure->code, "RESULT_LIMIT");
  EXPECT_EQ(server.main.runs("w"), 0U);
}

TEST_F(LimitsTest, after_a_restart_what_is_stored_counts_also_when_it_is_not_in_memory) {
  TestSetup setup = alice_limited({.stored_max = 100'000});
  setup.options.queries.ended_max = 1;
  std::uint64_t left = 0;
  {
    TestServer first(directory_, setup);
    first.script("q", {});
    first.start();
    for (int i = 0; i != 3; ++i) first.ended(first.submit("q"));
    left = first.service->quota("alice", Limit::stored)->left;
    first.stop(at_once());
  }
  TestServer second(directory_, setup);
  second.start();
  EXPECT_LT(left, 100'000U);
  EXPECT_EQ(second.service->quota("alice", Limit::stored)->left, left);
}

TEST_F(LimitsTest, a_quota_is_told_of_what_is_limited_alone) {
  TestServer server(directory_, alice_limited({.queued_max = 3}, 1));
  server.script("q", {.stall = Script::Stall::in_run});
  server.start();
  server.submit("q");
  server.stalled("q");
  server.submit("q");
  const auto quota = server.service->quota("alice", Limit::queued);
  ASSERT_TRUE(quota);
  EXPECT_EQ(quota->max, 3U);
  EXPECT_EQ(quota->left, 2U);
  for (const Limit limit : {Limit::waiting, Limit::claims, Limit::stored})
    EXPECT_FALSE(server.service->quota("alice", limit)) << name_of(limit);
  EXPECT_FALSE(server.service->quota("bob", Limit::queued));
  server.release("q");
}

}  // namespace
}  // namespace coatcheck::query
