#include "server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "scan/connector.hpp"
#include "scan/recognizer.hpp"
#include "telemetry/log.hpp"
#include "warehouses.hpp"

namespace coatcheck {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t disk_threads = 4;

std::size_t processors() { return std::max<std::size_t>(1, std::thread::hardware_concurrency()); }

// The warehouse in which SQL over results and history runs. Its name is not for others.
constexpr const char* scan_warehouse = "coatcheck";
constexpr std::size_t scans_running_max = 16;
constexpr std::chrono::hours session_statement_max{24 * 8};  // SYSTEM$WAIT may take seven days.
constexpr std::size_t own_running_max = 1'000;               // Sessions' statements and scripts, of each.

constexpr auto sweep_interval = std::chrono::minutes(5);

// Closing a connection that still sends needs a little longer than the queries had.
constexpr auto cut_after_grace = std::chrono::seconds(2);

// A secret that cannot be read now may be there later: statements fail until then, and the operator knows at once.
void warn_of_secrets(const config::Warehouse& warehouse) {
  for (const NamedCredential& each : credentials_of(warehouse)) {
    auto secret = each.credential.read();
    if (secret) continue;
    telemetry::warn(
        "secret_not_read",
        {{"warehouse", warehouse.name}, {"error", secret.error().message}, {"where", secret.error().detail}});
  }
}

// Nothing of this keeps the server from serving, and clients may even be content.
void warn_of_certificates(const http::Certificates& certificates, const config::Tls& tls) {
  if (certificates.key_is_readable_by_all()) telemetry::warn("tls_key_readable_by_all", {{"file", tls.key}});
  if (certificates.expires() <= std::time(nullptr)) {
    telemetry::warn("tls_certificate_expired", {{"file", tls.certificate}});
  }
}

// Settings say 0 where there is no limit.
template <class Section>
query::ShareLimits share_limits(const Section& section) {
  query::ShareLimits limits;
  if (section.max_running != 0) limits.running_max = section.max_running;
  if (section.max_queued != 0) limits.queued_max = section.max_queued;
  if (section.max_waiting != 0) limits.waiting_max = section.max_waiting;
  if (section.max_claims != 0) limits.claims_max = section.max_claims;
  if (section.max_stored != 0) limits.stored_max = section.max_stored;
  return limits;
}

}  // namespace

ServerProcess::ServerProcess(async::Loop& loop, const config::Settings& settings)
    : loop_(loop),
      settings_(settings),
      disk_(disk_threads),
      encoding_(processors()),
      stored_({.everyone_sees_all = !settings.authentication.enabled}),
      refresh_timer_(loop.get_executor()),
      sweep_timer_(loop.get_executor()),
      tasks_(loop.get_executor(), [](std::exception_ptr) { telemetry::error("task_failed"); }) {}

ServerProcess::~ServerProcess() = default;

Result<std::unique_ptr<ServerProcess>> ServerProcess::create(async::Loop& loop, const config::Settings& settings) {
  std::unique_ptr<ServerProcess> process(new ServerProcess(loop, settings));
  auto opened = process->open();
  if (!opened) return std::move(opened).error();
  return process;
}

