#include "warehouse/trino/connector.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>

#include "warehouse/testing/drain.hpp"
#include "warehouse/upstream/testing/scripted_server.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using upstream::ScriptedServer;
using Said = ScriptedServer::Response;

constexpr std::string_view bigint = R"("columns":[{"name":"n","typeSignature":{"rawType":"bigint","arguments":[]}}])";

// A Trino that answers each path as the test says. URIs are those of a server that believes to be called elsewhere.
class ScriptedTrino {
 public:
  // Sets the answers to one method and path, in turn; the last one stays.
  void on(const std::string& what, std::vector<Said> answers) {
    const std::lock_guard lock(mutex_);
    answers_[what] = std::move(answers);
  }
  void on(const std::string& what, Said answer) { on(what, std::vector{std::move(answer)}); }

  // A 200 with these members, and the nextUri of `next` if it is not empty.
  static Said page(const std::string& members, const std::string& next = "") {
    const auto uri = next.empty() ? "" : R"(,"nextUri":"http://elsewhere:1)" + next + "\"";
    return {.headers = {{"Content-Type", "application/json"}},
            .body = R"({"id":"q")" + uri + (members.empty() ? "" : ",") + members + "}"};
  }

  std::vector<std::string> asked() const {
    std::vector<std::string> lines;
    for (const auto& request : server_.requests()) lines.push_back(request.method + " " + request.target);
    return lines;
  }
  const ScriptedServer& server() const { return server_; }

  // Called before each answer.
  std::function<void(const std::string&)> before = [](const std::string&) {};

