#include "warehouse/snowflake/partition.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/decoder.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/schedule.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr int decodings_max = 3;  // Of a partition that arrives, but not whole.

// What is wrong with an answer that is no partition.
Failure read_refusal(const upstream::Response& response) {
  if (response.status == 202) return unavailable("Snowflake does not have the result ready.");
  const auto said = read_answer(response.body).words;
  if (response.status == 404 || response.status == 410 || (response.status == 422 && is_gone(said.code))) {
    return gone_failure(said.message);
  }
  if (response.status == 422) return read_error(said, {});
  return refusal(response);
}

// Waits before the next try, longer each time.
class Retries {
 public:
  Retries(const SnowflakeOptions& options, async::Executor executor)
      : slowdown_({options.poll_min, options.poll_max}), timer_(executor), end_(Steady::now() + options.retry_for) {}

  // False if it was the last one.
  async::Task<bool> wait(std::optional<std::chrono::milliseconds> after) {
    slowdown_.trouble(Steady::now(), after);
    if (slowdown_.until() > end_) co_return false;
    timer_.expires_at(slowdown_.until());
    [[maybe_unused]] auto [error] = co_await timer_.async_wait(async::as_outcome);
    co_return true;
  }

 private:
  Slowdown slowdown_;
  async::Timer timer_;
  Steady::time_point end_;
};

}  // namespace

async::Task<Outcome<rows::Batch>> fetch_partition(std::shared_ptr<Protocol> protocol, Partition partition) {
  Retries retries(protocol->options(), co_await async::asio::this_coro::executor);
  for (int decodings = 0;;) {
    auto answer = co_await protocol->partition(partition.handle, partition.index);
    std::optional<std::chrono::milliseconds> after;
    Outcome<rows::Batch> outcome;
    bool may_pass = false;
    if (!answer) {
      may_pass = answer.error().passing;
      outcome = std::move(answer).error().failure;
    } else if (answer->status != 200) {
      may_pass = is_passing(answer->status);
      after = retry_after(*answer);
      outcome = read_refusal(*answer);
    } else {
      auto work = [partition, body = std::move(answer->body)] {
        return decode_rows(*partition.columns, body, partition.rows);
      };
      outcome = co_await protocol->compute(std::move(work));
      may_pass = !outcome && outcome.error().category == FailureCategory::internal && ++decodings < decodings_max;
    }
    if (outcome || !may_pass || protocol->has_stopped()) co_return outcome;
    if (!co_await retries.wait(after)) co_return outcome;
  }
}

}  // namespace coatcheck::warehouse::snowflake
