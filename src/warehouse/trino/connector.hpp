#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse {

struct TrinoOptions {
  enum class Authentication {
    none,   // X-Trino-User alone.
    basic,  // User and password.
    jwt,    // A bearer token: JWT or OAuth 2.0.
  };

  std::string url = {};   // Of the coordinator: "https://trino.example.com:8443", perhaps with a path before /v1.
  std::string user = {};  // As whom statements run. Needed, except with jwt: then the token may say it.
  Authentication authentication = Authentication::none;
  // Returns the password or token of now. Called before every request, on the loop's thread: it may read a small file
  // that has changed, no more. What it returns is never logged and never part of an error.
  std::function<Result<std::string>()> secret = {};

  std::string catalog = {};
  std::string schema = {};
  std::string source = "coatcheck";  // By which resource groups and Trino's own history know us.
  std::vector<std::string> client_tags = {};
  std::map<std::string, std::string> session_properties = {};
  std::string time_zone = "UTC";  // In which statements are evaluated (CURRENT_DATE, …).

  std::filesystem::path ca_file = {};  // Certificates (PEM) to trust instead of the system's.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds request_timeout{
      120'000};                                  // Of one request; Trino holds it for a second while nothing happens.
  std::chrono::milliseconds retry_for{120'000};  // How long 502, 503, 504 and broken connections are tried again.
  std::size_t page_bytes_max = std::size_t{256}
                               << 20;  // One answer of Trino's, decompressed; it aims at 16 MiB or less.
  bool spooling = true;                // Take rows by way of Trino's object storage if it offers that.
  bool compression = true;             // Let the coordinator compress its answers.
  int decoding_threads = 2;
  // Whether statements that by Trino's grammar are queries are reported as `read`, and so may run again after a crash.
  // A view may hide a function that writes in another system; set it to false if yours do.
  bool queries_only_read = true;
};

// Returns a Trino cluster as a warehouse (docs/warehouses/trino.md). Connects to nothing yet: a cluster that is down
// makes its statements fail as `unavailable`. The loop must outlive the connector.
//
// Fails with invalid_argument if an option is wrong, also for credentials over plain http to another machine.
Result<std::unique_ptr<Connector>> open_trino(TrinoOptions options, async::Loop& loop);

}  // namespace coatcheck::warehouse