 private:
  Said answer(const ScriptedServer::Request& request) {
    const auto what = request.method + " " + request.target;
    before(what);
    const std::lock_guard lock(mutex_);
    auto& answers = answers_[what];
    if (answers.empty()) return {.status = request.method == "DELETE" ? 204 : 404};
    auto said = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return said;
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<Said>> answers_;
  ScriptedServer server_{[this](const auto& request) { return answer(request); }};
};

class TrinoConnectorTest : public ::testing::Test {
 protected:
  std::unique_ptr<Connector> open() { return open({}); }
  std::unique_ptr<Connector> open(TrinoOptions options) {
    options.url = trino_.server().url();
    if (options.user.empty()) options.user = "someone";
    auto opened = open_trino(std::move(options), loop_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  Outcome<Drained> drained(TrinoOptions options = {}) {
    auto connector = open(std::move(options));
    return drain(loop_, *connector, {.text = "SELECT n"});
  }
  static std::int64_t rows_of(const Drained& drained) {
    std::int64_t rows = 0;
    for (const auto& batch : drained.batches) rows += batch->num_rows();
    return rows;
  }
  static auto page(const std::string& members, const std::string& next = "") {
    return ScriptedTrino::page(members, next);
  }

  async::Loop loop_;
  ScriptedTrino trino_;
};

TEST_F(TrinoConnectorTest, follows_until_there_is_nothing_to_follow) {
  trino_.on("POST /v1/statement", page("", "/v1/1"));
  trino_.on("GET /v1/1", page("", "/v1/2"));
  trino_.on("GET /v1/2", page(std::string(bigint), "/v1/3"));
  trino_.on("GET /v1/3", page(std::string(bigint) + R"(,"data":[[1],[2]])", "/v1/4"));
  trino_.on("GET /v1/4", page(std::string(bigint) + R"(,"data":[[3]])"));
  auto drained = this->drained();
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(rows_of(*drained), 3);
  EXPECT_EQ(drained->batches.size(), 2U);
  EXPECT_EQ(trino_.asked().size(), 5U);
}

// A proxy may serve it under a path, of which Trino knows if it is told (X-Forwarded-Prefix), else not.
TEST_F(TrinoConnectorTest, follows_below_the_path_of_its_url) {
  trino_.on("POST /trino/v1/statement", page("", "/v1/1"));
  trino_.on("GET /trino/v1/1", page("", "/trino/v1/2"));
  trino_.on("GET /trino/v1/2", page("", "/trinox/v1/3"));
  trino_.on("GET /trino/trinox/v1/3", page(std::string(bigint) + R"(,"data":[[1]])"));
  auto opened = open_trino({.url = trino_.server().url() + "/trino/", .user = "u"}, loop_);
  ASSERT_TRUE(opened) << opened.error().message;
  auto drained = drain(loop_, **opened, {.text = "SELECT n"});
  ASSERT_TRUE(drained) << drained.error().message << "; " << trino_.asked().back();
  EXPECT_EQ(rows_of(*drained), 1);
}

// Nor does it matter whom an answer names, or redirects to.
TEST_F(TrinoConnectorTest, credentials_go_to_the_host_of_its_url_only) {
  ScriptedServer other([](const auto&) { return Said{}; });
  const auto uri = [](const std::string& next) { return Said{.body = R"({"id":"q","nextUri":")" + next + R"("})"}; };
  trino_.on("POST /trino/v1/statement", uri(other.url() + "/v1/1"));
  trino_.on("GET /trino/v1/1", uri(other.url() + "//" + other.url().substr(7) + "/v1/2"));
  trino_.on("GET /trino//" + other.url().substr(7) + "/v1/2",
            uri("http://elsewhere:1@" + other.url().substr(7) + "/v1/3"));
  trino_.on("GET /trino/v1/3", {.status = 307, .headers = {{"Location", other.url() + "/v1/4"}}});
  const auto secret = []() -> Result<std::string> { return std::string("token"); };
  auto opened = open_trino(
      {.url = trino_.server().url() + "/trino", .authentication = TrinoOptions::Authentication::jwt, .secret = secret},
      loop_);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_FALSE(drain(loop_, **opened, {.text = "SELECT n"}));
  opened->reset();  // Waits for what is under way.
  EXPECT_EQ(trino_.asked().back(), "DELETE /trino/v1/3");
  EXPECT_TRUE(other.requests().empty());
}

// It may be sent twice, so it need not have a connection of its own.
TEST_F(TrinoConnectorTest, a_statement_uses_the_connection_that_was_kept) {
  trino_.on("POST /v1/statement", page(R"("columns":[])"));
  auto connector = open();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(drain(loop_, *connector, {.text = "SELECT n"}));
  EXPECT_EQ(trino_.server().requests().at(1).connection, trino_.server().requests().at(0).connection);
}

TEST_F(TrinoConnectorTest, asks_for_a_page_when_it_is_pulled_and_not_before) {
  trino_.on("POST /v1/statement", page(std::string(bigint) + R"(,"data":[[1]])", "/v1/1"));
  trino_.on("GET /v1/1", page(R"("data":[[2]])", "/v1/2"));
  trino_.on("GET /v1/2", page(""));
  auto connector = open();
  auto execution = run_task(loop_, connector->prepare({.query = {}, .statement = {.text = "SELECT n"}}));
  EXPECT_TRUE(trino_.asked().empty());
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor);
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  EXPECT_EQ(trino_.asked().size(), 1U);
  ASSERT_TRUE(run_task(loop_, (*cursor)->next()));
  EXPECT_EQ(trino_.asked().size(), 2U);
}

TEST_F(TrinoConnectorTest, says_who_asks_for_what) {
  trino_.on("POST /v1/statement", page(R"("columns":[])"));
  auto connector = open({.user = "alice",
                         .authentication = TrinoOptions::Authentication::basic,
                         .secret = [] { return Result<std::string>(std::string("open sesame")); },
                         .catalog = "tpch",
                         .schema = "tiny",
                         .client_tags = {"a", "b"},
                         .session_properties = {{"query_max_run_time", "1h"}, {"memory.x", "a=b,c"}}});
  Request request{
      .query = make_query_id({}), .statement = {.text = "SELECT 1;"}, .principal = "bob", .query_tag = "q1,\r\nX: y"};
  request.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto id = request.query.to_string();
  auto execution = run_task(loop_, connector->prepare(std::move(request)));
  ASSERT_TRUE(run_task(loop_, (*execution)->run()));
  const auto sent = trino_.server().requests().at(0);
  EXPECT_EQ(sent.body, "SELECT 1");
  EXPECT_EQ(sent.headers.at("authorization"), "Basic YWxpY2U6b3BlbiBzZXNhbWU=");
  EXPECT_EQ(sent.headers.at("x-trino-user"), "alice");
  EXPECT_EQ(sent.headers.at("x-trino-catalog"), "tpch");
  EXPECT_EQ(sent.headers.at("x-trino-schema"), "tiny");
  EXPECT_EQ(sent.headers.at("x-trino-source"), "coatcheck");
  EXPECT_EQ(sent.headers.at("x-trino-client-tags"), "a,b");
  EXPECT_EQ(sent.headers.at("x-trino-session"), "memory.x=a%3Db%2Cc,query_max_run_time=1h");
  EXPECT_EQ(sent.headers.at("x-trino-trace-token"), id);
  EXPECT_EQ(sent.headers.at("traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  EXPECT_EQ(sent.headers.at("x-trino-time-zone"), "UTC");
  EXPECT_EQ(sent.headers.at("x-trino-client-info"), "query=" + id + " attempt=1 principal=bob tag=q1%2C%0D%0AX%3A%20y");
  EXPECT_NE(sent.headers.at("x-trino-client-capabilities").find("PARAMETRIC_DATETIME"), std::string::npos);
}

TEST_F(TrinoConnectorTest, a_token_that_changes_is_used_at_once) {
  trino_.on("POST /v1/statement", page("", "/v1/1"));
  trino_.on("GET /v1/1", page(R"("columns":[])"));
  int asked = 0;
  auto secret = [&asked]() -> Result<std::string> { return "token" + std::to_string(++asked); };
  ASSERT_TRUE(drained({.authentication = TrinoOptions::Authentication::jwt, .secret = secret}));
  EXPECT_EQ(trino_.server().requests().at(0).headers.at("authorization"), "Bearer token1");
  EXPECT_EQ(trino_.server().requests().at(1).headers.at("authorization"), "Bearer token2");
}

TEST_F(TrinoConnectorTest, a_secret_that_cannot_be_read_is_a_failure_without_it) {
  auto secret = []() -> Result<std::string> { return Error{Errc::io_error, "the file is gone"}; };
  auto failed = drained({.authentication = TrinoOptions::Authentication::jwt, .secret = secret});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().category, FailureCategory::unavailable);
  EXPECT_TRUE(trino_.asked().empty());
}

TEST_F(TrinoConnectorTest, tries_again_what_a_gateway_could_not_pass_on) {
  trino_.on("POST /v1/statement", {Said{.status = 502}, Said{.end = Said::End::nothing}, page("", "/v1/1")});
  trino_.on("GET /v1/1", {Said{.status = 503}, Said{.status = 504}, page(std::string(bigint) + R"(,"data":[[1]])")});
  auto drained = this->drained();
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(rows_of(*drained), 1);
  EXPECT_EQ(trino_.asked().size(), 6U);
}

TEST_F(TrinoConnectorTest, gives_up_when_the_time_for_it_is_over) {
  trino_.on("POST /v1/statement", Said{.status = 503});
  auto failed = drained({.retry_for = 150ms});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().category, FailureCategory::unavailable);
  EXPECT_TRUE(failed.error().retryable);
  EXPECT_NE(failed.error().code, not_begun_code) << "what was behind the 503 may have begun";
  EXPECT_GE(trino_.asked().size(), 2U);
  EXPECT_LE(trino_.asked().size(), 3U);
}

TEST_F(TrinoConnectorTest, other_statuses_end_the_query) {
  const std::tuple<int, FailureCategory, bool> statuses[] = {{400, FailureCategory::unavailable, false},
                                                             {401, FailureCategory::unavailable, false},
                                                             {403, FailureCategory::permission, false},
                                                             {404, FailureCategory::unavailable, true},
                                                             {500, FailureCategory::unavailable, true}};
  for (const auto& [status, category, retryable] : statuses) {
    trino_.on("POST /v1/statement",
              Said{.status = status, .headers = {{"Content-Type", "text/plain"}}, .body = "its words"});
    auto failed = drained();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().category, category) << status;
    EXPECT_EQ(failed.error().retryable, retryable) << status;
  }
}

TEST_F(TrinoConnectorTest, a_warehouse_that_is_down_is_unavailable) {
  auto options = TrinoOptions{.url = "http://127.0.0.1:1", .user = "u", .retry_for = 10ms};
  auto connector = open_trino(options, loop_);
  ASSERT_TRUE(connector);
  auto failed = drain(loop_, **connector, {.text = "SELECT 1"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().category, FailureCategory::unavailable);
  EXPECT_EQ(failed.error().code, not_begun_code);
  EXPECT_TRUE(failed.error().retryable);
}

TEST_F(TrinoConnectorTest, errors_come_with_trinos_words_and_their_place) {
  trino_.on("POST /v1/statement", page("", "/v1/1"));
  trino_.on("GET /v1/1",
            page(R"("error":{"message":"line 1:8: no","errorName":"COLUMN_NOT_FOUND","errorType":"USER_ERROR",
                                "errorLocation":{"lineNumber":1,"columnNumber":8}})"));
  auto failed = drained();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "COLUMN_NOT_FOUND");
  EXPECT_EQ(failed.error().message, "line 1:8: no");
  EXPECT_EQ(failed.error().position, 7U);
  EXPECT_EQ(trino_.asked().size(), 2U);
}

TEST_F(TrinoConnectorTest, writes_yield_their_count) {
  const std::string columns =
      R"("columns":[{"name":"rows","typeSignature":{"rawType":"bigint","arguments":[]}}],"updateType":"INSERT")";
  trino_.on("POST /v1/statement", page("", "/v1/1"));
  trino_.on("GET /v1/1", page(columns, "/v1/2"));
  trino_.on("GET /v1/2", page(columns + R"(,"data":[[7]],"updateCount":7)", "/v1/3"));
  trino_.on("GET /v1/3", page(columns + R"(,"updateCount":7)"));
  auto drained = this->drained();
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->schema->field(0)->name(), "Count");
  ASSERT_EQ(rows_of(*drained), 1);
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*drained->batches.front()->column(0)).Value(0), 7);
}

