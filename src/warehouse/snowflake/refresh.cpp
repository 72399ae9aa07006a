#include "warehouse/snowflake/refresh.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include "warehouse/snowflake/answer.hpp"
#include "warehouse/snowflake/errors.hpp"
#include "warehouse/snowflake/history.hpp"

namespace coatcheck::warehouse::snowflake {

namespace {

constexpr int asking_max = 8;  // Requests at a time.

// How often in a row what stands between us and Snowflake may say that there is no such thing, until it is believed.
constexpr int doubts_max = 5;
constexpr std::size_t small_body = 64 << 10;

// Whether a status says how a statement has ended, or that there is none.
bool is_end(int status) {
  return status == 200 || status == 408 || status == 422 || status == 400 || status == 404 || status == 410;
}

// Whether an answer is in Snowflake's form: a proxy says "not found" in one of its own.
bool is_of_snowflake(const upstream::Response& response) {
  if (response.status == 200) return true;  // Whoever reads the result will see.
  if (response.body.size() > small_body) return false;
  const auto words = read_answer(response.body).words;
  return !words.code.empty() || !words.message.empty();
}

}  // namespace

Refresher::Refresher(std::shared_ptr<Protocol> protocol, async::Executor executor, std::shared_ptr<Standing> standing)
    : protocol_(std::move(protocol)),
      executor_(executor),
      standing_(std::move(standing)),
      pace_{protocol_->options().poll_min, protocol_->options().poll_max},
      slowdown_(pace_),
      turn_(executor),
      random_(std::random_device{}()) {}

std::uint64_t Refresher::watch(Statement statement) {
  const auto now = Steady::now();
  Watched watched;
  watched.since = watched.asked = now;
  if (!statement.is_new) {
    const Steady::duration age = system_clock().now() - statement.submitted;
    watched.since -= std::clamp<Steady::duration>(age, Steady::duration(0), std::chrono::hours(24));
    watched.asked = {};
  }
  watched.statement = std::move(statement);
  const auto id = ++last_id_;
  watched_.emplace(id, std::move(watched));
  start();
  return id;
}

void Refresher::start() {
  if (is_running_) turn_.cancel();
  if (is_running_ || has_stopped_) return;
  is_running_ = true;
  auto self = shared_from_this();
  // Nothing throws there but for want of memory, which may pass.
  auto ended = [self](const std::exception_ptr& failure) {
    self->is_running_ = false;
    if (!failure) return;
    self->slowdown_.trouble(Steady::now());
    self->start();
  };
  async::asio::co_spawn(executor_, keep_asking(self), async::asio::bind_executor(executor_, std::move(ended)));
}

std::optional<Exchanged> Refresher::take_end(std::uint64_t id) {
  const auto found = watched_.find(id);
  if (found == watched_.end()) return std::nullopt;
  return std::exchange(found->second.end, std::nullopt);
}

void Refresher::hurry(std::uint64_t id) {
  const auto found = watched_.find(id);
  if (found == watched_.end() || found->second.is_hurried) return;
  found->second.is_hurried = true;
  turn_.cancel();
}

void Refresher::stop() {
  has_stopped_ = true;
  turn_.cancel();
}

bool Refresher::has_unfinished() const {
  return std::ranges::any_of(watched_, [](const auto& each) { return !each.second.end; });
}

bool Refresher::uses_history() const {
  return protocol_->options().status_method == SnowflakeOptions::StatusMethod::history;
}

bool Refresher::is_history_due(Steady::time_point now) const {
  return uses_history() && std::ranges::any_of(watched_, [&](const auto& each) {
           const auto& watched = each.second;
           return !watched.end && !watched.is_asking && !watched.is_confirmed && due(watched, now) <= now;
         });
}

Steady::time_point Refresher::due(const Watched& watched, Steady::time_point now) const {
  if (watched.is_confirmed) return now;
  const bool is_hurried = watched.is_hurried || (watched.statement.is_awaited && watched.statement.is_awaited());
  return watched.asked + pace_.interval(now - watched.since, is_hurried, watched.jitter);
}

Steady::time_point Refresher::first_due(Steady::time_point now) const {
  auto first = Steady::time_point::max();
  for (const auto& [id, watched] : watched_) {
    if (!watched.end && !watched.is_asking) first = std::min(first, due(watched, now));
  }
  return first;
}

// Nobody tells when somebody begins to wait for a statement, so that is looked at in between; it costs no request.
Steady::time_point Refresher::next_turn(Steady::time_point now) const {
  if (asking_ >= asking_max) return Steady::time_point::max();
  return std::max(slowdown_.until(), std::min(first_due(now), now + pace_.shortest));
}

async::Task<> Refresher::keep_asking(std::shared_ptr<Refresher> self) {
  while (!self->has_stopped_ && self->has_unfinished()) {
    auto now = Steady::now();
    if (now >= self->slowdown_.until()) {
      if (self->is_history_due(now)) co_await ask_history(self);
      now = Steady::now();
      self->ask_those_due(now);
    }
    self->turn_.expires_at(self->next_turn(now));
    [[maybe_unused]] auto [error] = co_await self->turn_.async_wait(async::as_outcome);
  }
  self->is_running_ = false;
}

// Those that have been due for longest come first, or some would never have their turn when there is too much to ask.
void Refresher::ask_those_due(Steady::time_point now) {
  std::vector<std::pair<Steady::time_point, std::uint64_t>> all;
  for (const auto& [id, watched] : watched_) {
    if (watched.end || watched.is_asking || (uses_history() && !watched.is_confirmed)) continue;
    if (due(watched, now) <= now) all.emplace_back(watched.asked, id);
  }
  std::ranges::sort(all);
  for (const auto& [asked, id] : all) {
    if (asking_ >= asking_max || now < slowdown_.until() || has_stopped_) return;
    begin_to_ask(id);
  }
}

void Refresher::begin_to_ask(std::uint64_t id) {
  auto& watched = watched_.at(id);
  watched.is_asking = true;
  ++asking_;
  ++requests_;
  auto self = shared_from_this();
  auto ended = [self, id](const std::exception_ptr& failure) {
    --self->asking_;
    if (failure)
      self->take(id, Trouble{.failure = unavailable("A statement could not be asked about."), .passing = true});
    self->turn_.cancel();
  };
  async::asio::co_spawn(executor_, ask(self, id, watched.statement.handle),
                        async::asio::bind_executor(executor_, std::move(ended)));
}

async::Task<> Refresher::ask(std::shared_ptr<Refresher> self, std::uint64_t id, std::string handle) {
  auto answer = co_await self->protocol_->status(handle);
  if (!self->has_stopped_) self->take(id, std::move(answer));
}

void Refresher::looked_at(Watched& watched) {
  watched.asked = Steady::now();
  watched.jitter = std::uniform_real_distribution<double>()(random_);
  watched.is_asking = false;
  watched.is_confirmed = false;
}

void Refresher::note_good() {
  slowdown_.good();
  standing_->good();
}

void Refresher::note_trouble(const Exchanged& exchanged) {
  slowdown_.trouble(Steady::now(), exchanged ? retry_after(*exchanged) : std::nullopt);
  if (!exchanged) return standing_->trouble(exchanged.error().failure);
  // That there is much to do is no trouble to anybody.
  if (exchanged->status != 429) standing_->trouble(refusal(*exchanged));
}

// Whatever is wrong with the way to Snowflake, or with our credentials, the statement goes on: only an answer about it
// ends it, or one that we cannot hold.
void Refresher::take(std::uint64_t id, Exchanged exchanged) {
  const bool is_too_large = !exchanged && exchanged.error().failure.category == FailureCategory::resources;
  const auto found = watched_.find(id);
  bool is_over = is_too_large || (exchanged && is_end(exchanged->status));
  if (is_over && exchanged && !is_of_snowflake(*exchanged)) {
    is_over = found != watched_.end() && ++found->second.doubts >= doubts_max;
  } else if (found != watched_.end()) {
    found->second.doubts = 0;
  }
  if (is_over || (exchanged && exchanged->status == 202)) {
    note_good();
  } else {
    note_trouble(exchanged);
  }
  if (found == watched_.end()) return;
  looked_at(found->second);
  if (!is_over) return;
  found->second.end = std::move(exchanged);
  found->second.statement.control->ring();
}

std::optional<Timestamp> Refresher::oldest() const {
  std::optional<Timestamp> oldest;
  for (const auto& [id, watched] : watched_) {
    if (!watched.end) oldest = std::min(oldest.value_or(watched.statement.submitted), watched.statement.submitted);
  }
  return oldest;
}

async::Task<> Refresher::ask_history(std::shared_ptr<Refresher> self) {
  std::map<std::uint64_t, std::string> asked_for;
  for (const auto& [id, watched] : self->watched_) {
    if (!watched.end && !watched.is_asking && !watched.is_confirmed) asked_for.emplace(id, watched.statement.handle);
  }
  const auto begin = self->oldest();
  if (asked_for.empty() || !begin) co_return;
  ++self->requests_;
  auto answer = co_await self->protocol_->run_own(history_statement(*begin, system_clock().now()));
  if (self->has_stopped_) co_return;
  const bool is_heard = answer && (!is_passing(answer->status) && answer->status != 401 && answer->status != 403);
  if (!is_heard) {
    self->note_trouble(answer);
    co_return;
  }
  self->note_good();
  std::map<std::string, bool> ended;
  if (answer->status == 200) {
    auto work = [body = std::move(answer->body)] { return read_history(body); };
    auto states = co_await self->protocol_->compute(std::move(work));
    if (states) ended = std::move(*states);
  }
  // Without an answer that helps every one is asked for itself.
  self->take_history(ended, asked_for);
}

void Refresher::take_history(const std::map<std::string, bool>& ended,
                             const std::map<std::uint64_t, std::string>& asked_for) {
  for (const auto& [id, handle] : asked_for) {
    const auto found = watched_.find(id);
    if (found == watched_.end() || found->second.end || found->second.is_asking) continue;
    looked_at(found->second);
    const auto state = ended.find(handle);
    found->second.is_confirmed = state == ended.end() || state->second;
  }
}

}  // namespace coatcheck::warehouse::snowflake
