#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "warehouse/snowflake/control.hpp"
#include "warehouse/snowflake/protocol.hpp"
#include "warehouse/snowflake/schedule.hpp"
#include "warehouse/snowflake/standing.hpp"

namespace coatcheck::warehouse::snowflake {

// Asks Snowflake about all statements of a connector that have not ended: one task for all of them, which sends nothing
// when there are none. However many wait for a statement, it is asked about once an interval. Used on the loop's
// thread.
class Refresher : public std::enable_shared_from_this<Refresher> {
 public:
  Refresher(std::shared_ptr<Protocol> protocol, async::Executor executor, std::shared_ptr<Standing> standing);

  // A statement that somebody waits for.
  struct Statement {
    std::string handle;
    Timestamp submitted{};                  // Not later than Snowflake got it.
    bool is_new = true;                     // It was submitted just now: there is no hurry to ask.
    std::function<bool()> is_awaited = {};  // May be empty.
    std::shared_ptr<Control> control = {};  // Rung when it has ended.
  };

  // Begins to ask about it, until it has ended or unwatch(). Returns by what it is known here.
  std::uint64_t watch(Statement statement);
  void unwatch(std::uint64_t id) { watched_.erase(id); }

  // Returns the answer that says that it has ended (200, 408, 422, 400, 404, 410), or why there can be none; once.
  std::optional<Exchanged> take_end(std::uint64_t id);
  // Asks about it as often as may be from now on.
  void hurry(std::uint64_t id);

  // Asks nothing anymore. What is under way ends without effect.
  void stop();

  // How many requests were sent.
  std::uint64_t requests() const { return requests_; }

 private:
  struct Watched {
    Statement statement;
    Steady::time_point since{};  // Its age counts from here.
    Steady::time_point asked{};  // The last time, or when it was new.
    double jitter = 0;
    bool is_hurried = false;
    bool is_asking = false;
    bool is_confirmed = false;  // The history says that it has ended, or does not know it: ask for itself.
    int doubts = 0;             // Answers in a row that may not be Snowflake's.
    std::optional<Exchanged> end;
  };
  using Watch = std::map<std::uint64_t, Watched>;

  void start();
  static async::Task<> keep_asking(std::shared_ptr<Refresher> self);
  static async::Task<> ask(std::shared_ptr<Refresher> self, std::uint64_t id, std::string handle);
  static async::Task<> ask_history(std::shared_ptr<Refresher> self);
  bool has_unfinished() const;
  bool uses_history() const;
  bool is_history_due(Steady::time_point now) const;
  void ask_those_due(Steady::time_point now);
  void begin_to_ask(std::uint64_t id);
  Steady::time_point due(const Watched& watched, Steady::time_point now) const;
  Steady::time_point first_due(Steady::time_point now) const;
  Steady::time_point next_turn(Steady::time_point now) const;
  std::optional<Timestamp> oldest() const;
  void take(std::uint64_t id, Exchanged exchanged);
  void note_good();
  void note_trouble(const Exchanged& exchanged);
  void take_history(const std::map<std::string, bool>& ended, const std::map<std::uint64_t, std::string>& asked_for);
  void looked_at(Watched& watched);

  const std::shared_ptr<Protocol> protocol_;
  const async::Executor executor_;
  const std::shared_ptr<Standing> standing_;
  const Pace pace_;
  Slowdown slowdown_;
  async::Timer turn_;
  bool is_running_ = false;
  bool has_stopped_ = false;
  int asking_ = 0;  // Requests under way.
  Watch watched_;
  std::uint64_t last_id_ = 0;
  std::uint64_t requests_ = 0;
  std::minstd_rand random_;
};

}  // namespace coatcheck::warehouse::snowflake
