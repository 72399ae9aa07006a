#include "api/snowflake/sessions.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <array>
#include <memory>
#include <span>
#include <string>

#include "api/snowflake/testing/run.hpp"
#include "api/snowflake/testing/test_clock.hpp"
#include "api/snowflake/testing/test_keyring.hpp"
#include "base/testing/fault_files.hpp"
#include "base/testing/memory_files.hpp"

namespace coatcheck::api::snowflake {
namespace {

using coatcheck::testing::Fault;
using coatcheck::testing::FaultFiles;
using coatcheck::testing::MemoryFiles;
using principals::Role;
using testing::run;

using Entered = Result<std::shared_ptr<Session>, SnowflakeError>;

std::string field_of(const std::string& token) { return "Snowflake Token=\"" + token + "\""; }

Sessions::Edit set_database(std::string name) {
  return [name = std::move(name)](SessionState& state) {
    state.database = name;
    return Result<void, SnowflakeError>::ok();
  };
}

class SessionsTest : public ::testing::Test {
 protected:
  SessionsTest() { start(); }

  // As at the start of a server. What was in memory before is gone.
  void start(SessionOptions options = {}, const principals::Keyring* keyring = nullptr) {
    sessions_.reset();
    auto opened = Sessions::open("/data", faults_, clock_, disk_, keyring, queries_of_, options);
    if (!opened) throw std::runtime_error(opened.error().message);
    sessions_ = *std::move(opened);
  }
  void restart() {
    files_.power_cut(MemoryFiles::Unsynced::drop);
    start();
  }

  Tokens login(SessionState initial = {}) {
    auto tokens = run(sessions_->login(ann_, std::move(initial)));
    if (!tokens) throw std::runtime_error(tokens.error().message);
    return *std::move(tokens);
  }
  Entered enter(const std::string& token) { return run(sessions_->enter(field_of(token))); }
  std::shared_ptr<Session> entered(const Tokens& tokens) {
    auto session = enter(tokens.session_token);
    if (!session) throw std::runtime_error(session.error().code);
    return *session;
  }
  Result<void, SnowflakeError> set(const std::shared_ptr<Session>& session, std::string database) {
    return run(sessions_->change(session, set_database(std::move(database))));
  }
  Result<Tokens, SnowflakeError> renew(const Tokens& tokens) {
    return run(sessions_->renew(field_of(tokens.master_token), tokens.session_token));
  }
  template <class T>
  static std::string code_of(const Result<T, SnowflakeError>& result) {
    return result ? "good" : result.error().code;
  }
  std::string code_of_enter(const std::string& token) { return code_of(enter(token)); }
  bool has_file(std::uint64_t id) {
    return static_cast<bool>(files_.open("/data/sessions/" + std::to_string(id) + ".json"));
  }