TEST_F(TrinoConnectorTest, a_cancel_waits_for_trino_to_confirm) {
  std::atomic<bool> confirmed = false;
  trino_.on("POST /v1/statement", page(std::string(bigint) + R"(,"data":[[1]])", "/v1/1"));
  trino_.before = [&](const std::string& what) { confirmed = confirmed || what == "DELETE /v1/1"; };
  auto connector = open();
  auto execution = run_task(loop_, connector->prepare({.query = {}, .statement = {.text = "SELECT n"}}));
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor);
  (*execution)->cancel();
  for (int i = 0; i < 2; ++i) {
    auto batch = run_task(loop_, (*cursor)->next());
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().category, FailureCategory::canceled);
    EXPECT_TRUE(confirmed);
  }
}

TEST_F(TrinoConnectorTest, a_cancel_that_trino_does_not_confirm_is_none) {
  trino_.on("POST /v1/statement", page(std::string(bigint) + R"(,"data":[[1]])", "/v1/1"));
  trino_.on("DELETE /v1/1", Said{.status = 500});
  auto connector = open();
  auto execution = run_task(loop_, connector->prepare({.query = {}, .statement = {.text = "SELECT n"}}));
  auto cursor = run_task(loop_, (*execution)->run());
  (*execution)->cancel();
  auto batch = run_task(loop_, (*cursor)->next());
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().category, FailureCategory::unavailable);
}

