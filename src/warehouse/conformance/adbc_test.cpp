#include "warehouse/adbc/connector.hpp"
#include "warehouse/adbc/testing/postgresql_server.hpp"
#include "warehouse/conformance/connector_suite.hpp"

namespace coatcheck::warehouse {
namespace {

Result<std::unique_ptr<Connector>> open(AdbcOptions options, async::Loop& loop) {
  options.batch_rows = 1000;
  return open_adbc(std::move(options), loop);
}

Subject sqlite_subject() {
  return {
      .name = "sqlite",
      .open = [](async::Loop& loop) { return open({.driver = COATCHECK_ADBC_SQLITE}, loop); },
      .many_rows =
          "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r LIMIT 100000) SELECT n, 'text ' || n "
          "AS t FROM r",
      .many_rows_count = 100'000,
      .endless = "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r) SELECT sum(n) FROM r",
      .write = "CREATE TABLE made (a INTEGER)",
      .tells_reads = false,
      .rows = {.make = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)",
               .insert = "INSERT INTO numbers VALUES (?)",
               .read = "SELECT n FROM numbers"},
  };
}

Subject postgresql_subject() {
  return {
      .name = "postgresql",
      .open =
          [](async::Loop& loop) {
            static PostgresqlServer server;
            return open({.driver = COATCHECK_ADBC_POSTGRESQL, .database_options = {{"uri", server.uri()}}}, loop);
          },
      .many_rows = "SELECT g AS n, 'text ' || g AS t FROM generate_series(1, 100000) g",
      .many_rows_count = 100'000,
      .endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
      .write = "CREATE TABLE made (a INTEGER)",
      .tells_reads = false,
      .rows = {.make = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)",
               .insert = "INSERT INTO numbers VALUES ($1)",
               .read = "SELECT n FROM numbers"},
  };
}

const auto subjects = ::testing::Values(sqlite_subject(), postgresql_subject());
const auto named = [](const auto& subject) { return subject.param.name; };
INSTANTIATE_TEST_SUITE_P(Adbc, ConnectorConformance, subjects, named);
INSTANTIATE_TEST_SUITE_P(Adbc, ConnectorRowsConformance, subjects, named);

}  // namespace
}  // namespace coatcheck::warehouse
