#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "warehouse/adbc/connector.hpp"

namespace coatcheck::warehouse::adbc {

// What is known of a driver and its warehouse beyond what ADBC says. All of it may be missing.
struct KnownDriver {
  std::string_view name = {};  // As the driver calls itself.
  // Makes a used connection as good as new.
  std::string_view reset = {};
  // Makes a connection take and give texts in UTF-8, whatever the database's encoding is.
  std::string_view utf8 = {};
  // Makes a connection refuse writes.
  std::string_view read_only = {};
  // A statement's options for the size of batches.
  std::string_view batch_bytes_option = {};
  std::string_view batch_rows_option = {};
  // A statement's option, true at first, without which the driver also runs what it cannot stream, from memory.
  std::string_view streams_option = {};
  // It runs the first of several statements and says nothing of the others.
  bool passes_over_second_statement = false;
  // It learns the warehouse's types once for all connections, so that new ones need a new database object.
  bool learns_types_once = false;
};

// Loads the driver, for the life of this process: some cannot be unloaded. Fails with invalid_argument.
Result<void> load_driver(const AdbcOptions& options);

// Returns what is known of the driver that calls itself so.
const KnownDriver& known_driver(std::string_view name);

}  // namespace coatcheck::warehouse::adbc