TEST_F(TrinoConnectorTest, a_query_that_nobody_wants_anymore_is_ended) {
  trino_.on("POST /v1/statement", page(std::string(bigint), "/v1/1"));
  {
    auto connector = open();
    auto execution = run_task(loop_, connector->prepare({.query = {}, .statement = {.text = "SELECT n"}}));
    ASSERT_TRUE(run_task(loop_, (*execution)->run()));
    execution->reset();
  }
  EXPECT_EQ(trino_.asked().back(), "DELETE /v1/1");
}

TEST_F(TrinoConnectorTest, a_query_that_has_ended_is_not_ended_again) {
  trino_.on("POST /v1/statement", page(std::string(bigint) + R"(,"data":[[1]])"));
  ASSERT_TRUE(drained());
  EXPECT_EQ(trino_.asked(), std::vector<std::string>{"POST /v1/statement"});
}

TEST_F(TrinoConnectorTest, progress_is_what_trino_says) {
  trino_.on("POST /v1/statement", page(R"("stats":{"state":"QUEUED"})", "/v1/1"));
  trino_.on(
      "GET /v1/1",
      page(std::string(bigint) + R"(,"data":[[1]],"stats":{"state":"RUNNING","progressPercentage":25})", "/v1/2"));
  auto connector = open();
  auto execution = run_task(loop_, connector->prepare({.query = {}, .statement = {.text = "SELECT n"}}));
  EXPECT_EQ((*execution)->progress(), std::nullopt);
  ASSERT_TRUE(run_task(loop_, (*execution)->run()));
  EXPECT_EQ((*execution)->progress(), 0.25);
}

