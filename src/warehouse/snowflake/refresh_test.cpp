#include "warehouse/snowflake/history.hpp"
#include "warehouse/snowflake/snowflake_test.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <optional>

// The one task that asks about all statements of a connector.
namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using S = ScriptedSnowflake;
using Steady = std::chrono::steady_clock;

constexpr auto history_columns = R"([{"name":"QUERY_ID","type":"text"},{"name":"EXECUTION_STATUS","type":"text"},)"
                                 R"({"name":"ERROR_CODE","type":"fixed"},{"name":"ERROR_MESSAGE","type":"text"}])";

async::Task<> drive(Execution& execution, std::optional<Outcome<std::unique_ptr<Cursor>>>& outcome) {
  outcome = co_await execution.run();
}

class SnowflakeRefreshTest : public SnowflakeTest {
 protected:
  struct Running {
    std::unique_ptr<Execution> execution;
    std::optional<Outcome<std::unique_ptr<Cursor>>> outcome;
  };

  // Begins to run it; the loop does the rest.
  std::unique_ptr<Running> begin(Connector& connector, Request request) {
    auto running = std::make_unique<Running>();
    running->execution = prepared(connector, std::move(request));
    EXPECT_TRUE(run_task(loop_, running->execution->submit()));
    async::asio::co_spawn(loop_.get_executor(), drive(*running->execution, running->outcome),
                          [](const std::exception_ptr&) {});
    return running;
  }
  void run_until(const std::function<bool()>& done) {
    loop_.restart();
    while (!done() && loop_.run_one() > 0) {
    }
  }
  void end(std::vector<std::unique_ptr<Running>>& all) {
    for (auto& running : all) running->execution->leave();
    run_until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->outcome.has_value(); }); });
  }
};

TEST_F(SnowflakeRefreshTest, asks_nothing_when_nothing_runs) {
  snowflake_.on("SUBMIT", S::running("h1"));
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  auto connector = open();
  ASSERT_TRUE(rows_of(*connector, request()));
  EXPECT_EQ(connector->status_requests(), 1U);
  loop_.restart();
  loop_.run();  // Ends: there is no timer either.
  EXPECT_EQ(connector->status_requests(), 1U);
  EXPECT_EQ(snowflake_.asked().size(), 2U);
}

TEST_F(SnowflakeRefreshTest, asks_once_an_interval_about_each) {
  constexpr std::size_t many = 20;
  auto connector = open({.poll_min = 40ms, .poll_max = 40ms});
  std::vector<std::unique_ptr<Running>> all;
  const auto start = Steady::now();
  for (std::size_t i = 0; i < many; ++i) {
    const auto handle = "h" + std::to_string(i);
    snowflake_.on("STATUS " + handle, S::running(handle));
    all.push_back(begin(*connector, found_again(handle)));
  }
  run_until([&] { return Steady::now() > start + 400ms; });
  const auto intervals = (Steady::now() - start) / 40ms + 1;
  for (std::size_t i = 0; i < many; ++i) {
    const auto asked = snowflake_.count("STATUS h" + std::to_string(i));
    EXPECT_LE(asked, intervals);
    EXPECT_GE(asked, 2);
  }
  const auto sent = snowflake_.asked().size();
  EXPECT_GE(connector->status_requests(), sent);
  EXPECT_LE(connector->status_requests(), sent + 8);  // What is under way.
  end(all);
}

TEST_F(SnowflakeRefreshTest, has_a_turn_for_each_when_there_is_too_much_to_ask) {
  constexpr std::size_t many = 60;
  auto connector = open({.poll_min = 11ms, .poll_max = 11ms});
  std::vector<std::unique_ptr<Running>> all;
  for (std::size_t i = 0; i < many; ++i) {
    const auto handle = "h" + std::to_string(i);
    snowflake_.on("STATUS " + handle, S::running(handle));
    all.push_back(begin(*connector, found_again(handle)));
  }
  std::vector<std::ptrdiff_t> before;
  for (std::size_t i = 0; i < many; ++i) before.push_back(snowflake_.count("STATUS h" + std::to_string(i)));
  const auto start = connector->status_requests();
  run_until([&] { return connector->status_requests() >= start + 10 * many; });
  for (std::size_t i = 0; i < many; ++i) {
    EXPECT_GE(snowflake_.count("STATUS h" + std::to_string(i)) - before[i], 7) << i;
  }
  end(all);
}

