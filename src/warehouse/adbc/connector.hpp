#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse {

struct AdbcOptions {
  using Values = std::map<std::string, std::string>;

  std::string driver;                          // The driver's library: a path, or a name that the loader finds.
  std::optional<std::string> entrypoint = {};  // Its function to begin with, if that is not the usual one.
  // As the driver's own pages name them (uri, username, password, …). They may hold secrets: nothing of a value shows
  // in a log or a failure, but for names of hosts and users that the warehouse itself speaks of.
  Values database_options = {};
  // More of these, from where they may change: called before the warehouse is connected to afresh, on any thread. What
  // it returns goes before `database_options`. An error says why there are none; clients see its message.
  std::function<Result<Values>()> credentials = {};
  Values connection_options = {};  // Set in every connection.
  Values statement_options = {};   // Set in every statement.
  // What a connection runs before another statement gets it, so that nothing of the last one is left in it. Unset, it
  // is what is known for the driver (PostgreSQL: DISCARD ALL). Where it is empty or unknown, every statement has a new
  // connection.
  std::optional<std::string> reset_statement = {};
  // The operator's word that nothing can be changed here, because user or database only read: then every statement is
  // a read, which a crash may run again. Where the driver is known, its sessions are set to read only as well.
  bool only_reads = false;
  std::size_t running_max = 4;      // Statements, and so connections, at one time; each may hold a thread.
  std::size_t batch_rows = 65'536;  // How many rows a batch has at most.
};

// Makes a warehouse of whatever an ADBC driver reaches (docs/warehouses/adbc.md). Loads the driver, which then stays
// in the process, and connects to nothing: a warehouse that is down makes its statements fail with `unavailable`,
// until it is up again. The loop must outlive the connector.
//
// Who prepares waits while `running_max` statements are there, in their order. That, and what the warehouse takes to
// prepare the statement, ends with `timeout` when Request::timeout has passed, but for a driver that cannot cancel, and
// for the opening of a connection, which only the driver's own options limit.
//
// Fails with invalid_argument if the driver cannot be loaded or a number is 0.
Result<std::unique_ptr<Connector>> open_adbc(AdbcOptions options, async::Loop& loop);

}  // namespace coatcheck::warehouse
