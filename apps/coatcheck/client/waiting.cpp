#include "client/waiting.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "client/event_stream.hpp"
#include "client/problem.hpp"
#include "client/progress_line.hpp"
#include "client/session.hpp"
#include "client/terminal.hpp"
#include "client/url.hpp"

namespace coatcheck::client {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// The server sends something every 15 s at the latest.
constexpr std::chrono::seconds silence_max{45};
constexpr std::chrono::seconds lost_max{60};
constexpr milliseconds pause_first{250};
constexpr milliseconds pause_longest{4'000};
constexpr milliseconds redraw_interval{100};

class Waiting {
 public:
  Waiting(HttpClient& http, const std::string& id, std::optional<milliseconds> time)
      : http_(http), id_(id), line_(look_at(2)), begun_(steady_clock::now()) {
    if (time) deadline_ = begun_ + *time;
  }

  Outcome<QueryView> run() {
    for (;;) {
      auto listened = listen();
      if (known_ && known_->is_final()) return *std::move(known_);
      if (!listened) {
        Trouble trouble = std::move(listened).error();
        const bool lost = trouble.again != Trouble::Again::no && (known_ || trouble.again == Trouble::Again::unclear);
        if (!lost || !pause_before_next(milliseconds(0))) return left_behind(std::move(trouble));
      } else if (!is_sound(*listened)) {
        if (!is_passing(*listened)) return trouble_of(*listened, id_);
        if (!pause_before_next(retry_after(*listened))) return left_behind(trouble_of(*listened, id_));
      } else if (listened->status == 204) {
        return fetch_query(http_, id_);
      } else if (!pause_before_next(milliseconds(0))) {
        return left_behind({ExitCode::unavailable, "the server does not tell of the query any more"});
      }
    }
  }

 private:
  static bool is_sound(const HttpResponse& response) { return response.status == 200 || response.status == 204; }

  // Listens to the query's events until the stream ends.
  Outcome<HttpResponse> listen() {
    EventStream stream([this](const Event& event) { return learn(event); });
    HttpRequest request{
        .target = query_path(id_, "/events"), .fields = {"Accept: text/event-stream"}, .silence_max = silence_max};
    if (known_) request.fields.push_back("Last-Event-ID: " + std::to_string(known_->version));
    return http_.send(
        request, [&stream](std::string_view piece) { return stream.feed(piece); }, [this] { return tick(); });
  }

  Outcome<void> learn(const Event& event) {
    auto query = parse_query(event.data);
    if (!query) return std::move(query).error();
    if (!known_ && query->submitted_at) {
      // From here on our own clock counts; the server's may be another one.
      const auto age = std::chrono::duration_cast<milliseconds>(system_clock().now() - *query->submitted_at);
      age_at_begin_ = std::max(age - since(begun_), milliseconds(0));
    }
    known_ = *std::move(query);
    lost_since_.reset();
    pause_ = pause_first;
    drawn_at_.reset();
    return Outcome<void>::ok();
  }

  bool tick() {
    if (deadline_ && steady_clock::now() >= *deadline_) return false;
    if (drawn_at_ && steady_clock::now() - *drawn_at_ < redraw_interval) return true;
    if (lost_since_) {
      line_.draw({.phase = "no connection to the server, trying again",
                  .elapsed = since(*lost_since_),
                  .done = {},
                  .remark = {}});
    } else if (known_ && !known_->is_final()) {
      line_.draw(progress_of(*known_, age_at_begin_ + since(begun_)));
    }
    drawn_at_ = steady_clock::now();
    return true;
  }

  // Returns false when it is time to give up: too long without news, the deadline, Ctrl-C.
  bool pause_before_next(milliseconds least) {
    if (!lost_since_) lost_since_ = steady_clock::now();
    if (steady_clock::now() - *lost_since_ > lost_max) return false;
    const auto end = steady_clock::now() + std::max(least, pause_);
    pause_ = std::min(pause_ * 2, pause_longest);
    while (steady_clock::now() < end) {
      if (!tick() || !pause(milliseconds(50))) return false;
    }
    return true;
  }

  Trouble left_behind(Trouble trouble) {
    line_.clear();
    if (is_interrupted()) trouble = {ExitCode::interrupted, "interrupted; the query goes on"};
    if (deadline_ && steady_clock::now() >= *deadline_) {
      trouble = {ExitCode::not_ended, "the time to wait is over; the query goes on"};
    }
    if (!known_ && trouble.exit == ExitCode::unavailable) return trouble;
    trouble.hint = "wait for it with: coatcheck wait " + id_ + "\nstop it with:     coatcheck cancel " + id_;
    return trouble;
  }

  static milliseconds since(steady_clock::time_point time) {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - time);
  }

  HttpClient& http_;
  const std::string& id_;
  ProgressLine line_;
  steady_clock::time_point begun_;
  std::optional<steady_clock::time_point> deadline_;
  std::optional<steady_clock::time_point> drawn_at_;
  std::optional<steady_clock::time_point> lost_since_;
  milliseconds pause_ = pause_first;
  milliseconds age_at_begin_{0};
  std::optional<QueryView> known_;
};

}  // namespace

Outcome<QueryView> wait_until_ended(HttpClient& http, const std::string& id, std::optional<milliseconds> time) {
  return Waiting(http, id, time).run();
}

}  // namespace coatcheck::client
