#include "warehouse/snowflake/protocol.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/statement_body.hpp"
#include "warehouse/snowflake/value.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr std::string_view statements = "/api/v2/statements";
constexpr std::size_t small_body = 64 << 10;  // What is read on the loop.
constexpr std::int64_t retry_after_max_s = 300;

Trouble read_transport(const upstream::TransportError& error) {
  if (error.kind == upstream::TransportError::Kind::canceled) return {interrupted_failure()};
  return {.failure = upstream::unanswered(error, "Snowflake", "partition_bytes_max"),
          .passing = upstream::may_pass(error),
          .never_arrived = error.never_arrived()};
}

bool refuses_token(const upstream::Response& response) {
  if (response.status == 401) return true;
  const bool may_say_so = response.status == 400 || response.status == 403 || response.status == 422;
  return may_say_so && response.body.size() <= small_body && is_token_refused(read_answer(response.body).words.code);
}

}  // namespace

Protocol::Protocol(SnowflakeOptions options)
    : options_(std::move(options)),
      credentials_(options_),
      client_(std::make_unique<upstream::Client>(upstream::ClientOptions{.ca_file = options_.ca_file,
                                                                         .connect_timeout = options_.connect_timeout,
                                                                         .request_timeout = options_.request_timeout,
                                                                         .user_agent = "coatcheck/1.0"})),
      pool_(std::make_unique<async::Pool>(static_cast<std::size_t>(options_.decoding_threads))) {}

void Protocol::stop() {
  client_.reset();
  pool_.reset();
}

async::Task<Exchanged> Protocol::exchange(std::shared_ptr<Protocol> self, upstream::Request request) {
  for (bool renewed = false;; renewed = true) {
    if (self->has_stopped()) co_return Trouble{interrupted_failure()};
    auto credentials = self->credentials_.headers();
    if (!credentials) {
      const auto words = "The credentials of this warehouse cannot be read: " + credentials.error().message + ".";
      co_return Trouble{unavailable(words, false), false, true};
    }
    auto attempt = request;
    attempt.headers.insert(attempt.headers.end(), credentials->begin(), credentials->end());
    auto answer = co_await self->client_->send(std::move(attempt));
    if (!answer) co_return read_transport(answer.error());
    if (renewed || !refuses_token(*answer)) co_return std::move(*answer);
    self->credentials_.refuse(*credentials);
  }
}

upstream::Request Protocol::request(std::string method, std::string_view path, std::string body) const {
  upstream::Request request{.method = std::move(method),
                            .url = fmt::format("{}{}{}", options_.url, statements, path),
                            .headers = {{"Accept", "application/json"}},
                            .body = std::move(body),
                            .response_bytes_max = options_.partition_bytes_max};
  if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  return request;
}

async::Task<Exchanged> Protocol::submit(std::string body, QueryId query, bool again) {
  // Only what says that it is a repetition is one to Snowflake.
  const auto path =
      fmt::format("?async=true&nullable=true&requestId={}{}", query.to_string(), again ? "&retry=true" : "");
  auto post = request("POST", path, std::move(body));
  post.repeatable = again;
  return exchange(shared_from_this(), std::move(post));
}

async::Task<Exchanged> Protocol::status(std::string_view handle) {
  return exchange(shared_from_this(), request("GET", fmt::format("/{}", handle)));
}

async::Task<Exchanged> Protocol::partition(std::string_view handle, std::size_t index) {
  return exchange(shared_from_this(), request("GET", fmt::format("/{}?partition={}", handle, index)));
}

async::Task<Exchanged> Protocol::cancel(std::string_view handle) {
  auto post = request("POST", fmt::format("/{}/cancel", handle));
  post.repeatable = true;
  return exchange(shared_from_this(), std::move(post));
}

async::Task<Exchanged> Protocol::run_own(std::string_view statement) {
  const auto path = fmt::format("?nullable=true&requestId={}", make_query_id(system_clock().now()).to_string());
  auto post = request("POST", path, own_statement_body(options_, statement));
  post.repeatable = true;
  return exchange(shared_from_this(), std::move(post));
}

bool is_passing(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::optional<std::chrono::milliseconds> retry_after(const upstream::Response& response) {
  const auto said = response.header("retry-after");
  const auto seconds = said ? read_integer(*said) : std::nullopt;
  if (!seconds || *seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(*seconds, retry_after_max_s));
}

Failure refusal(const upstream::Response& response) {
  const auto said = read_answer(std::string_view(response.body).substr(0, small_body)).words;
  const auto words = said.message.empty() ? std::string(".") : ": " + said.message;
  Failure failure;
  switch (response.status) {
    case 401:
      failure = unavailable("Snowflake does not accept the credentials of this warehouse (401)" + words, false);
      break;
    case 403:
      failure = unavailable("Snowflake does not allow this (403)" + words, false);
      failure.category = FailureCategory::permission;
      failure.sqlstate = "42501";
      break;
    default:
      failure = unavailable(fmt::format("Snowflake answers with status {}{}", response.status, words),
                            is_passing(response.status));
  }
  failure.code = said.code;
  return failure;
}

}  // namespace coatcheck::warehouse::snowflake