  MemoryFiles files_;
  FaultFiles faults_{files_};
  testing::TestClock clock_;
  async::Pool disk_{2};
  QueriesOfSession queries_of_;
  Identity ann_{{"ann", Role::user}, "abcdefg2"};
  std::unique_ptr<Sessions> sessions_;
};

TEST_F(SessionsTest, a_login_gives_tokens_that_lead_to_its_session) {
  const Tokens tokens = login({.database = "db", .warehouse = "wh"});
  EXPECT_GT(tokens.session_id, 0U);
  EXPECT_LE(tokens.session_id, session_id_max);
  EXPECT_EQ(tokens.session_token_life, std::chrono::hours(1));
  EXPECT_EQ(tokens.master_token_life, std::chrono::hours(4));
  const auto session = entered(tokens);
  EXPECT_EQ(session->id(), tokens.session_id);
  EXPECT_EQ(session->principal(), ann_.principal);
  EXPECT_EQ(session->state().database, "db");
  EXPECT_EQ(entered(tokens), session);
  EXPECT_NE(login().session_id, tokens.session_id);
}

TEST_F(SessionsTest, the_authorization_field_is_read_as_drivers_write_it) {
  const Tokens tokens = login();
  const auto code = [this](const std::string& field) { return code_of(run(sessions_->enter(field))); };
  EXPECT_EQ(code("Snowflake Token=" + tokens.session_token), "good");
  EXPECT_EQ(code("snowflake token=\"" + tokens.session_token + "\""), "good");
  EXPECT_EQ(code(""), "390101");
  for (const std::string& bad :
       {std::string("Snowflake Token=\"None\""), std::string("Snowflake Token="), std::string("Snowflake Token=\""),
        std::string("Basic YTpi"), "Bearer " + tokens.session_token, tokens.session_token,
        "Snowflake Token=\"" + tokens.session_token, field_of(tokens.master_token), std::string(1 << 20, 'x')}) {
    EXPECT_EQ(code(bad), "390104") << bad.substr(0, 60);
  }
}

TEST_F(SessionsTest, a_session_goes_on_after_a_restart_without_a_file_if_no_statement_changed_it) {
  SessionState initial{.database = "db", .schema = "s", .warehouse = "w", .role = "r", .parameters = {}};
  initial.parameters["QUERY_TAG"] = {ParameterValue::Type::text, "tag"};
  const Tokens tokens = login(initial);
  const std::uint64_t syncs = faults_.syncs();
  restart();
  const auto session = entered(tokens);
  EXPECT_EQ(session->id(), tokens.session_id);
  EXPECT_EQ(session->principal(), ann_.principal);
  EXPECT_EQ(session->state(), initial);
  EXPECT_FALSE(has_file(tokens.session_id));
  EXPECT_LE(faults_.syncs() - syncs, 1U) << "of the log of closed sessions";
}

TEST_F(SessionsTest, what_a_statement_set_is_durable_when_it_answers) {
  const Tokens tokens = login({.database = "old", .warehouse = "w"});
  ASSERT_TRUE(set(entered(tokens), "new"));
  EXPECT_EQ(entered(tokens)->state().database, "new");
  restart();
  EXPECT_EQ(entered(tokens)->state().database, "new");
  EXPECT_EQ(entered(tokens)->state().warehouse, "w");
  ASSERT_TRUE(set(entered(tokens), "newer"));
  restart();
  EXPECT_EQ(entered(tokens)->state().database, "newer");
}

TEST_F(SessionsTest, a_first_state_that_no_token_holds_is_kept_in_a_file) {
  const std::string large(token_initial_bytes_max, 'x');
  const Tokens tokens = login({.database = large});
  EXPECT_TRUE(has_file(tokens.session_id));
  restart();
  EXPECT_EQ(entered(tokens)->state().database, large);
  EXPECT_EQ(code_of(run(sessions_->login(ann_, {.database = std::string(state_bytes_max + 1, 'x')}))), "990002");
}

TEST_F(SessionsTest, a_change_that_changes_nothing_does_not_touch_the_disk) {
  const Tokens tokens = login({.database = "db"});
  ASSERT_TRUE(set(entered(tokens), "db"));
  EXPECT_FALSE(has_file(tokens.session_id));
}

TEST_F(SessionsTest, a_change_that_fails_leaves_the_state_as_it_was) {
  const Tokens tokens = login({.database = "db"});
  const auto session = entered(tokens);
  Sessions::Edit refuse = [](SessionState& state) -> Result<void, SnowflakeError> {
    state.database = "other";
    return SnowflakeError{"000008", "", "no"};
  };
  EXPECT_EQ(code_of(run(sessions_->change(session, refuse))), "000008");
  EXPECT_EQ(code_of(set(session, std::string(state_bytes_max + 1, 'x'))), "990002");
  faults_.fail(1, Fault::io_error);
  EXPECT_EQ(code_of(set(session, "other")), "000603");
  EXPECT_EQ(session->state().database, "db");
  EXPECT_TRUE(set(session, "other")) << "the next one works";
}

async::Task<void> append(Sessions* sessions, std::shared_ptr<Session> session, char letter) {
  Sessions::Edit edit = [letter](SessionState& state) {
    state.database += letter;
    return Result<void, SnowflakeError>::ok();
  };
  auto changed = co_await sessions->change(std::move(session), std::move(edit));
  EXPECT_TRUE(changed);
}

TEST_F(SessionsTest, changes_at_the_same_time_are_all_kept) {
  const Tokens tokens = login();
  async::Loop loop;
  for (char letter = 'a'; letter != 'k'; ++letter) {
    async::asio::co_spawn(loop, append(sessions_.get(), entered(tokens), letter), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  loop.run();
  EXPECT_EQ(entered(tokens)->state().database, "abcdefghij");
  restart();
  EXPECT_EQ(entered(tokens)->state().database, "abcdefghij");
}

TEST_F(SessionsTest, an_expired_token_is_renewed_with_the_master_token) {
  const Tokens tokens = login({.database = "db"});
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(code_of_enter(tokens.session_token), "390112");
  const auto renewed = renew(tokens);
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->session_id, tokens.session_id);
  EXPECT_EQ(entered(*renewed)->state().database, "db");
  EXPECT_EQ(code_of_enter(tokens.session_token), "390112");
}

TEST_F(SessionsTest, a_session_that_is_renewed_in_time_has_no_end) {
  Tokens tokens = login({.database = "db"});
  ASSERT_TRUE(set(entered(tokens), "set"));
  for (int i = 0; i != 10; ++i) {
    clock_.advance(std::chrono::minutes(230));
    run(sessions_->sweep());
    if (i % 3 == 0) restart();
    auto renewed = renew(tokens);
    ASSERT_TRUE(renewed) << renewed.error().message;
    tokens = *std::move(renewed);
    EXPECT_EQ(entered(tokens)->state().database, "set");
  }
}

TEST_F(SessionsTest, a_renewal_needs_a_good_master_token_of_the_same_session) {
  const Tokens tokens = login();
  const Tokens other = login();
  const auto code = [this](const std::string& field, const std::string& old) {
    return code_of(run(sessions_->renew(field, old)));
  };
  EXPECT_EQ(code("", ""), "390113");
  EXPECT_EQ(code(field_of(tokens.session_token), ""), "390115");
  EXPECT_EQ(code("Bearer x", ""), "390115");
  EXPECT_EQ(code(field_of(tokens.master_token), other.session_token), "390115");
  EXPECT_EQ(code(field_of(tokens.master_token), ""), "good");
  EXPECT_EQ(code(field_of(tokens.master_token), tokens.session_token), "good");
  clock_.advance(std::chrono::hours(4));
  EXPECT_EQ(code(field_of(tokens.master_token), tokens.session_token), "390114");
}

TEST_F(SessionsTest, tokens_of_a_closed_session_are_refused_for_as_long_as_they_would_have_been_good) {
  const Tokens tokens = login();
  const Tokens other = login();
  const auto session = entered(tokens);
  ASSERT_TRUE(set(session, "db"));
  ASSERT_TRUE(run(sessions_->close(session)));
  EXPECT_EQ(code_of(set(session, "again")), "390111") << "by a request that had been let in before";
  EXPECT_FALSE(has_file(tokens.session_id));
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(code_of_enter(tokens.session_token), "390111");
    EXPECT_EQ(code_of(renew(tokens)), "390111");
    EXPECT_EQ(code_of_enter(other.session_token), "good");
    restart();
  }
  clock_.advance(std::chrono::minutes(239));
  run(sessions_->sweep());
  EXPECT_EQ(code_of(renew(tokens)), "390111");
  clock_.advance(std::chrono::minutes(1));
  run(sessions_->sweep());
  EXPECT_EQ(code_of(renew(tokens)), "390114");
  EXPECT_FALSE(has_file(tokens.session_id)) << "one that a power cut brought back is removed in the end";
}

TEST_F(SessionsTest, a_close_that_the_disk_refuses_says_so_and_holds_until_the_restart) {
  const Tokens tokens = login();
  faults_.fail(1, Fault::io_error);
  EXPECT_EQ(code_of(run(sessions_->close(entered(tokens)))), "000603");
  EXPECT_EQ(code_of_enter(tokens.session_token), "390111");
}

TEST_F(SessionsTest, a_revoked_key_ends_its_sessions) {
  testing::TestKeyring keyring(clock_);
  const std::string key = *keyring->create("ann", Role::user);
  start({}, &*keyring);
  ann_.credential = keyring->identify(key)->id;
  const Tokens tokens = login();
  EXPECT_EQ(code_of_enter(tokens.session_token), "good");
  ASSERT_TRUE(keyring->revoke(ann_.credential));
  EXPECT_EQ(code_of_enter(tokens.session_token), "390111");
  EXPECT_EQ(code_of(renew(tokens)), "390111");
}

TEST_F(SessionsTest, a_token_from_the_time_without_authentication_is_not_good_with_it) {
  ann_.credential = "";
  const Tokens tokens = login();
  EXPECT_EQ(code_of_enter(tokens.session_token), "good");
  testing::TestKeyring keyring(clock_);
  start({}, &*keyring);
  EXPECT_EQ(code_of_enter(tokens.session_token), "390111");
}

TEST_F(SessionsTest, tokens_of_another_server_are_not_known_here) {
  const Tokens tokens = login();
  ASSERT_TRUE(files_.remove("/data/snowflake.secret"));
  start();
  EXPECT_EQ(code_of_enter(tokens.session_token), "390104");
  EXPECT_EQ(code_of(renew(tokens)), "390115");
}

TEST_F(SessionsTest, a_session_whose_file_is_broken_must_log_in_again) {
  const Tokens tokens = login();
  ASSERT_TRUE(set(entered(tokens), "db"));
  const std::string text = "{";
  files_.put("/data/sessions/" + std::to_string(tokens.session_id) + ".json", std::as_bytes(std::span(text)));
  restart();
  EXPECT_EQ(code_of_enter(tokens.session_token), "390111");
  clock_.advance(std::chrono::hours(1));
  run(sessions_->sweep());
  EXPECT_TRUE(has_file(tokens.session_id));
  clock_.advance(std::chrono::hours(4));
  run(sessions_->sweep());
  EXPECT_FALSE(has_file(tokens.session_id));
}

TEST_F(SessionsTest, files_of_sessions_that_are_over_are_removed) {
  const Tokens first = login();
  ASSERT_TRUE(set(entered(first), "db"));
  clock_.advance(std::chrono::hours(2));
  const Tokens second = login();
  ASSERT_TRUE(set(entered(second), "db"));
  restart();  // The files are only known by their names.
  clock_.advance(std::chrono::hours(2));
  run(sessions_->sweep());
  EXPECT_FALSE(has_file(first.session_id));
  EXPECT_TRUE(has_file(second.session_id));
  clock_.advance(std::chrono::hours(2));
  run(sessions_->sweep());
  EXPECT_FALSE(has_file(second.session_id));
}

TEST_F(SessionsTest, past_the_limit_the_session_used_longest_ago_is_forgotten_and_revived) {
  start({.in_memory_max = 2});
  const Tokens first = login({.database = "1"});
  const auto held = entered(first);
  const Tokens second = login({.database = "2"});
  ASSERT_TRUE(set(entered(second), "two"));
  const Tokens third = login({.database = "3"});
  EXPECT_EQ(sessions_->in_memory(), 2U);
  EXPECT_EQ(entered(first), held) << "one that somebody holds is never there twice";
  EXPECT_EQ(entered(second)->state().database, "two");
  EXPECT_EQ(entered(third)->state().database, "3");
  EXPECT_LE(sessions_->in_memory(), 2U);
}

TEST_F(SessionsTest, idle_sessions_leave_memory) {
  const Tokens tokens = login({.database = "db"});
  const auto held = entered(login());
  clock_.advance(std::chrono::minutes(59));
  run(sessions_->sweep());
  EXPECT_EQ(sessions_->in_memory(), 2U);
  clock_.advance(std::chrono::minutes(1));
  run(sessions_->sweep());
  EXPECT_EQ(sessions_->in_memory(), 1U);
  EXPECT_EQ(entered(*renew(tokens))->state().database, "db");
}

TEST_F(SessionsTest, there_are_only_so_many_files) {
  start({.stored_max = 1});
  const Tokens first = login();
  const Tokens second = login();
  ASSERT_TRUE(set(entered(first), "db"));
  ASSERT_TRUE(set(entered(first), "other"));
  EXPECT_EQ(code_of(set(entered(second), "db")), "990002");
}

QueryId id_of(std::uint8_t number) {
  QueryId id;
  id.bytes.fill(number);
  return id;
}

TEST_F(SessionsTest, the_last_queries_are_known_by_their_distance) {
  const Tokens tokens = login();
  const auto session = entered(tokens);
  const auto last = [&](std::int64_t index) { return *run(sessions_->last_query(session, index)); };
  EXPECT_EQ(last(-1), std::nullopt);
  EXPECT_EQ(session->newest(), std::nullopt);
  for (const std::uint8_t number : std::array<std::uint8_t, 3>{1, 2, 3}) session->note(id_of(number));
  EXPECT_EQ(session->newest(), id_of(3));
  EXPECT_EQ(last(-1), id_of(3));
  EXPECT_EQ(last(-3), id_of(1));
  EXPECT_EQ(last(-4), std::nullopt);
  EXPECT_EQ(last(1), id_of(1));
  EXPECT_EQ(last(3), id_of(3));
  EXPECT_EQ(last(4), std::nullopt);
  EXPECT_EQ(last(0), std::nullopt);
  EXPECT_EQ(last(INT64_MIN), std::nullopt);
  EXPECT_EQ(last(INT64_MAX), std::nullopt);
}

TEST_F(SessionsTest, only_the_newest_queries_are_kept) {
  start({.queries_max = 2});
  const Tokens tokens = login();
  const auto session = entered(tokens);
  for (const std::uint8_t number : std::array<std::uint8_t, 3>{1, 2, 3}) session->note(id_of(number));
  EXPECT_EQ(*run(sessions_->last_query(session, -2)), id_of(2));
  EXPECT_EQ(*run(sessions_->last_query(session, -3)), std::nullopt);
  EXPECT_EQ(*run(sessions_->last_query(session, 1)), std::nullopt) << "no longer known";
}

// What a journal knows: the queries 1, 2 and 3; asked how often.
async::Task<Result<std::vector<QueryId>>> journal(int* asked, std::uint64_t, std::size_t count_max) {
  ++*asked;
  std::vector<QueryId> ids = {id_of(1), id_of(2), id_of(3)};
  if (ids.size() > count_max) ids.erase(ids.begin(), ids.end() - static_cast<std::ptrdiff_t>(count_max));
  co_return ids;
}

TEST_F(SessionsTest, after_a_restart_the_journal_tells_of_the_queries_before) {
  int asked = 0;
  queries_of_ = [&asked](std::uint64_t id, std::size_t count_max) { return journal(&asked, id, count_max); };
  const Tokens tokens = login();
  start();
  const auto session = entered(tokens);
  session->note(id_of(3));  // In the journal too.
  session->note(id_of(4));
  const auto last = [&](std::int64_t index) { return *run(sessions_->last_query(session, index)); };
  EXPECT_EQ(last(-2), id_of(3));
  EXPECT_EQ(asked, 0) << "not asked for what is known";
  EXPECT_EQ(last(-4), id_of(1));
  EXPECT_EQ(last(1), id_of(1));
  EXPECT_EQ(last(4), id_of(4));
  EXPECT_EQ(last(-5), std::nullopt);
  EXPECT_EQ(asked, 1);

  start({.queries_max = 2});
  const auto cut = entered(tokens);
  EXPECT_EQ(*run(sessions_->last_query(cut, -1)), id_of(3));
  EXPECT_EQ(*run(sessions_->last_query(cut, 1)), std::nullopt) << "there may have been more before";
}

async::Task<Result<std::vector<QueryId>>> broken_journal(std::uint64_t, std::size_t) {
  co_return Error{Errc::unavailable, "down"};
}

TEST_F(SessionsTest, a_journal_that_fails_is_asked_again) {
  queries_of_ = broken_journal;
  const Tokens tokens = login();
  start();
  const auto session = entered(tokens);
  EXPECT_EQ(code_of(run(sessions_->last_query(session, -1))), "990005");
  session->note(id_of(1));
  EXPECT_EQ(*run(sessions_->last_query(session, -1)), id_of(1));
  EXPECT_EQ(code_of(run(sessions_->last_query(session, -2))), "990005");
}

}  // namespace
}  // namespace coatcheck::api::snowflake