TEST_F(SnowflakeRefreshTest, asks_more_often_while_somebody_waits) {
  snowflake_.on("STATUS h1", S::running("h1"));
  snowflake_.on("STATUS h2", S::running("h2"));
  auto connector = open({.poll_min = 20ms, .poll_max = 10s});
  std::vector<std::unique_ptr<Running>> all;
  // Old ones by their id, which it would look at every ten seconds.
  for (const std::string handle : {"h1", "h2"}) {
    auto asked = found_again(handle);
    asked.query = {};
    // Somebody comes when the first look is over.
    if (handle == "h2") asked.is_awaited = [this] { return snowflake_.count("STATUS h2") > 0; };
    all.push_back(begin(*connector, std::move(asked)));
  }
  run_until([&] { return snowflake_.count("STATUS h2") >= 5; });
  EXPECT_EQ(snowflake_.count("STATUS h1"), 1);
  end(all);
}

TEST_F(SnowflakeRefreshTest, leaves_snowflake_alone_as_long_as_it_asks_for) {
  auto busy = S::error(429, "390505", "", "Too many requests.");
  busy.headers.emplace_back("Retry-After", "1");
  snowflake_.on("STATUS h1", {busy, S::result(one_number, R"([["1"]])", {1})});
  auto connector = open();
  const auto start = Steady::now();
  ASSERT_TRUE(rows_of(*connector, found_again("h1")));
  EXPECT_GE(Steady::now() - start, 1s);
  EXPECT_EQ(connector->status_requests(), 2U);
}

// What the connector tells of its trouble: messages, and "" for what is over.
class Heard {
 public:
  explicit Heard(Connector& connector) {
    connector.tell_of_trouble(
        [told = told_](const std::optional<Failure>& trouble) { told->push_back(trouble ? trouble->message : ""); });
  }
  const std::vector<std::string>& all() const { return *told_; }
  bool is_over() const { return !told_->empty() && told_->back().empty(); }

 private:
  std::shared_ptr<std::vector<std::string>> told_ = std::make_shared<std::vector<std::string>>();
};

TEST_F(SnowflakeRefreshTest, tells_that_credentials_are_wrong_until_they_are_mended) {
  snowflake_.on("STATUS h1", {S::running("h1"), S::error(401, "390144", "", "JWT token is invalid.")});
  auto connector = open();
  const Heard heard(*connector);
  std::vector<std::unique_ptr<Running>> all;
  all.push_back(begin(*connector, found_again("h1")));
  run_until([&] { return heard.all().size() >= 2; });
  EXPECT_EQ(heard.all().front(),
            "Snowflake does not accept the credentials of this warehouse (401): JWT token is invalid.");
  EXPECT_FALSE(all.front()->outcome);
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  run_until([&] { return all.front()->outcome.has_value(); });
  EXPECT_TRUE(**all.front()->outcome);
  EXPECT_TRUE(heard.is_over());
  EXPECT_EQ(std::ranges::count(heard.all(), ""), 1);
}

TEST_F(SnowflakeRefreshTest, tells_of_what_passes_by_itself_only_when_it_lasts) {
  snowflake_.on("STATUS h1",
                {Said{.status = 503}, Said{.status = 503}, S::error(429, "390505", "", "Too many requests."),
                 S::running("h1"), Said{.status = 503}, S::running("h1"), Said{.status = 503}, Said{.status = 502},
                 Said{.status = 504}, S::result(one_number, R"([["1"]])", {1})});
  auto connector = open();
  const Heard heard(*connector);
  ASSERT_TRUE(rows_of(*connector, found_again("h1")));
  EXPECT_EQ(heard.all(), (std::vector<std::string>{"Snowflake answers with status 504.", ""}));
}

TEST_F(SnowflakeRefreshTest, with_history_tells_that_credentials_are_wrong_too) {
  snowflake_.on("OWN", {S::error(401, "390144", "", "JWT token is invalid."),
                        S::error(401, "390144", "", "JWT token is invalid."),
                        S::result(history_columns, R"([["h1","SUCCESS",null,null]])", {1})});
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  auto connector = open({.status_method = SnowflakeOptions::StatusMethod::history});
  const Heard heard(*connector);
  ASSERT_TRUE(rows_of(*connector, found_again("h1")));
  ASSERT_EQ(heard.all().size(), 2U);
  EXPECT_NE(heard.all().front().find("(401)"), std::string::npos);
}