Result<void> ServerProcess::open() {
  if (auto opened = open_certificates(); !opened) return opened;
  const fs::path data = settings_.data.directory;
  if (auto made = disk().make_directories(data); !made) return made;

  if (settings_.authentication.enabled) {
    auto keyring = principals::Keyring::open(data / "keys.json", disk(), system_clock());
    if (!keyring) return std::move(keyring).error();
    keyring_ = std::make_unique<principals::Keyring>(*std::move(keyring));
  }

  auto journal = journal::open_sqlite_journal({.file = data / "journal.db"}, loop_);
  if (!journal) return std::move(journal).error();
  journal_ = *std::move(journal);

  auto spool = results::Spool::open({.directory = data / "results",
                                     .disk_bytes_max = settings_.results.disk_bytes_max,
                                     .result_bytes_max = settings_.results.result_bytes_max},
                                    disk());
  if (!spool) return std::move(spool).error();
  spool_ = *std::move(spool);

  if (auto opened = open_warehouses(); !opened) return opened;
  if (auto opened = open_scans(); !opened) return opened;

  query::Options options{
      .queries = {.ended_max = settings_.limits.recent_queries_max, .waiters_max = settings_.limits.waiters_max},
      .result_ttl_default = settings_.results.ttl,
      .result_ttl_max = settings_.results.ttl_max,
      .history_retention = settings_.history.retention};
  options.others = share_limits(settings_.principals);
  for (const config::Principal& principal : settings_.principals_of_note) {
    query::ShareLimits& limits = options.named[principal.name];
    limits = share_limits(principal);
    limits.weight = static_cast<unsigned>(principal.weight);
  }
  service_ = std::make_unique<query::Service>(loop_, *journal_, *spool_, disk_, system_clock(), registry_,
                                              std::move(options), warehouses_);
  stored_.attach(*service_);

  const config::Limits& limits = settings_.limits;
  api::native::Limits door_limits{.body_bytes_max = limits.body_bytes_max,
                                  .statement_bytes_max = limits.statement_bytes_max,
                                  .parameters_max = limits.parameters_max,
                                  .query_tag_bytes_max = limits.query_tag_bytes_max,
                                  .idempotency_key_bytes_max = limits.idempotency_key_bytes_max,
                                  .wait_max = limits.wait_max,
                                  .batch_ids_max = limits.batch_ids_max,
                                  .inline_rows_max = limits.inline_rows_max,
                                  .page_rows_max = limits.page_rows_max,
                                  .history_page_max = limits.history_page_max};
  door_ =
      std::make_unique<api::native::Door>(*service_, keyring_.get(), encoding_, registry_, system_clock(), door_limits);

  http::Router router;
  door_->add_routes(router);
  if (auto opened = open_snowflake_doors(router); !opened) return opened;
  http::Limits http_limits{.connections_max = limits.connections_max,
                           .header_bytes_max = limits.header_bytes_max,
                           .header_timeout = limits.header_timeout,
                           .body_timeout = limits.body_timeout,
                           .idle_timeout = limits.idle_timeout,
                           .write_timeout = limits.write_timeout,
                           .write_rate_min = limits.write_rate_min};
  server_ = std::make_unique<http::Server>(
      loop_, std::move(router), http_limits,
      [](std::string_view event, std::string_view detail) {
        // A client that goes away is its own business; what a handler did wrong is
        // ours.
        const bool ours = event == "handler_failed" || event == "field_dropped";
        const auto level = ours                       ? telemetry::Level::error
                           : event == "accept_failed" ? telemetry::Level::warn
                                                      : telemetry::Level::debug;
        telemetry::log(level, event, {{"detail", detail}});
      },
      certificates_ ? &*certificates_ : nullptr);
  publish_measures();
  return Result<void>::ok();
}

Result<void> ServerProcess::open_certificates() {
  const config::Tls& tls = settings_.tls;
  if (!tls.is_on()) return Result<void>::ok();
  auto opened = http::Certificates::open({.certificate = tls.certificate, .key = tls.key, .client_ca = tls.client_ca});
  if (!opened) return std::move(opened).error();
  certificates_.emplace(*std::move(opened));
  warn_of_certificates(*certificates_, tls);
  registry_.computed_gauge("coatcheck_tls_certificate_expiry_timestamp_seconds", "When the certificate in use ends.",
                           [this] { return static_cast<double>(certificates_->expires()); });
  return Result<void>::ok();
}

Result<void> ServerProcess::open_warehouses() {
  for (const config::Warehouse& warehouse : settings_.warehouses) {
    if (warehouse.name == scan_warehouse)
      return Error{Errc::invalid_argument,
                   "a warehouse cannot be called 'coatcheck': that is where results are scanned"};
    auto connector = open_warehouse(warehouse, loop_);
    if (!connector)
      return Error{connector.error().code, "warehouse '" + warehouse.name + "': " + connector.error().message};
    warn_of_secrets(warehouse);

    query::WarehouseSetup setup{.name = warehouse.name,
                                .kind = warehouse.kind,
                                .connector = connector->get(),
                                .limits = {.running_max = warehouse.max_running,
                                           .queued_max = warehouse.max_queued,
                                           .queue_timeout = warehouse.queue_timeout}};
    if (warehouse.timeout_default.count() > 0) setup.timeout_default = warehouse.timeout_default;
    if (warehouse.timeout_max.count() > 0) setup.timeout_max = warehouse.timeout_max;
    connectors_.push_back(*std::move(connector));
    // The service takes the first one as the default.
    warehouses_.insert(warehouse.is_default ? warehouses_.begin() : warehouses_.end(), std::move(setup));
  }
  return Result<void>::ok();
}

