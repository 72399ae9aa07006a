#include "warehouse/duckdb/progress.hpp"

#include <duckdb/main/client_config.hpp>
#include <duckdb/main/client_context.hpp>
#include <duckdb/main/connection.hpp>

#include <algorithm>

namespace coatcheck::warehouse::duckdb {

void keep_progress(duckdb_connection connection) {
  ::duckdb::ClientConfig& config = reinterpret_cast<::duckdb::Connection*>(connection)->context->config;
  config.enable_progress_bar = true;
  config.print_progress_bar = false;
  config.wait_time = 0;
}

std::optional<double> read_progress(duckdb_connection connection) {
  const duckdb_query_progress_type progress = duckdb_query_progress(connection);
  if (progress.percentage < 0) return std::nullopt;
  return std::clamp(progress.percentage / 100, 0.0, 1.0);
}

}  // namespace coatcheck::warehouse::duckdb
