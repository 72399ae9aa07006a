#include "api/native/submit_body.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace coatcheck::api::native {
namespace {

http::Request post(std::string body, std::vector<http::Field> fields = {}) {
  http::Request request;
  request.verb = http::Verb::post;
  request.fields = std::move(fields);
  request.fields.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  return request;
}

std::string field_at_fault(std::string body, std::vector<http::Field> fields = {}) {
  const auto read = read_submit_body(post(std::move(body), std::move(fields)), Limits{});
  return read ? "(accepted)" : read.error().field;
}

TEST(SubmitBody, reads_everything_that_can_be_asked_for) {
  const auto read = read_submit_body(
      post(R"({"statement":"select ?","warehouse":"w","parameters":[1,"x",null,true,-2.5],
      "wait":"5s","on_wait_timeout":"cancel","timeout":"1m","row_limit":10,"query_tag":"t","result_ttl":"2h",
      "priority":-100})",
           {{"Idempotency-Key", "k"}, {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}),
      Limits{});
  ASSERT_TRUE(read) << read.error().message;
  const journal::Submission& asked = read->submission;
  EXPECT_EQ(asked.statement.text, "select ?");
  ASSERT_EQ(asked.statement.parameters.size(), 5U);
  EXPECT_EQ(std::get<std::int64_t>(asked.statement.parameters[0].value), 1);
  EXPECT_EQ(std::get<double>(asked.statement.parameters[4].value), -2.5);
  EXPECT_EQ(read->wait, std::chrono::seconds(5));
  EXPECT_TRUE(read->cancel_on_wait_timeout);
  EXPECT_EQ(asked.timeout, std::chrono::minutes(1));
  EXPECT_EQ(asked.row_limit, 10U);
  EXPECT_EQ(asked.priority, -100);
  EXPECT_EQ(asked.result_ttl, std::chrono::hours(2));
  EXPECT_EQ(asked.idempotency_key, "k");
  EXPECT_EQ(asked.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
}

TEST(SubmitBody, ignores_a_traceparent_that_is_none) {
  for (const char* wrong : {"", "00-1-2-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-and-more"}) {
    const auto read = read_submit_body(post(R"({"statement":"select 1"})", {{"traceparent", wrong}}), Limits{});
    ASSERT_TRUE(read) << wrong;
    EXPECT_EQ(read->submission.traceparent, "") << wrong;
  }
}

TEST(SubmitBody, names_the_part_that_is_at_fault) {
  EXPECT_EQ(field_at_fault(R"({})"), "statement");
  EXPECT_EQ(field_at_fault(R"({"statement":" ; "})"), "statement");
  EXPECT_EQ(field_at_fault(R"({"statement":7})"), "statement");
  EXPECT_EQ(field_at_fault(R"({"statement":"a\u0000b"})"), "statement");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","sql":"y"})"), "sql");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","statement":"y"})"), "statement");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","wait":"61s"})"), "wait");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","wait":5})"), "wait");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","timeout":"0s"})"), "timeout");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","row_limit":0})"), "row_limit");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","row_limit":1.5})"), "row_limit");
  for (const char* wrong : {"101", "-101", "0.5", "1e0", "\"high\"", "18446744073709551615"}) {
    EXPECT_EQ(field_at_fault(std::string(R"({"statement":"x","priority":)") + wrong + "}"), "priority") << wrong;
  }
  EXPECT_EQ(field_at_fault(R"({"statement":"x","on_wait_timeout":"stop"})"), "on_wait_timeout");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":{"a":1}})"), "parameters");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[1,[2]]})"), "parameters[1]");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[{"name":"a","valeu":1}]})"), "parameters[0].valeu");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[{"name":"a","value":1},{"name":"a","value":2}]})"),
            "parameters[1].name");
  EXPECT_EQ(field_at_fault(R"({"statement":"x"})", {{"Idempotency-Key", ""}}), "Idempotency-Key");
  EXPECT_EQ(field_at_fault(R"({"statement":"x"})", {{"Idempotency-Key", std::string(256, 'k')}}), "Idempotency-Key");
}

TEST(SubmitBody, refuses_a_number_that_json_readers_would_round) {
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[123456789012345678901234567890]})"), "parameters[0]");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[18446744073709551615]})"), "(accepted)");
}

TEST(SubmitBody, refuses_a_number_out_of_range) {
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[1e400]})"), "parameters[0]");
  EXPECT_EQ(field_at_fault(R"({"statement":"x","parameters":[0e603]})"), "parameters[0]");
}

TEST(SubmitBody, cuts_a_preferred_wait_and_lets_the_body_decide) {
  const auto preferred = read_submit_body(post(R"({"statement":"x"})", {{"Prefer", "wait=3600"}}), Limits{});
  ASSERT_TRUE(preferred);
  EXPECT_EQ(preferred->wait, Limits{}.wait_max);
  const auto said = read_submit_body(post(R"({"statement":"x","wait":"0s"})", {{"Prefer", "wait=10"}}), Limits{});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->wait.count(), 0);
}

TEST(SubmitBody, has_the_same_fingerprint_for_the_same_bytes_only) {
  const auto print = [](const char* body) { return read_submit_body(post(body), Limits{})->submission.fingerprint; };
  EXPECT_EQ(print(R"({"statement":"x"})"), print(R"({"statement":"x"})"));
  EXPECT_NE(print(R"({"statement":"x"})"), print(R"({"statement":"y"})"));
}

}  // namespace
}  // namespace coatcheck::api::native