Result<void> ServerProcess::open_scans() {
  scan::Options options{.wait_max = settings_.limits.wait_max,
                        .error_code = [](const Failure& failure) { return api::snowflake::from_failure(failure).code; },
                        .threads = static_cast<int>(processors())};
  auto connector = scan::open_connector(std::move(options), loop_, stored_, system_clock());
  if (!connector) return std::move(connector).error();
  warehouses_.push_back({.name = scan_warehouse,
                         .kind = "scan",
                         .connector = connector->get(),
                         .limits = {.running_max = scans_running_max},
                         .takes = scan::reads_stored});
  connectors_.push_back(*std::move(connector));

  // What the server runs itself only waits for something else: many may.
  surroundings_.everyone_sees_all = !settings_.authentication.enabled;
  surroundings_.query_tag_bytes_max = settings_.limits.query_tag_bytes_max;
  auto session_connector = api::snowflake::make_session_connector(surroundings_, loop_);
  warehouses_.push_back({.name = "session",
                         .kind = "session",
                         .connector = session_connector.get(),
                         .limits = {.running_max = own_running_max},
                         .timeout_default = session_statement_max,
                         .timeout_max = session_statement_max,
                         .form = journal::Form::session});
  connectors_.push_back(std::move(session_connector));
  auto script_connector = api::snowflake::make_script_connector(surroundings_, loop_);
  warehouses_.push_back({.name = "script",
                         .kind = "script",
                         .connector = script_connector.get(),
                         .limits = {.running_max = own_running_max},
                         .form = journal::Form::script});
  connectors_.push_back(std::move(script_connector));
  return Result<void>::ok();
}

Result<void> ServerProcess::open_snowflake_doors(http::Router& router) {
  // What a session submitted before this process began.
  api::snowflake::QueriesOfSession queries_of =
      [this](std::uint64_t session, std::size_t count_max) -> async::Task<Result<std::vector<QueryId>>> {
    principals::Principal anybody{.name = "", .role = principals::Role::admin};
    journal::HistoryFilter filter{.session = session};
    auto page = co_await service_->history(std::move(anybody), std::move(filter), std::nullopt, count_max);
    if (!page) co_return std::move(page).error();
    std::vector<QueryId> oldest_first;
    for (auto at = page->snapshots.rbegin(); at != page->snapshots.rend(); ++at) {
      // As while it lives: a session counts what was a warehouse's to run.
      if (at->entry->submission.form == journal::Form::statement) oldest_first.push_back(at->entry->id);
    }
    co_return oldest_first;
  };
  auto sessions = api::snowflake::Sessions::open(settings_.data.directory, disk(), system_clock(), disk_,
                                                 keyring_.get(), std::move(queries_of), {});
  if (!sessions) return std::move(sessions).error();
  sessions_ = *std::move(sessions);
  surroundings_.service = service_.get();
  surroundings_.sessions = sessions_.get();
  login_ = std::make_unique<api::snowflake::Login>(keyring_.get(), system_clock(), api::snowflake::Login::Options{});
  const api::snowflake_driver::Limits limits{
      .statement_bytes_max = settings_.limits.statement_bytes_max,
      .query_tag_bytes_max = settings_.limits.query_tag_bytes_max,
      .hold_max = std::min<std::chrono::milliseconds>(settings_.limits.wait_max, std::chrono::seconds(45))};
  driver_door_ = std::make_unique<api::snowflake_driver::Door>(*service_, *sessions_, *login_, encoding_, registry_,
                                                               system_clock(), limits);
  driver_door_->add_routes(router);

  const api::snowflake_sql_api::Limits sql_api_limits{.statement_bytes_max = limits.statement_bytes_max,
                                                      .query_tag_bytes_max = limits.query_tag_bytes_max,
                                                      .hold_max = limits.hold_max};
  sql_api_door_ = std::make_unique<api::snowflake_sql_api::Door>(*service_, *login_, encoding_, registry_,
                                                                 system_clock(), sql_api_limits);
  sql_api_door_->add_routes(router);
  return Result<void>::ok();
}