TEST_F(SnowflakeRefreshTest, tells_that_a_statement_which_may_run_cannot_be_found) {
  const auto wrong = S::error(401, "390144", "", "JWT token is invalid.");
  snowflake_.on("SUBMIT", {wrong, wrong, S::running("h1")});
  snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
  auto connector = open();
  const Heard heard(*connector);
  auto again = request();
  again.may_be_submitted = true;
  ASSERT_TRUE(rows_of(*connector, std::move(again)));
  ASSERT_EQ(heard.all().size(), 2U);
  EXPECT_NE(heard.all().front().find("(401)"), std::string::npos);
  EXPECT_TRUE(heard.is_over());
}

TEST_F(SnowflakeRefreshTest, with_history_asks_for_all_at_once) {
  auto connector = open({.status_method = SnowflakeOptions::StatusMethod::history, .poll_min = 20ms, .poll_max = 40ms});
  constexpr std::size_t many = 10;
  std::string rows;
  for (std::size_t i = 0; i < many; ++i) {
    const auto handle = "h" + std::to_string(i);
    rows += (i == 0 ? "" : ",") + ("[\"" + handle + R"(","RUNNING",null,null])");
    snowflake_.on("STATUS " + handle, S::result(one_number, R"([["1"]])", {1}));
  }
  auto success = "[" + rows + "]";
  for (auto at = success.find("RUNNING"); at != success.npos; at = success.find("RUNNING")) {
    success.replace(at, 7, "SUCCESS");
  }
  snowflake_.on("OWN",
                {S::result(history_columns, "[" + rows + "]", {many}),
                 S::result(history_columns, "[" + rows + "]", {many}), S::result(history_columns, success, {many})});
  std::vector<std::unique_ptr<Running>> all;
  for (std::size_t i = 0; i < many; ++i) all.push_back(begin(*connector, found_again("h" + std::to_string(i))));
  run_until([&] { return std::ranges::all_of(all, [](const auto& each) { return each->outcome.has_value(); }); });
  for (const auto& running : all) EXPECT_TRUE(**&running->outcome);
  for (std::size_t i = 0; i < many; ++i) EXPECT_EQ(snowflake_.count("STATUS h" + std::to_string(i)), 1);
  EXPECT_GE(snowflake_.count("OWN"), 3);
  EXPECT_EQ(connector->status_requests(), static_cast<std::uint64_t>(snowflake_.count("OWN")) + many);
  const auto body = json_of(snowflake_.request("OWN").body);
  EXPECT_NE(body.at("statement").as_string().find("information_schema.query_history("), std::string::npos);
}

TEST_F(SnowflakeRefreshTest, with_history_misses_none_that_it_does_not_show) {
  snowflake_.on("OWN", S::result(history_columns, R"([["other","SUCCESS",null,null]])", {1}));
  snowflake_.on("STATUS h1", {S::running("h1"), S::result(one_number, R"([["1"]])", {1})});
  auto connector = open({.status_method = SnowflakeOptions::StatusMethod::history});
  auto rows = rows_of(*connector, found_again("h1"));
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(snowflake_.count("STATUS h1"), 2);
}

TEST_F(SnowflakeRefreshTest, with_a_history_that_may_not_be_asked_still_finds_the_end) {
  for (const auto& said :
       {S::error(422, "000606", "57P03", "No active warehouse selected"), S::running("x"), Said{.body = "<html>"}}) {
    snowflake_.on("OWN", {Said{.status = 503}, said});
    snowflake_.on("STATUS h1", S::result(one_number, R"([["1"]])", {1}));
    auto connector = open({.status_method = SnowflakeOptions::StatusMethod::history});
    auto rows = rows_of(*connector, found_again("h1"));
    ASSERT_TRUE(rows) << rows.error().message;
  }
}

TEST(SnowflakeHistory, begins_before_the_oldest_but_not_too_long_ago) {
  using snowflake::history_statement;
  const Timestamp now(std::chrono::seconds(1'800'000'000));
  EXPECT_NE(history_statement(now - 1h, now).find("to_timestamp_ltz(1799996100)"), std::string::npos);
  EXPECT_NE(history_statement({}, now).find("to_timestamp_ltz(1799398800)"), std::string::npos);
}

TEST(SnowflakeHistory, knows_what_has_not_ended) {
  const auto states = snowflake::read_history(
      R"({"data":[["a","RUNNING"],["b","SUCCESS"],["c","FAILED_WITH_ERROR"],["d","QUEUED"],["e",null]]})");
  ASSERT_TRUE(states);
  EXPECT_EQ(*states, (std::map<std::string, bool>{{"a", false}, {"b", true}, {"c", true}, {"d", false}, {"e", false}}));
  EXPECT_FALSE(snowflake::read_history(R"({"data":[["a"]]})"));
}

}  // namespace
}  // namespace coatcheck::warehouse
