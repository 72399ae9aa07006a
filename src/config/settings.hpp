#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace coatcheck::config {

// Everything that can be set. What each means, its default and its bounds are in catalog.cpp, once;
// docs/config.example.toml is made from there. Made by load() or defaults(): a Settings that is made bare
// has no useful values.

using Duration = std::chrono::milliseconds;
using Bytes = std::uint64_t;
using Count = std::uint64_t;

// A numeric address and a port to listen on.
struct Endpoint {
  std::string address;  // "127.0.0.1", "::1"; without brackets.
  std::uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};

// Whether only this machine can reach it.
bool is_loopback(const Endpoint& endpoint);
// Returns "127.0.0.1:8420", "[::1]:8420".
std::string to_string(const Endpoint& endpoint);

struct Server {
  Endpoint listen = {};
  Duration drain_grace = {};

  bool operator==(const Server&) const = default;
};

struct Data {
  std::string directory = {};

  bool operator==(const Data&) const = default;
};

struct Authentication {
  bool enabled = true;

  bool operator==(const Authentication&) const = default;
};

// Files in PEM. Without a certificate the server speaks HTTP in the clear.
struct Tls {
  std::string certificate = {};
  std::string key = {};
  std::string client_ca = {};  // Empty: clients need no certificate.

  bool is_on() const { return !certificate.empty(); }
  bool operator==(const Tls&) const = default;
};

struct Log {
  std::string level = {};  // "debug", "info", "warn" or "error".
  std::string style = {};  // "human" or "json".

  bool operator==(const Log&) const = default;
};

struct Results {
  Duration ttl = {};
  Duration ttl_max = {};
  Bytes disk_bytes_max = 0;
  Bytes result_bytes_max = 0;

  bool operator==(const Results&) const = default;
};

struct History {
  Duration retention = {};

  bool operator==(const History&) const = default;
};

struct Limits {
  // One request.
  Bytes statement_bytes_max = 0;
  Bytes body_bytes_max = 0;
  Bytes header_bytes_max = 0;
  Count parameters_max = 0;
  Bytes idempotency_key_bytes_max = 0;
  Bytes query_tag_bytes_max = 0;
  Count batch_ids_max = 0;
  // One response.
  Count inline_rows_max = 0;
  Count page_rows_max = 0;
  Count history_page_max = 0;
  // Waiting.
  Duration wait_max = {};
  Count waiters_max = 0;
  // Connections.
  Count connections_max = 0;
  Duration header_timeout = {};
  Duration body_timeout = {};
  Duration idle_timeout = {};
  Duration write_timeout = {};
  Bytes write_rate_min = {};
  // Memory.
  Count recent_queries_max = 0;

  bool operator==(const Limits&) const = default;
};

// A file, or several by a pattern, that queries see as a table.
struct Table {
  std::string name = {};
  std::string path = {};

  bool operator==(const Table&) const = default;
};

// Where a secret is: exactly one of them is set. See credential.hpp.
struct CredentialSource {
  std::string file = {};
  std::string environment = {};  // The name of a variable.

  bool is_set() const { return !file.empty() || !environment.empty(); }
  bool operator==(const CredentialSource&) const = default;
};

// Options that are not ours to know, by their names.
using Texts = std::map<std::string, std::string>;
using Credentials = std::map<std::string, CredentialSource>;

struct DuckdbSettings {
  std::string database = {};  // Empty: in memory.
  std::vector<std::string> data_directories = {};
  Bytes memory_limit = 0;  // 0: the engine's own choice.
  Count threads = 0;       // 0: one for each processor.
  std::vector<Table> tables = {};

  bool operator==(const DuckdbSettings&) const = default;
};

struct AdbcSettings {
  std::string driver = {};
  std::string entrypoint = {};  // Empty: the usual one.
  Texts database_options = {};
  Texts connection_options = {};
  Texts statement_options = {};
  Credentials credentials = {};      // More database options, which are secret.
  std::string reset_statement = {};  // "auto": what is known for the driver. Empty: none.
  bool only_reads = false;
  Count batch_rows = 0;

  bool operator==(const AdbcSettings&) const = default;
};

struct TrinoSettings {
  std::string url = {};
  std::string user = {};
  std::string authentication = {};  // "none", "basic" or "jwt".
  CredentialSource secret = {};     // The password or token.
  std::string catalog = {};
  std::string schema = {};
  std::string source = {};
  std::vector<std::string> client_tags = {};
  Texts session_properties = {};
  std::string time_zone = {};
  std::string ca_file = {};
  Duration connect_timeout = {};
  Duration request_timeout = {};
  Duration retry_for = {};
  Bytes page_bytes_max = 0;
  bool spooling = true;
  bool compression = true;
  bool queries_only_read = false;

  bool operator==(const TrinoSettings&) const = default;
};

struct SnowflakeSettings {
  std::string url = {};
  std::string authentication = {};  // "key_pair", "oauth", "programmatic_access_token", "token" or "none".
  std::string account = {};
  std::string user = {};
  CredentialSource secret = {};      // The private key or token.
  CredentialSource passphrase = {};  // Of the private key.
  std::string role = {};
  std::string warehouse = {};
  std::string database = {};
  std::string schema = {};
  std::string ca_file = {};
  Duration connect_timeout = {};
  Duration request_timeout = {};
  Duration retry_for = {};
  std::string status = {};  // "statements" or "history".
  Duration poll_min = {};
  Duration poll_max = {};
  std::string timestamps = {};  // "by_value", "microseconds" or "nanoseconds".
  std::string spool = {};       // "on_claim" or "at_once".
  Duration result_kept_for = {};
  Count partitions_ahead_max = 0;
  Bytes partition_bytes_max = 0;

  bool operator==(const SnowflakeSettings&) const = default;
};

struct Warehouse {
  std::string name = {};
  std::string kind = {};  // "duckdb", "adbc", "trino" or "snowflake": which of the last members holds.
  // Exactly one of Settings::warehouses has this: where a query goes that names none.
  bool is_default = false;
  Count max_running = 0;
  Count max_queued = 0;
  Duration queue_timeout = {};
  Duration timeout_default = {};
  Duration timeout_max = {};
  DuckdbSettings duckdb = {};
  AdbcSettings adbc = {};
  TrinoSettings trino = {};
  SnowflakeSettings snowflake = {};

  bool operator==(const Warehouse&) const = default;
};

// What principals may have that have no section of their own.
struct Principals {
  Count max_running = 0;  // 0: no limit.
  Count max_queued = 0;   // 0: no limit.
  Count max_waiting = 0;  // 0: no limit.
  Count max_claims = 0;   // 0: no limit.
  Bytes max_stored = 0;   // 0: no limit.

  bool operator==(const Principals&) const = default;
};

struct Principal {
  std::string name = {};
  Count max_running = 0;  // 0: no limit.
  Count max_queued = 0;   // 0: no limit.
  Count max_waiting = 0;  // 0: no limit.
  Count max_claims = 0;   // 0: no limit.
  Bytes max_stored = 0;   // 0: no limit.
  Count weight = 0;

  bool operator==(const Principal&) const = default;
};

struct Settings {
  Server server = {};
  Data data = {};
  Authentication authentication = {};
  Tls tls = {};
  Log log = {};
  Limits limits = {};
  Results results = {};
  History history = {};
  Principals principals = {};
  std::vector<Warehouse> warehouses = {};          // At least one.
  std::vector<Principal> principals_of_note = {};  // Those with limits or a weight of their own.

  bool operator==(const Settings&) const = default;
};

}  // namespace coatcheck::config
