#include "warehouse/adbc/driver.hpp"

#include <duckdb/common/adbc/driver_manager.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "warehouse/adbc/handles.hpp"

namespace coatcheck::warehouse::adbc {

namespace {

constexpr std::array drivers = {
    KnownDriver{.name = "ADBC PostgreSQL Driver",
                .reset = "DISCARD ALL",
                .utf8 = "SET client_encoding = 'UTF8'",
                .read_only = "SET default_transaction_read_only = on",
                .batch_bytes_option = "adbc.postgresql.batch_size_hint_bytes",
                .streams_option = "adbc.postgresql.use_copy",
                .learns_types_once = true},
    KnownDriver{.name = "ADBC SQLite Driver",
                .read_only = "PRAGMA query_only = true",
                .batch_rows_option = "adbc.sqlite.query.batch_rows",
                .passes_over_second_statement = true},
};

constexpr KnownDriver unknown_driver;

}  // namespace

Result<void> load_driver(const AdbcOptions& options) {
  static std::mutex mutex;
  // Never destroyed.
  static auto& loaded = *new std::map<std::pair<std::string, std::string>, std::unique_ptr<AdbcDriver>>;
  const std::lock_guard lock(mutex);
  auto& driver = loaded[{options.driver, options.entrypoint.value_or("")}];
  if (driver) return Result<void>::ok();
  auto fresh = std::make_unique<AdbcDriver>();
  std::memset(fresh.get(), 0, sizeof *fresh);
  Error error;
  const char* entrypoint = options.entrypoint ? options.entrypoint->c_str() : nullptr;
  if (AdbcLoadDriver(options.driver.c_str(), entrypoint, ADBC_VERSION_1_1_0, fresh.get(), error.out()) !=
      ADBC_STATUS_OK) {
    const char* words = error.get().message;
    return coatcheck::Error{.code = Errc::invalid_argument,
                            .message = "the ADBC driver '" + options.driver + "' cannot be loaded" +
                                       (words != nullptr ? ": " + std::string(words) : std::string()),
                            .field = "driver"};
  }
  driver = std::move(fresh);
  return Result<void>::ok();
}

const KnownDriver& known_driver(std::string_view name) {
  for (const auto& driver : drivers) {
    if (driver.name == name) return driver;
  }
  return unknown_driver;
}

}  // namespace coatcheck::warehouse::adbc