void ServerProcess::publish_measures() {
  using Value = double;
  registry_.computed_gauge("coatcheck_waiters", "Requests that wait for a query to change.",
                           [this] { return static_cast<Value>(service_->waiters()); });
  registry_.computed_gauge("coatcheck_spool_bytes", "Disk that results take.",
                           [this] { return static_cast<Value>(spool_->bytes_used()); });
  registry_.computed_gauge("coatcheck_spool_bytes_max", "Disk that results may take.",
                           [this] { return static_cast<Value>(spool_->bytes_max()); });
  registry_.computed_counter("coatcheck_journal_commits_total", "Commits flushed to disk.",
                             [this] { return static_cast<Value>(journal_->counters().commits); });
  registry_.computed_counter("coatcheck_journal_records_total", "Records in those commits.",
                             [this] { return static_cast<Value>(journal_->counters().records); });
  registry_.computed_counter("coatcheck_journal_lost_notes_total", "Starts of reads that could not be recorded.",
                             [this] { return static_cast<Value>(journal_->counters().lost_notes); });
  registry_.computed_gauge("coatcheck_http_connections", "Open connections.",
                           [this] { return static_cast<Value>(server_->counters().connections_open); });
  registry_.computed_counter("coatcheck_http_requests_total", "Requests read.",
                             [this] { return static_cast<Value>(server_->counters().requests_total); });
  registry_.computed_counter("coatcheck_http_bytes_out_total", "Bytes sent.",
                             [this] { return static_cast<Value>(server_->counters().bytes_out); });
  registry_.computed_counter("coatcheck_http_clients_left_total", "Clients that left while they were served.",
                             [this] { return static_cast<Value>(server_->counters().clients_left); });
  registry_.computed_counter("coatcheck_http_connections_refused_total",
                             "Connections answered 503 because too many were open.",
                             [this] { return static_cast<Value>(server_->counters().connections_refused); });
  registry_.computed_counter("coatcheck_http_bodies_cut_total",
                             "Responses that broke off: their source failed or the client was too slow.",
                             [this] { return static_cast<Value>(server_->counters().bodies_cut); });
  registry_.computed_counter("coatcheck_http_handler_failures_total",
                             "Requests answered 500 for a mistake of the server.",
                             [this] { return static_cast<Value>(server_->counters().handler_failures); });
  registry_.computed_counter("coatcheck_http_handshakes_failed_total", "TLS connections that never came to be.",
                             [this] { return static_cast<Value>(server_->counters().handshakes_failed); });
  for (std::size_t hundreds = 1; hundreds != 6; ++hundreds) {
    registry_.computed_counter(
        "coatcheck_http_responses_total", "Responses by class of status.",
        [this, hundreds] { return static_cast<Value>(server_->counters().responses_by_class[hundreds]); },
        {{"class", fmt::format("{}xx", hundreds)}});
  }
  for (const query::WarehouseSetup& setup : warehouses_) {
    if (setup.form != journal::Form::statement) continue;
    const auto status = [this, name = setup.name] {
      for (const query::WarehouseStatus& warehouse : service_->warehouses()) {
        if (warehouse.name == name) return warehouse;
      }
      return query::WarehouseStatus{};
    };
    registry_.computed_gauge("coatcheck_warehouse_running", "Queries running.",
                             [status] { return static_cast<Value>(status().running); }, {{"warehouse", setup.name}});
    registry_.computed_gauge("coatcheck_warehouse_queued", "Queries queued.",
                             [status] { return static_cast<Value>(status().queued); }, {{"warehouse", setup.name}});
    registry_.computed_gauge("coatcheck_warehouse_reachable", "1, or 0 while its queries wait for it to answer.",
                             [status] { return status().is_reachable ? 1.0 : 0.0; }, {{"warehouse", setup.name}});
    registry_.computed_counter(
        "coatcheck_warehouse_status_requests_total", "Times that it was asked about queries that run there without us.",
        [status] { return static_cast<Value>(status().status_requests); }, {{"warehouse", setup.name}});
  }
}

async::Task<Result<std::uint16_t>> ServerProcess::start() {
  auto recovered = co_await service_->recover();
  if (!recovered) co_return std::move(recovered).error();
  auto port = server_->listen(settings_.server.listen.address, settings_.server.listen.port);
  if (port && (keyring_ || certificates_)) tasks_.spawn(refresh_secrets());
  if (port) tasks_.spawn(sweep_sessions());
  co_return port;
}

async::Task<> ServerProcess::refresh_secrets() {
  for (;;) {
    refresh_timer_.expires_after(std::chrono::seconds(1));
    auto [error] = co_await refresh_timer_.async_wait(async::as_outcome);
    if (error) co_return;
    if (keyring_) refresh_keys();
    if (certificates_) refresh_certificates();
  }
}

void ServerProcess::refresh_keys() {
  auto refreshed = keyring_->refresh();
  if (!refreshed) {
    telemetry::error("keys_not_read", {{"error", refreshed.error().message}});
  } else if (*refreshed) {
    telemetry::info("keys_read_again");
  }
}

void ServerProcess::refresh_certificates() {
  auto refreshed = certificates_->refresh();
  if (!refreshed) {
    telemetry::error("tls_files_not_read", {{"error", refreshed.error().message}});
  } else if (*refreshed) {
    telemetry::info("tls_files_read_again");
    warn_of_certificates(*certificates_, settings_.tls);
  }
}

async::Task<> ServerProcess::sweep_sessions() {
  for (;;) {
    sweep_timer_.expires_after(sweep_interval);
    auto [error] = co_await sweep_timer_.async_wait(async::as_outcome);
    if (error) co_return;
    co_await sessions_->sweep();
  }
}

async::Task<bool> ServerProcess::stop() {
  const Deadline deadline = std::chrono::steady_clock::now() + settings_.server.drain_grace;
  refresh_timer_.cancel();
  sweep_timer_.cancel();
  // The service first: it answers those who wait, so that their connections can end.
  tasks_.spawn(server_->drain(deadline + cut_after_grace));
  const bool all_ended = co_await service_->drain(deadline);
  co_await tasks_.join();
  co_await journal_->close();
  co_return all_ended;
}

}  // namespace coatcheck
