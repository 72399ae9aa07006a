#include "warehouse/duckdb/connector.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "async/pool.hpp"
#include "warehouse/duckdb/database.hpp"
#include "warehouse/duckdb/inputs.hpp"
#include "warehouse/duckdb/session.hpp"

namespace coatcheck::warehouse {

namespace {

using duckdb::Session;

class DuckdbCursor final : public Cursor {
 public:
  DuckdbCursor(async::Pool& pool, Session& session, rows::Schema schema)
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

class DuckdbExecution final : public Execution {
 public:
  DuckdbExecution(async::Executor executor, async::Pool& pool, async::asio::thread_pool& closing,
                  std::unique_ptr<Session> session)
      : pool_(pool), closing_(closing), session_(std::move(session)), again_(executor) {}

  // Closing waits for the engine's threads to leave the statement, so it does not happen here.
  ~DuckdbExecution() override {
    session_->interrupt();
    async::asio::post(closing_, [ended = std::move(session_)]() mutable { ended.reset(); });
  }

  StatementKind kind() const override { return session_->kind(); }
  std::optional<rows::Schema> description() override { return session_->description(); }

  async::Task<Outcome<std::unique_ptr<Cursor>>> run() override {
    auto work = [this] { return session_->start(); };
    auto schema = co_await pool_.run(std::move(work));
    if (!schema) co_return std::move(schema).error();
    std::unique_ptr<Cursor> cursor = std::make_unique<DuckdbCursor>(pool_, *session_, std::move(*schema));
    co_return cursor;
  }

  std::optional<double> progress() const override { return session_->progress(); }

  // The engine may forget an interrupt that comes while it starts or changes from one step to the next, so it is
  // told again until it has stopped.
  void cancel() override {
    session_->interrupt();
    again_.expires_after(interrupt_interval);
    again_.async_wait([this, alive = std::weak_ptr<int>(alive_)](boost::system::error_code error) {
      if (!error && !alive.expired()) cancel();
    });
  }

 private:
  static constexpr auto interrupt_interval = std::chrono::milliseconds(20);

  async::Pool& pool_;
  async::asio::thread_pool& closing_;
  std::unique_ptr<Session> session_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Expires with this, for the timer's last call.
  async::Timer again_;
};

class DuckdbConnector final : public Connector {
 public:
  DuckdbConnector(duckdb::Database database, const DuckdbOptions& options)
      : database_(std::move(database)),
        batch_rows_(options.batch_rows),
        takes_inputs_(options.inputs),
        place_(options.database.empty() ? "in memory" : "database " + options.database.filename().string()),
        pool_(options.running_max) {
    duckdb::Connection connection;
    duckdb_connect(database_.get(), connection.out());
    sequences_ = duckdb::yields_rows(connection.get(), "SELECT 1 FROM duckdb_sequences() LIMIT 1");
  }
  ~DuckdbConnector() override { closing_.join(); }

  Capabilities capabilities() const override { return {.detached = false}; }

  async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) override {
    auto work = [this, &request] { return open_session(std::move(request)); };
    auto session = co_await pool_.run(std::move(work));
    if (!session) co_return std::move(session).error();
    const async::Executor executor = co_await async::asio::this_coro::executor;
    std::unique_ptr<Execution> execution =
        std::make_unique<DuckdbExecution>(executor, pool_, closing_, std::move(*session));
    co_return execution;
  }

  async::Task<Outcome<std::string>> check() override {
    auto work = [this]() -> Outcome<std::string> {
      duckdb::Connection connection;
      if (duckdb_connect(database_.get(), connection.out()) != DuckDBSuccess) return refused();
      if (auto ran = duckdb::run_sql(connection.get(), "SELECT 1"); !ran) {
        return Failure{.category = FailureCategory::unavailable, .message = ran.error().message, .retryable = true};
      }
      return "DuckDB " + std::string(duckdb_library_version()) + ", " + place_;
    };
    co_return co_await pool_.run(std::move(work));
  }

 private:
  static Failure refused() {
    return {.category = FailureCategory::unavailable, .message = "DuckDB refuses a connection.", .retryable = true};
  }

  Outcome<std::unique_ptr<Session>> open_session(Request request) {
    duckdb::Connection connection;
    if (duckdb_connect(database_.get(), connection.out()) != DuckDBSuccess) return refused();
    if (takes_inputs_) duckdb::give_inputs(connection.get(), std::move(request.inputs));
    auto session = std::make_unique<Session>(std::move(connection), std::move(request.statement), batch_rows_);
    if (auto failure = session->prepare(sequences_, request.describe_only)) return std::move(*failure);
    return session;
  }

  duckdb::Database database_;
  std::size_t batch_rows_;
  bool takes_inputs_;
  std::string place_;                   // Where its data is, in words.
  std::atomic<bool> sequences_ = true;  // Whether the database may hold any: then a SELECT can write.
  // Ends sessions. A thread of its own, so that what has ended does not stay while others run long.
  async::asio::thread_pool closing_{1};
  async::Pool pool_;  // The threads end before the database does.
};

}  // namespace

Result<std::unique_ptr<Connector>> open_duckdb(DuckdbOptions options, async::Loop&) {
  if (options.running_max == 0 || options.batch_rows == 0 || options.threads < 1) {
    return Error{Errc::invalid_argument, "running_max, batch_rows and threads must be at least 1"};
  }
  auto database = duckdb::open_locked(options);
  if (!database) return std::move(database).error();
  std::unique_ptr<Connector> connector = std::make_unique<DuckdbConnector>(std::move(*database), options);
  return connector;
}

}  // namespace coatcheck::warehouse
