#include "warehouses.hpp"

#include <algorithm>
#include <string_view>
#include <thread>
#include <utility>

#include "warehouse/adbc/connector.hpp"
#include "warehouse/duckdb/connector.hpp"
#include "warehouse/snowflake/connector.hpp"
#include "warehouse/trino/connector.hpp"

namespace coatcheck {

namespace {

using Opened = Result<std::unique_ptr<warehouse::Connector>>;

Opened open_duckdb(const config::Warehouse& settings, async::Loop& loop) {
  const config::DuckdbSettings& given = settings.duckdb;
  warehouse::DuckdbOptions options{.database = given.database, .running_max = settings.max_running};
  for (const std::string& directory : given.data_directories) options.data_directories.emplace_back(directory);
  for (const config::Table& table : given.tables) options.tables.push_back({.name = table.name, .source = table.path});
  options.memory_limit = given.memory_limit > 0 ? std::to_string(given.memory_limit) + "B" : "";
  options.threads =
      static_cast<int>(given.threads > 0 ? given.threads : std::max(1U, std::thread::hardware_concurrency()));
  return warehouse::open_duckdb(std::move(options), loop);
}

Result<warehouse::AdbcOptions::Values> read_all(const std::vector<NamedCredential>& credentials) {
  warehouse::AdbcOptions::Values values;
  for (const NamedCredential& each : credentials) {
    auto secret = each.credential.read();
    if (!secret) {
      Error error = std::move(secret).error();
      error.message = "The credentials of this warehouse cannot be read: " + error.message;
      return error;
    }
    values[each.option] = *std::move(secret);
  }
  return values;
}

Opened open_adbc(const config::Warehouse& settings, async::Loop& loop) {
  const config::AdbcSettings& given = settings.adbc;
  warehouse::AdbcOptions options{.driver = given.driver,
                                 .database_options = given.database_options,
                                 .connection_options = given.connection_options,
                                 .statement_options = given.statement_options,
                                 .only_reads = given.only_reads,
                                 .running_max = settings.max_running,
                                 .batch_rows = given.batch_rows};
  if (!given.entrypoint.empty()) options.entrypoint = given.entrypoint;
  if (given.reset_statement != "auto") options.reset_statement = given.reset_statement;
  if (!given.credentials.empty()) {
    options.credentials = [credentials = credentials_of(settings)] { return read_all(credentials); };
  }
  return warehouse::open_adbc(std::move(options), loop);
}

// With the option that is wrong in the message.
Opened in_words(Opened opened) {
  if (opened || opened.error().field.empty()) return opened;
  Error error = std::move(opened).error();
  error.message = error.field + " " + error.message;
  return error;
}

Opened open_trino(const config::Warehouse& settings, async::Loop& loop) {
  using Authentication = warehouse::TrinoOptions::Authentication;
  const config::TrinoSettings& given = settings.trino;
  warehouse::TrinoOptions options{.url = given.url,
                                  .user = given.user,
                                  .authentication = given.authentication == "basic" ? Authentication::basic
                                                    : given.authentication == "jwt" ? Authentication::jwt
                                                                                    : Authentication::none,
                                  .catalog = given.catalog,
                                  .schema = given.schema,
                                  .source = given.source,
                                  .client_tags = given.client_tags,
                                  .session_properties = given.session_properties,
                                  .time_zone = given.time_zone,
                                  .ca_file = given.ca_file,
                                  .connect_timeout = given.connect_timeout,
                                  .request_timeout = given.request_timeout,
                                  .retry_for = given.retry_for,
                                  .page_bytes_max = given.page_bytes_max,
                                  .spooling = given.spooling,
                                  .compression = given.compression,
                                  .queries_only_read = given.queries_only_read};
  for (NamedCredential& each : credentials_of(settings)) {
    options.secret = [credential = std::move(each.credential)] { return credential.read(); };
  }
  return in_words(warehouse::open_trino(std::move(options), loop));
}

warehouse::SnowflakeOptions::Authentication snowflake_authentication(std::string_view name) {
  using Authentication = warehouse::SnowflakeOptions::Authentication;
  if (name == "key_pair") return Authentication::key_pair;
  if (name == "oauth") return Authentication::oauth;
  if (name == "programmatic_access_token") return Authentication::programmatic_access_token;
  return name == "token" ? Authentication::token : Authentication::none;
}

warehouse::SnowflakeOptions::Timestamps snowflake_timestamps(std::string_view name) {
  using Timestamps = warehouse::SnowflakeOptions::Timestamps;
  if (name == "microseconds") return Timestamps::microseconds;
  return name == "nanoseconds" ? Timestamps::nanoseconds : Timestamps::by_value;
}

Opened open_snowflake(const config::Warehouse& settings, async::Loop& loop) {
  using Options = warehouse::SnowflakeOptions;
  const config::SnowflakeSettings& given = settings.snowflake;
  Options options{
      .url = given.url,
      .authentication = snowflake_authentication(given.authentication),
      .account = given.account,
      .user = given.user,
      .role = given.role,
      .warehouse = given.warehouse,
      .database = given.database,
      .schema = given.schema,
      .ca_file = given.ca_file,
      .connect_timeout = given.connect_timeout,
      .request_timeout = given.request_timeout,
      .retry_for = given.retry_for,
      .status_method = given.status == "history" ? Options::StatusMethod::history : Options::StatusMethod::statements,
      .poll_min = given.poll_min,
      .poll_max = given.poll_max,
      .timestamps = snowflake_timestamps(given.timestamps),
      .spool = given.spool == "at_once" ? Options::Spool::at_once : Options::Spool::on_claim,
      .result_kept_for = given.result_kept_for,
      .partitions_ahead_max = static_cast<int>(given.partitions_ahead_max),
      .partition_bytes_max = given.partition_bytes_max};
  for (NamedCredential& each : credentials_of(settings)) {
    auto& reads = each.option == "secret" ? options.secret : options.passphrase;
    reads = [credential = std::move(each.credential)] { return credential.read(); };
  }
  return in_words(warehouse::open_snowflake(std::move(options), loop));
}

}  // namespace

Opened open_warehouse(const config::Warehouse& settings, async::Loop& loop) {
  if (settings.kind == "adbc") return open_adbc(settings, loop);
  if (settings.kind == "trino") return open_trino(settings, loop);
  if (settings.kind == "snowflake") return open_snowflake(settings, loop);
  return open_duckdb(settings, loop);
}

std::vector<NamedCredential> credentials_of(const config::Warehouse& settings) {
  std::vector<NamedCredential> all;
  if (settings.kind == "adbc") {
    for (const auto& [option, source] : settings.adbc.credentials)
      all.push_back({option, config::Credential("credentials." + option + ".", source)});
  }
  if (settings.kind == "trino" && settings.trino.secret.is_set())
    all.push_back({"secret", config::Credential("secret_", settings.trino.secret)});
  if (settings.kind == "snowflake") {
    const config::SnowflakeSettings& given = settings.snowflake;
    if (given.secret.is_set()) all.push_back({"secret", config::Credential("secret_", given.secret)});
    if (given.passphrase.is_set()) all.push_back({"passphrase", config::Credential("passphrase_", given.passphrase)});
  }
  return all;
}

}  // namespace coatcheck