TEST_F(TrinoConnectorTest, segments_are_fetched_when_pulled_and_acknowledged_without_credentials) {
  const auto url = trino_.server().url();
  trino_.on("POST /v1/statement", page(std::string(bigint) + R"(,"data":{"encoding":"json+zstd","segments":[
                   {"type":"inline","data":"W1sxXV0=","metadata":{"segmentSize":5}},
                   {"type":"spooled","uri":")" +
                                       url + R"(/s/1","ackUri":")" + url +
                                       R"(/a/1","headers":{"x-key":["k"]},"metadata":{"segmentSize":9}}]})"));
  trino_.on("GET /s/1", Said{.status = 307, .headers = {{"Location", "/stored"}}});
  trino_.on("GET /stored", Said{.body = "[[2],[3]]"});
  auto secret = []() -> Result<std::string> { return std::string("token"); };
  {
    auto connector = open({.authentication = TrinoOptions::Authentication::jwt, .secret = secret});
    auto drained = drain(loop_, *connector, {.text = "SELECT n"});
    ASSERT_TRUE(drained) << drained.error().message;
    EXPECT_EQ(rows_of(*drained), 3);
  }
  EXPECT_EQ(trino_.asked(), (std::vector<std::string>{"POST /v1/statement", "GET /s/1", "GET /stored", "GET /a/1"}));
  for (const std::size_t i : {1U, 2U, 3U}) {
    EXPECT_EQ(trino_.server().requests()[i].headers.at("x-key"), "k");
    EXPECT_FALSE(trino_.server().requests()[i].headers.contains("authorization"));
  }
}

TEST_F(TrinoConnectorTest, encodings_are_asked_for_unless_that_is_switched_off) {
  trino_.on("POST /v1/statement", page(R"("columns":[])"));
  ASSERT_TRUE(drained());
  ASSERT_TRUE(drained({.spooling = false}));
  EXPECT_EQ(trino_.server().requests().at(0).headers.at("x-trino-query-data-encoding"), "json+zstd, json+lz4, json");
  EXPECT_FALSE(trino_.server().requests().at(1).headers.contains("x-trino-query-data-encoding"));
}

