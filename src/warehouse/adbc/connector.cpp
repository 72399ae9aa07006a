#include "warehouse/adbc/connector.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "async/pool.hpp"
#include "warehouse/adbc/check.hpp"
#include "warehouse/adbc/database.hpp"
#include "warehouse/adbc/driver.hpp"
#include "warehouse/adbc/errors.hpp"
#include "warehouse/adbc/seats.hpp"
#include "warehouse/adbc/session.hpp"

namespace coatcheck::warehouse {

namespace {

using adbc::Session;

// What sessions need beside the loop.
struct Works {
  Works(const AdbcOptions& given, async::Executor loop)
      : options(given),
        database(std::make_shared<adbc::Database>(options)),
        executor(loop),
        seats(std::make_shared<adbc::Seats>(loop, options.running_max)),
        pool(options.running_max) {}
  Works(const Works&) = delete;
  Works& operator=(const Works&) = delete;
  ~Works() {
    canceling.join();
    closing.join();
  }

  AdbcOptions options;
  std::shared_ptr<adbc::Database> database;
  async::Executor executor;
  std::shared_ptr<adbc::Seats> seats;  // One may be given back when all else is gone.
  // Threads of their own, so that a cancel and an end do not wait for what runs. Two of each: one may hang on a
  // warehouse that does not answer.
  async::asio::thread_pool closing{2};
  async::asio::thread_pool canceling{2};
  async::Pool pool;
};

class AdbcCursor final : public Cursor {
 public:
  AdbcCursor(async::Pool& pool, Session& session, rows::Schema schema)
      : pool_(pool), session_(session), schema_(std::move(schema)) {}

  rows::Schema schema() const override { return schema_; }

  async::Task<Outcome<std::optional<rows::Batch>>> next() override {
    auto work = [this] { return session_.next(); };
    co_return co_await pool_.run(std::move(work));
  }

 private:
  async::Pool& pool_;
  Session& session_;
  rows::Schema schema_;
};

// Cancels what a session does. A cancel that comes before the warehouse has begun is lost, so it is told again for as
// long as this lives.
class Canceler {
 public:
  Canceler(Works& works, std::shared_ptr<Session> session)
      : works_(works), session_(std::move(session)), next_(works.executor) {}

  void cancel() {
    has_canceled_ = true;
    session_->interrupt();
    async::asio::post(works_.canceling, [session = session_, sending = sending_] {
      if (sending->exchange(true)) return;
      session->send_cancel();
      *sending = false;
    });
    cancel_at(std::chrono::steady_clock::now() + interval);
  }

  void cancel_at(adbc::Seats::Deadline time) {
    next_.expires_at(time);
    next_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
      if (!error && !alive.expired()) cancel();
    });
  }

  bool has_canceled() const { return has_canceled_; }

 private:
  static constexpr auto interval = std::chrono::milliseconds(100);

  Works& works_;
  std::shared_ptr<Session> session_;  // A cancel on its way holds it too.
  std::shared_ptr<std::atomic<bool>> sending_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Expires with this, for the timer's last call.
  async::Timer next_;
  bool has_canceled_ = false;
};

// Ends the session on a thread for that, as its end may wait for the warehouse; then its seat is free.
void end(Works& works, std::shared_ptr<Session> session, adbc::Seat seat) {
  async::asio::post(works.closing,
                    [loop = works.executor, seat = std::move(seat), session = std::move(session)]() mutable {
                      session->close();
                      session.reset();
                      async::asio::post(loop, [seat = std::move(seat)] {});
                    });
}

class AdbcExecution final : public Execution {
 public:
  AdbcExecution(Works& works, std::shared_ptr<Session> session, adbc::Seat seat)
      : works_(works), session_(std::move(session)), seat_(std::move(seat)), canceler_(works, session_) {}

  ~AdbcExecution() override { end(works_, std::move(session_), std::move(seat_)); }

  StatementKind kind() const override { return session_->kind(); }
  std::optional<rows::Schema> description() override { return session_->description(); }

  async::Task<Outcome<std::unique_ptr<Cursor>>> run() override {
    auto work = [this] { return session_->start(); };
    auto schema = co_await works_.pool.run(std::move(work));
    if (!schema) co_return std::move(schema).error();
    std::unique_ptr<Cursor> cursor = std::make_unique<AdbcCursor>(works_.pool, *session_, std::move(*schema));
    co_return cursor;
  }

  // ADBC has a number for it, but no driver that we know of sets it.
  std::optional<double> progress() const override { return std::nullopt; }

  void cancel() override { canceler_.cancel(); }

 private:
  Works& works_;
  std::shared_ptr<Session> session_;
  adbc::Seat seat_;
  Canceler canceler_;
};

class AdbcConnector final : public Connector {
 public:
  AdbcConnector(const AdbcOptions& options, async::Executor executor)
      : works_(options, executor), checker_(executor, works_.database) {}

  Capabilities capabilities() const override { return {.detached = false}; }

  async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) override {
    auto deadline = adbc::Seats::Deadline::max();
    if (request.timeout) deadline = std::chrono::steady_clock::now() + *request.timeout;
    auto seat = co_await adbc::Seats::take(works_.seats, deadline);
    if (!seat) co_return std::move(seat).error();
    auto session = std::make_shared<Session>(*works_.database, works_.options, std::move(request.statement));
    Canceler canceler(works_, session);
    if (request.timeout) canceler.cancel_at(deadline);
    auto work = [&session] { return session->prepare(); };
    auto failure = co_await works_.pool.run(std::move(work));
    // Even if it has come through just then: an interrupted session does nothing more.
    if (canceler.has_canceled()) failure = adbc::timeout_failure();
    if (failure) {
      end(works_, std::move(session), std::move(*seat));
      co_return *std::move(failure);
    }
    std::unique_ptr<Execution> execution =
        std::make_unique<AdbcExecution>(works_, std::move(session), std::move(*seat));
    co_return execution;
  }

  // It waits for its turn as a statement does, but not as long; nor does it wait for a driver that hangs.
  async::Task<Outcome<std::string>> check() override {
    adbc::Seat seat;
    // One that hangs has its seat, perhaps the only one.
    if (!checker_.is_under_way()) {
      auto taken = co_await adbc::Seats::take(works_.seats, std::chrono::steady_clock::now() + check_waits);
      if (!taken) co_return std::move(taken).error();
      seat = std::move(*taken);
    }
    co_return co_await checker_.run(std::move(seat), check_may_take);
  }

 private:
  static constexpr auto check_waits = std::chrono::seconds(10);
  static constexpr auto check_may_take = std::chrono::seconds(30);

  Works works_;
  adbc::Checker checker_;
};

}  // namespace

Result<std::unique_ptr<Connector>> open_adbc(AdbcOptions options, async::Loop& loop) {
  if (options.running_max == 0 || options.batch_rows == 0) {
    return Error{Errc::invalid_argument, "running_max and batch_rows must be at least 1"};
  }
  auto loaded = adbc::load_driver(options);
  if (!loaded) return std::move(loaded).error();
  std::unique_ptr<Connector> connector = std::make_unique<AdbcConnector>(options, loop.get_executor());
  return connector;
}

}  // namespace coatcheck::warehouse
