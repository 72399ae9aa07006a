#include "warehouse/adbc/database.hpp"

#include <array>
#include <utility>

#include "warehouse/adbc/errors.hpp"
#include "warehouse/adbc/information.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

using Clock = std::chrono::steady_clock;

// A connection that nobody has used for so long is closed when another one is asked for.
constexpr auto idle_max = std::chrono::minutes(5);
// After so long the types of a warehouse are learned anew.
constexpr auto types_age_max = std::chrono::minutes(5);

// Whatever the driver calls it: nothing can run, and it is not the statement that is wrong.
Failure cannot_connect(AdbcStatusCode status, const Error& error, const Secrets& secrets) {
  Failure failure = read_error(status, error.get(), secrets);
  failure.category = FailureCategory::unavailable;
  failure.retryable = true;
  return failure;
}

// Returns what the driver calls itself, empty if it does not say.
std::string driver_name(AdbcConnection* connection) {
  constexpr std::array<std::uint32_t, 1> codes = {ADBC_INFO_DRIVER_NAME};
  return read_information(connection, codes)[ADBC_INFO_DRIVER_NAME];
}

}  // namespace

std::optional<Failure> Connection::command(std::string_view sql) {
  StatementHandle statement;
  Error error;
  std::int64_t affected = 0;
  AdbcStatusCode status = AdbcStatementNew(get(), statement.get(), error.out());
  if (status == ADBC_STATUS_OK) {
    status = AdbcStatementSetSqlQuery(statement.get(), std::string(sql).c_str(), error.out());
  }
  if (status == ADBC_STATUS_OK) {
    status = AdbcStatementExecuteQuery(statement.get(), nullptr, &affected, error.out());
  }
  if (status == ADBC_STATUS_OK) return std::nullopt;
  return read_error(status, error.get(), secrets());
}

Outcome<std::unique_ptr<Connection>> Database::take() {
  auto database = opened();
  if (!database) return std::move(database).error();
  std::vector<std::unique_ptr<Connection>> too_old;  // Closed when the lock is free again.
  std::unique_ptr<Connection> kept;
  {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    while (!idle_.empty() && !kept) {
      auto last = std::move(idle_.back());
      idle_.pop_back();
      const bool good = last->opened() == *database && now - last->idle_since < idle_max;
      (good ? kept : too_old.emplace_back()) = std::move(last);
    }
  }
  if (kept) return kept;
  return connect(*std::move(database));
}

Outcome<std::unique_ptr<Connection>> Database::take_new() {
  std::vector<std::unique_ptr<Connection>> lost;
  {
    const std::lock_guard lock(mutex_);
    lost.swap(idle_);
  }
  lost.clear();
  auto database = opened();
  if (!database) return std::move(database).error();
  return connect(*std::move(database));
}

void Database::give_back(std::unique_ptr<Connection> connection) {
  const auto reset = reset_statement(connection->known());
  if (reset.empty() || connection->command(reset) || set_up(*connection)) return;
  connection->used = true;
  connection->idle_since = Clock::now();
  const std::lock_guard lock(mutex_);
  if (idle_.size() < options_.running_max) idle_.push_back(std::move(connection));
}

Outcome<std::shared_ptr<Opened>> Database::opened() {
  const std::lock_guard opening(opening_);
  {
    const std::lock_guard lock(mutex_);
    const bool stale = opened_ && opened_->known.learns_types_once && Clock::now() - opened_->since >= types_age_max;
    if (opened_ && !stale) return opened_;
  }
  auto fresh = open();
  const std::lock_guard lock(mutex_);
  opened_ = fresh ? *fresh : nullptr;
  return fresh;
}

Outcome<std::shared_ptr<Opened>> Database::open() {
  AdbcOptions::Values values = options_.database_options;
  if (options_.credentials) {
    auto credentials = options_.credentials();
    if (!credentials) {
      return Failure{
          .category = FailureCategory::unavailable, .message = credentials.error().message, .retryable = true};
    }
    for (auto& [key, value] : *credentials) values[key] = std::move(value);
  }
  auto database = std::make_shared<Opened>();
  database->secrets = Secrets(values);
  database->since = Clock::now();
  values["driver"] = options_.driver;
  if (options_.entrypoint) values["entrypoint"] = *options_.entrypoint;

  Error error;
  AdbcStatusCode status = AdbcDatabaseNew(database->handle.get(), error.out());
  for (const auto& [key, value] : values) {
    if (status == ADBC_STATUS_OK) {
      status = AdbcDatabaseSetOption(database->handle.get(), key.c_str(), value.c_str(), error.out());
    }
  }
  if (status == ADBC_STATUS_OK) status = AdbcDatabaseInit(database->handle.get(), error.out());
  if (status != ADBC_STATUS_OK) return cannot_connect(status, error, database->secrets);

  // The first connection tells whose driver it is.
  auto first = connect(database);
  if (!first) return std::move(first).error();
  database->known = known_driver(driver_name((*first)->get()));
  return database;
}

Outcome<std::unique_ptr<Connection>> Database::connect(std::shared_ptr<Opened> opened) {
  auto connection = std::make_unique<Connection>(opened);
  Error error;
  std::unique_lock lock(opened->mutex);
  AdbcStatusCode status = AdbcConnectionNew(connection->get(), error.out());
  if (status == ADBC_STATUS_OK) {
    status = AdbcConnectionInit(connection->get(), opened->handle.get(), error.out());
  }
  lock.unlock();
  if (status == ADBC_STATUS_OK) {
    auto failure = set_up(*connection);
    if (!failure) return connection;
    failure->category = FailureCategory::unavailable;
    failure->retryable = true;
    return *std::move(failure);
  }
  const Failure failure = cannot_connect(status, error, opened->secrets);
  // Perhaps the credentials have changed: the next one reads them again.
  const std::lock_guard forgetting(mutex_);
  if (opened_ == opened) opened_ = nullptr;
  return failure;
}

std::optional<Failure> Database::set_up(Connection& connection) {
  for (const auto& [key, value] : options_.connection_options) {
    Error error;
    const auto status = AdbcConnectionSetOption(connection.get(), key.c_str(), value.c_str(), error.out());
    if (status != ADBC_STATUS_OK) return read_error(status, error.get(), connection.secrets());
  }
  const auto utf8 = connection.known().utf8;
  if (!utf8.empty()) {
    if (auto failure = connection.command(utf8)) return failure;
  }
  if (!options_.only_reads || connection.known().read_only.empty()) return std::nullopt;
  return connection.command(connection.known().read_only);
}

std::string_view Database::reset_statement(const KnownDriver& known) const {
  return options_.reset_statement ? std::string_view(*options_.reset_statement) : known.reset;
}

}  // namespace coatcheck::warehouse::adbc
