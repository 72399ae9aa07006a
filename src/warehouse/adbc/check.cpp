#include "warehouse/adbc/check.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "warehouse/adbc/errors.hpp"
#include "warehouse/adbc/information.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

// What every database that speaks SQL can answer, more or less.
constexpr const char* cheapest_statement = "SELECT 1";

// "PostgreSQL 15.14"; empty without a name.
std::string named(const Information& information, std::uint32_t name, std::uint32_t version) {
  const auto called = information.find(name);
  if (called == information.end()) return {};
  const auto numbered = information.find(version);
  return numbered == information.end() ? called->second : called->second + " " + numbered->second;
}

std::string words_of(AdbcConnection* connection) {
  constexpr std::array<std::uint32_t, 4> codes = {ADBC_INFO_VENDOR_NAME, ADBC_INFO_VENDOR_VERSION,
                                                  ADBC_INFO_DRIVER_NAME, ADBC_INFO_DRIVER_VERSION};
  const auto information = read_information(connection, codes);
  std::string words = named(information, ADBC_INFO_VENDOR_NAME, ADBC_INFO_VENDOR_VERSION);
  const std::string driver = named(information, ADBC_INFO_DRIVER_NAME, ADBC_INFO_DRIVER_VERSION);
  if (!driver.empty()) words += (words.empty() ? "by " : ", by ") + driver;
  return words;
}

}  // namespace

Outcome<std::string> check(Database& database) {
  auto connection = database.take();
  if (!connection) return std::move(connection).error();
  auto failure = (*connection)->command(cheapest_statement);
  if (failure && (*connection)->used) {
    // It was kept and may have been lost meanwhile.
    connection = database.take_new();
    if (!connection) return std::move(connection).error();
    failure = (*connection)->command(cheapest_statement);
  }
  if (failure) return *std::move(failure);
  std::string words = words_of((*connection)->get());
  database.give_back(std::move(*connection));
  return words;
}

namespace {

// On a thread of its own nobody else would catch anything.
Outcome<std::string> check_or_fail(Database& database) {
  try {
    return check(database);
  } catch (const std::exception& e) {
    return Failure{.category = FailureCategory::internal, .message = e.what()};
  }
}

}  // namespace

// Everything but the mutex and what it guards is used on the loop's thread only.
struct Checker::Shared {
  explicit Shared(async::Executor executor) : loop(executor) {}

  void wake() {
    for (async::Timer* const each : waiting) each->cancel();
  }

  const async::Executor loop;
  std::mutex mutex;
  bool has_ended = false;  // The checker has, and so may the loop: nothing may be posted to it. Guarded.

  bool is_under_way = false;
  Seat seat;  // Of the check that is under way.
  Outcome<std::string> last = Failure{};
  std::uint64_t ended = 0;  // How many have ended.
  std::list<async::Timer*> waiting;
};

Checker::Checker(async::Executor loop, std::shared_ptr<Database> database)
    : database_(std::move(database)), shared_(std::make_shared<Shared>(loop)) {}

Checker::~Checker() {
  shared_->seat = Seat();
  const std::lock_guard lock(shared_->mutex);
  shared_->has_ended = true;
}

bool Checker::is_under_way() const { return shared_->is_under_way; }

bool Checker::start(Seat seat) {
  auto work = [shared = shared_, database = database_]() mutable {
    auto outcome = check_or_fail(*database);
    database.reset();  // Its end may wait for the warehouse too.
    const std::lock_guard lock(shared->mutex);
    if (shared->has_ended) return;
    async::asio::post(shared->loop, [shared, outcome = std::move(outcome)]() mutable {
      shared->last = std::move(outcome);
      shared->seat = Seat();
      shared->is_under_way = false;
      ++shared->ended;
      shared->wake();
    });
  };
  try {
    std::thread(std::move(work)).detach();
  } catch (const std::system_error&) {
    return false;
  }
  shared_->is_under_way = true;
  shared_->seat = std::move(seat);
  return true;
}

async::Task<Outcome<std::string>> Checker::run(Seat seat, std::chrono::milliseconds patience) {
  if (!shared_->is_under_way && !start(std::move(seat))) {
    co_return Failure{.category = FailureCategory::resources,
                      .message = "There is no thread for a connection to the warehouse.",
                      .retryable = true};
  }
  struct Waiting {
    std::list<async::Timer*>& all;
    std::list<async::Timer*>::iterator place;
    Waiting(std::list<async::Timer*>& in, async::Timer& timer) : all(in), place(all.insert(all.end(), &timer)) {}
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { all.erase(place); }
  };
  const auto shared = shared_;
  const auto ended_before = shared->ended;
  async::Timer timer(shared->loop, std::chrono::steady_clock::now() + patience);
  const Waiting waiting(shared->waiting, timer);
  auto [error] = co_await timer.async_wait(async::as_outcome);
  if (shared->ended != ended_before) co_return shared->last;
  if (error) co_return canceled_failure();
  co_return Failure{.category = FailureCategory::unavailable,
                    .sqlstate = "08006",
                    .message = "The warehouse has not answered within " + to_string(patience) + ".",
                    .retryable = true};
}

}  // namespace coatcheck::warehouse::adbc
