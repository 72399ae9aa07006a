#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "base/result.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse {

struct SnowflakeOptions {
  enum class Authentication {
    none,      // For a server of one's own that asks for none.
    key_pair,  // A JWT that is signed here, for a user with a registered public key.
    // Tokens. They differ only in what Snowflake is told that they are.
    oauth,
    programmatic_access_token,
    token,  // Any, also of workload identity: Snowflake finds out which.
  };
  // How the connector learns that statements have ended.
  enum class StatusMethod {
    statements,  // A request for each one that runs. Needs no warehouse.
    history,     // One statement for all that run: INFORMATION_SCHEMA.QUERY_HISTORY.
  };
  // What timestamps of a scale of 7 to 9 are read as; those of a lower scale are microseconds.
  enum class Timestamps {
    by_value,      // Nanoseconds if some value in a result's first partition has any, else microseconds.
    microseconds,  // Decimals beyond are cut off.
    nanoseconds,   // A value before 1677 or after 2262 fails.
  };
  // When rows are fetched.
  enum class Spool {
    on_claim,  // When somebody claims them, if there is more than one partition: Snowflake keeps them.
    at_once,   // When the statement has ended.
  };

  std::string url = {};  // "https://<account>.snowflakecomputing.com", or any server with the same API.
  Authentication authentication = Authentication::key_pair;
  // For key_pair: "MYORG-MYACCOUNT", or a locator, perhaps with its region ("xy12345.eu-central-1").
  std::string account = {};
  std::string user = {};
  // Returns the token of now, or the private key of now (PEM, PKCS #8 or PKCS #1). A token is asked for before each
  // request, a key for each new JWT; on the loop's thread: it may read a small file that has changed, no more. What it
  // returns is never logged and never part of an error.
  std::function<Result<std::string>()> secret = {};
  std::function<Result<std::string>()> passphrase = {};  // Of an encrypted private key; the same is true of it.

  // Where and as whom statements run; empty: as the user's defaults say. In the exact case.
  std::string role = {};
  std::string warehouse = {};
  std::string database = {};
  std::string schema = {};

  std::filesystem::path ca_file = {};  // Certificates (PEM) to trust instead of the system's.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds request_timeout{60'000};  // Of one request; Snowflake holds one for 45 s.
  // How long a statement that Snowflake has certainly not taken, or a partition, is tried again.
  std::chrono::milliseconds retry_for{120'000};

  StatusMethod status_method = StatusMethod::statements;
  // How long between two looks at one statement: a tenth of its age, within these. The shortest while somebody waits
  // for it. Never less than 10 ms.
  std::chrono::milliseconds poll_min{250};
  std::chrono::milliseconds poll_max{10'000};

  Timestamps timestamps = Timestamps::by_value;
  Spool spool = Spool::on_claim;
  std::chrono::milliseconds result_kept_for{std::chrono::hours(24)};  // By Snowflake, from the statement's submission.
  int partitions_ahead_max = 4;  // Partitions of one result in memory: being fetched, or waiting to be pulled.
  std::size_t partition_bytes_max = std::size_t{256} << 20;  // One answer, decompressed.
  int decoding_threads = 2;
};

// Returns an account of Snowflake as a detached warehouse (docs/warehouses/snowflake.md), by its SQL API. Connects to
// nothing yet. The loop must outlive the connector.
//
// Fails with invalid_argument if an option is wrong, also for credentials over plain http to another machine. Keys and
// tokens are read when they are needed, not here.
Result<std::unique_ptr<Connector>> open_snowflake(SnowflakeOptions options, async::Loop& loop);

}  // namespace coatcheck::warehouse
