#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "warehouse/adbc/connector.hpp"
#include "warehouse/adbc/driver.hpp"
#include "warehouse/adbc/handles.hpp"
#include "warehouse/adbc/secrets.hpp"

namespace coatcheck::warehouse::adbc {

// What connections are made from. Kept by each of them.
struct Opened {
  std::mutex mutex = {};  // ADBC lets one thread at a time use a database, as by making a connection or ending one.
  DatabaseHandle handle = {};
  Secrets secrets = {};
  KnownDriver known = {};
  std::chrono::steady_clock::time_point since = {};
};

// A connection, used by one statement at a time.
class Connection {
 public:
  explicit Connection(std::shared_ptr<Opened> opened) : opened_(std::move(opened)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    const std::lock_guard lock(opened_->mutex);
    handle_.reset();
  }

  AdbcConnection* get() { return handle_.get(); }
  const KnownDriver& known() const { return opened_->known; }
  const Secrets& secrets() const { return opened_->secrets; }
  const std::shared_ptr<Opened>& opened() const { return opened_; }

  // Runs a statement of ours, for no rows.
  std::optional<Failure> command(std::string_view sql);

  bool used = false;  // By a statement before this one: it may have been lost since.
  std::chrono::steady_clock::time_point idle_since = {};

 private:
  std::shared_ptr<Opened> opened_;
  ConnectionHandle handle_;
};

// The connections to one warehouse: opens them as they are needed and keeps those that may be used again. Safe from
// any thread; every call may block as long as the warehouse takes.
class Database {
 public:
  explicit Database(AdbcOptions options) : options_(std::move(options)) {}

  // Returns one that nobody uses, kept or new. All that goes wrong is `unavailable`: the statement is not at fault.
  Outcome<std::unique_ptr<Connection>> take();

  // Returns a new one, and lets go of all that are kept: for who found one of them lost.
  Outcome<std::unique_ptr<Connection>> take_new();

  // Takes back one whose statement has ended well, to the last row.
  void give_back(std::unique_ptr<Connection> connection);

 private:
  Outcome<std::shared_ptr<Opened>> opened();
  Outcome<std::shared_ptr<Opened>> open();
  Outcome<std::unique_ptr<Connection>> connect(std::shared_ptr<Opened> opened);
  std::optional<Failure> set_up(Connection& connection);
  std::string_view reset_statement(const KnownDriver& known) const;

  const AdbcOptions options_;
  std::mutex opening_;  // Held while a database is opened, by one thread for all.
  std::mutex mutex_;    // Of what follows; never held while the warehouse is waited for.
  std::shared_ptr<Opened> opened_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace coatcheck::warehouse::adbc
