#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/native/door.hpp"
#include "api/snowflake/login.hpp"
#include "api/snowflake/own_statements.hpp"
#include "api/snowflake/sessions.hpp"
#include "api/snowflake_driver/door.hpp"
#include "api/snowflake_sql_api/door.hpp"
#include "async/pool.hpp"
#include "async/task.hpp"
#include "async/task_group.hpp"
#include "config/settings.hpp"
#include "http/certificates.hpp"
#include "http/server.hpp"
#include "journal/journal.hpp"
#include "principals/keyring.hpp"
#include "query/service.hpp"
#include "results/spool.hpp"
#include "scan/service_stored.hpp"
#include "telemetry/metrics.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck {

// The composition root: every room once, in the order in which they need each other, and taken down in
// reverse. Loop thread only.
class ServerProcess {
 public:
  // Opens the data directory and the warehouses. Errors are for the operator's eyes.
  static Result<std::unique_ptr<ServerProcess>> create(async::Loop& loop, const config::Settings& settings);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  // Takes up what an earlier process left, then listens; returns the port.
  async::Task<Result<std::uint16_t>> start();

  // Goes down as promised: no more queries, waiters answered, running queries their grace, nothing lost, and the
  // journal closed. False if a warehouse did not stop: its tasks are still there, so this must not be destroyed, and
  // the process is to end as it stands.
  async::Task<bool> stop();

 private:
  ServerProcess(async::Loop& loop, const config::Settings& settings);

  Result<void> open();
  Result<void> open_certificates();
  Result<void> open_warehouses();
  Result<void> open_scans();
  Result<void> open_snowflake_doors(http::Router& router);
  void publish_measures();
  async::Task<> refresh_secrets();
  void refresh_keys();
  void refresh_certificates();
  async::Task<> sweep_sessions();

  async::Loop& loop_;
  config::Settings settings_;
  telemetry::Registry registry_;
  // Pools are named for what they must not hold up: a long encoding keeps no journal write waiting.
  async::Pool disk_;
  async::Pool encoding_;
  std::unique_ptr<principals::Keyring> keyring_;  // Null: authentication is off.
  std::unique_ptr<journal::Journal> journal_;
  std::unique_ptr<results::Spool> spool_;
  scan::ServiceStored stored_;                 // What the warehouse of SQL over results and history reads.
  api::snowflake::Surroundings surroundings_;  // What statements that the server runs itself act on.
  std::vector<std::unique_ptr<warehouse::Connector>> connectors_;
  std::vector<query::WarehouseSetup> warehouses_;
  std::unique_ptr<query::Service> service_;
  std::unique_ptr<api::native::Door> door_;
  std::unique_ptr<api::snowflake::Sessions> sessions_;
  std::unique_ptr<api::snowflake::Login> login_;
  std::unique_ptr<api::snowflake_driver::Door> driver_door_;
  std::unique_ptr<api::snowflake_sql_api::Door> sql_api_door_;
  std::optional<http::Certificates> certificates_;  // None: no TLS.
  std::unique_ptr<http::Server> server_;
  async::Timer refresh_timer_;
  async::Timer sweep_timer_;
  async::TaskGroup tasks_;
};

}  // namespace coatcheck
