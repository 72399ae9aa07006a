// A submit: the first line is its Idempotency-Key, the second its Prefer, the rest its body. What is accepted
// keeps to the limits.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "api/native/submit_body.hpp"

namespace {

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

void expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace native = coatcheck::api::native;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  coatcheck::http::Request request;
  request.fields.push_back({"Content-Type", "application/json"});
  if (const auto key = take_line(text); !key.empty()) request.fields.push_back({"Idempotency-Key", std::string(key)});
  request.fields.push_back({"Prefer", std::string(take_line(text))});
  request.body = text;

  const native::Limits limits{.statement_bytes_max = 200, .parameters_max = 8, .query_tag_bytes_max = 16};
  const auto asked = native::read_submit_body(request, limits);
  if (!asked) {
    expect(!asked.error().message.empty());
    return 0;
  }
  const auto& submission = asked->submission;
  const std::string& statement = submission.statement.text;
  expect(!statement.empty() && statement.size() <= limits.statement_bytes_max);
  expect(statement.find('\0') == std::string::npos);
  const auto& parameters = submission.statement.parameters;
  expect(parameters.size() <= limits.parameters_max);
  for (std::size_t i = 0; i != parameters.size(); ++i) {
    expect(parameters[i].name.empty() == parameters[0].name.empty());
    for (std::size_t j = 0; j != i; ++j) expect(parameters[i].name.empty() || parameters[i].name != parameters[j].name);
  }
  expect(asked->wait.count() >= 0 && asked->wait <= limits.wait_max);
  expect(!submission.timeout || submission.timeout->count() > 0);
  expect(submission.result_ttl.count() >= 0);
  expect(submission.query_tag.size() <= limits.query_tag_bytes_max);
  expect(submission.idempotency_key.size() <= limits.idempotency_key_bytes_max);
  expect(submission.fingerprint.size() == 32);
  return 0;
}
