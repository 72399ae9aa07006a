#include "warehouse/snowflake/execution.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/cursor.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/statement_body.hpp"
#include "warehouse/snowflake/submission.hpp"
#include "warehouse/snowflake/units.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

using namespace std::chrono_literals;

// The code of a statement that went well.
constexpr const char* succeeded_code = "090001";

// When a cancel that Snowflake has taken is sent again, if the statement still runs.
constexpr auto cancel_again_after = 5s;

// When the query was submitted to us: its id says so (UUIDv7, RFC 9562).
Timestamp submission_time(const QueryId& query) {
  std::int64_t milliseconds = 0;
  for (std::size_t i = 0; i < 6; ++i) milliseconds = milliseconds << 8 | query.bytes[i];
  return Timestamp(std::chrono::milliseconds(milliseconds));
}

}  // namespace

SnowflakeExecution::SnowflakeExecution(std::shared_ptr<Protocol> protocol, std::shared_ptr<Refresher> refresher,
                                       async::Executor executor, std::shared_ptr<Standing> standing, Request request,
                                       std::string bindings)
    : protocol_(std::move(protocol)),
      refresher_(std::move(refresher)),
      standing_(std::move(standing)),
      control_(std::make_shared<Control>(executor)),
      request_(std::move(request)),
      bindings_(std::move(bindings)),
      handle_(request_.handle) {}

SnowflakeExecution::~SnowflakeExecution() { refresher_->unwatch(watch_); }

// Sent until Snowflake has said yes or no. The first time as something new, then as a repetition: whichever of them
// arrives first is the one that runs.
async::Task<Outcome<std::string>> SnowflakeExecution::submit() {
  if (!handle_.empty()) co_return handle_;
  const auto& options = protocol_->options();
  const auto body = statement_body(options, request_, bindings_);
  const auto give_up = Steady::now() + options.retry_for;
  Slowdown slowdown({options.poll_min, options.poll_max});
  bool uncertain = request_.may_be_submitted;
  bool again = uncertain;
  while (true) {
    if (control_->has_left()) co_return interrupted_failure();
    if (control_->is_canceled() && !uncertain) co_return canceled_failure();
    auto task = protocol_->submit(body, request_.query, again);
    auto exchanged = co_await unless_left(control_, std::move(task));
    if (!exchanged) co_return interrupted_failure();
    auto judged = judge_submission(*exchanged, request_.statement.text);
    again = true;
    uncertain = uncertain || judged.uncertain;
    if (judged.next == Submission::Next::taken) {
      handle_ = std::move(judged.handle);
      standing_->good();
      is_new_ = true;
      co_return handle_;
    }
    // What is against us says nothing of a statement that may run.
    const bool goes_on = judged.next == Submission::Next::again || (judged.about_us && uncertain);
    const auto now = Steady::now();
    if (protocol_->has_stopped() || !goes_on || (!uncertain && now >= give_up)) co_return std::move(judged.failure);
    slowdown.trouble(now, judged.after);
    // One that certainly has not arrived goes back to the queue, and the failure with it.
    const bool is_busy = *exchanged && (*exchanged)->status == 429;
    if (uncertain && !is_busy) standing_->trouble(judged.failure);
    const auto next = uncertain ? slowdown.until() : std::min(slowdown.until(), give_up);
    while (!control_->has_left() && Steady::now() < next && (!control_->is_canceled() || uncertain)) {
      co_await control_->wait_until(next);
    }
  }
}

async::Task<Outcome<std::unique_ptr<Cursor>>> SnowflakeExecution::run() {
  if (handle_.empty()) co_return Failure{.message = "run() before submit()"};
  auto end = co_await follow();
  refresher_->unwatch(std::exchange(watch_, 0));
  if (!end) co_return interrupted_failure();
  if (!*end) co_return end->error().failure;
  auto response = std::move(**end);
  co_return co_await conclude(std::move(response));
}

// Returns the last answer about it, or nothing if it was left.
async::Task<std::optional<Exchanged>> SnowflakeExecution::follow() {
  Refresher::Statement statement{.handle = handle_,
                                 .submitted = submission_time(request_.query),
                                 .is_new = is_new_,
                                 .is_awaited = request_.is_awaited,
                                 .control = control_};
  watch_ = refresher_->watch(std::move(statement));
  std::shared_ptr<Aside<Exchanged>> canceling;  // The request, while it is under way.
  std::optional<Exchanged> end;
  auto next_cancel = Steady::time_point::min();
  while (!control_->has_left() && !end) {
    end = refresher_->take_end(watch_);
    if (end) break;
    if (!control_->is_canceled()) {
      co_await control_->wait();
      continue;
    }
    refresher_->hurry(watch_);
    if (canceling && canceling->done) {
      next_cancel = Steady::now() + pause_after_cancel(canceling->value);
      canceling.reset();
    }
    if (!canceling && Steady::now() >= next_cancel) canceling = start_aside(control_, protocol_->cancel(handle_));
    co_await control_->wait_until(canceling ? Steady::time_point::max() : next_cancel);
  }
  if (canceling) canceling->abort();
  co_return end;
}

// When to ask again, if the statement has not ended by then.
Steady::duration SnowflakeExecution::pause_after_cancel(const std::optional<Exchanged>& answer) const {
  const auto& options = protocol_->options();
  const auto soon = std::min<Steady::duration>(options.poll_max, options.poll_min * 4);
  if (!answer || !*answer) return soon;
  const auto& response = **answer;
  // 422: it has ended already, or is not known; the status says which.
  if (response.status == 200 || response.status == 422) return cancel_again_after;
  return retry_after(response).value_or(std::chrono::ceil<std::chrono::milliseconds>(soon));
}

Failure SnowflakeExecution::failed(const upstream::Response& response) const {
  const auto said = read_answer(response.body).words;
  if (response.status == 400) return refusal(response);
  if (response.status == 408) {
    auto failure = read_error(said, {});
    failure.category = FailureCategory::timeout;
    failure.sqlstate = "57014";
    return failure;
  }
  const bool is_unknown = response.status != 422 || is_gone(said.code);
  if (!is_unknown) return read_error(said, request_.statement.text);
  if (control_->is_canceled()) return canceled_failure();  // What is not there does not run.
  return gone_failure(said.message);
}

async::Task<Outcome<std::unique_ptr<Cursor>>> SnowflakeExecution::conclude(upstream::Response response) {
  if (response.status != 200) co_return failed(response);
  auto body = std::make_shared<std::string>(std::move(response.body));
  auto work = [body, timestamps = protocol_->options().timestamps] {
    auto answer = read_answer(*body);
    if (answer.columns) answer.columns = with_units(std::move(answer.columns), timestamps, *body);
    return std::optional(std::move(answer));
  };
  auto task = protocol_->compute(std::move(work));
  auto read = co_await unless_left(control_, std::move(task));
  if (!read || !*read) co_return interrupted_failure();
  auto& answer = **read;
  // Snowflake says with the status that a statement has failed; others who speak its language, with the code alone.
  if (!answer.columns && !answer.words.code.empty() && answer.words.code != succeeded_code) {
    co_return read_error(answer.words, request_.statement.text);
  }
  if (!answer.columns) {
    co_return not_understood(answer.mistake.empty() ? "no resultSetMetaData" : answer.mistake);
  }
  answer.handle = handle_;
  control_->forget_cancel();
  std::unique_ptr<Cursor> cursor =
      std::make_unique<PartitionCursor>(protocol_, control_, std::move(answer), std::move(*body));
  co_return cursor;
}

}  // namespace coatcheck::warehouse::snowflake