TEST_F(TrinoConnectorTest, answers_may_be_compressed_unless_that_is_switched_off) {
  trino_.on("POST /v1/statement", page("", "/v1/1"));
  trino_.on("GET /v1/1", page(R"("columns":[])"));
  ASSERT_TRUE(drained());
  ASSERT_TRUE(drained({.compression = false}));
  const auto requests = trino_.server().requests();
  EXPECT_EQ(requests.at(1).headers.at("accept-encoding"), "gzip, zstd");
  EXPECT_EQ(requests.at(2).headers.at("accept-encoding"), "identity");
  EXPECT_EQ(requests.at(3).headers.at("accept-encoding"), "identity");
}

TEST_F(TrinoConnectorTest, an_answer_beyond_the_limit_is_refused) {
  trino_.on("POST /v1/statement", page(std::string(bigint) + R"(,"data":[)" + std::string(10'000, ' ') + "]"));
  auto failed = drained({.page_bytes_max = 5'000});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().category, FailureCategory::resources);
}

TEST_F(TrinoConnectorTest, nonsense_from_the_server_is_a_failure) {
  for (const std::string body : {"", "[]", "<html>", R"({"nextUri":"nowhere"})", R"({"data":[[1]]})"}) {
    trino_.on("POST /v1/statement", Said{.body = body});
    EXPECT_FALSE(drained()) << body;
  }
}

TEST_F(TrinoConnectorTest, rows_of_parameters_are_refused) {
  auto connector = open();
  auto prepared = run_task(loop_, connector->prepare({.query = {},
                                                      .statement = {.text = "INSERT INTO t VALUES (?)",
                                                                    .parameters = {},
                                                                    .parameter_rows = {1, {{.value = true}}}}}));
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().category, FailureCategory::statement);
}

TEST_F(TrinoConnectorTest, reads_are_not_told_if_that_is_switched_off) {
  auto connector = open({.queries_only_read = false});
  auto execution = run_task(loop_, connector->prepare({.query = {}, .statement = {.text = "SELECT 1"}}));
  EXPECT_EQ((*execution)->kind(), StatementKind::unknown);
}

TEST(OpenTrino, refuses_wrong_options) {
  async::Loop loop;
  auto secret = []() -> Result<std::string> { return std::string("s"); };
  using Authentication = TrinoOptions::Authentication;
  const TrinoOptions wrong[] = {
      {.url = "", .user = "u"},
      {.url = "trino:8080", .user = "u"},
      {.url = "ftp://trino", .user = "u"},
      {.url = "https://", .user = "u"},
      {.url = "https://u:p@trino", .user = "u"},
      {.url = "https://trino?x=y", .user = "u"},
      {.url = "https://trino\r\n", .user = "u"},
      {.url = "https://trino"},
      {.url = "https://trino", .user = "u", .authentication = Authentication::basic},
      {.url = "https://trino", .user = "u:v", .authentication = Authentication::basic, .secret = secret},
      {.url = "http://trino", .user = "u", .authentication = Authentication::basic, .secret = secret},
      {.url = "http://localhost.evil", .user = "u", .authentication = Authentication::jwt, .secret = secret},
      {.url = "https://trino", .user = "u", .client_tags = {"a,b"}},
      {.url = "https://trino", .user = "u", .session_properties = {{"a=b", "c"}}},
      {.url = "https://trino", .user = "u", .decoding_threads = 0},
  };
  for (const auto& options : wrong) {
    auto opened = open_trino(options, loop);
    ASSERT_FALSE(opened) << options.url;
    EXPECT_EQ(opened.error().code, Errc::invalid_argument);
  }
  EXPECT_TRUE(
      open_trino({.url = "https://trino/path/", .authentication = Authentication::jwt, .secret = secret}, loop));
  EXPECT_TRUE(open_trino(
      {.url = "http://localhost:8080", .user = "u", .authentication = Authentication::basic, .secret = secret}, loop));
}

}  // namespace
}  // namespace coatcheck::warehouse
