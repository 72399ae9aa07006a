#include <fmt/format.h>

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
  const std::string numbers = "WITH RECURSIVE r(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r";
  return {
      .name = "sqlite",
      .open = [](async::Loop& loop) { return open({.driver = COATCHECK_ADBC_SQLITE}, loop); },
      .many_rows = numbers + " LIMIT 100000) SELECT n, 'text ' || n AS t FROM r",
      .many_rows_count = 100'000,
      // The driver has no cancel: this has an end of its own, which it then waits for.
      .endless = numbers + " LIMIT 5000000) SELECT sum(n) FROM r",
      .stream = numbers + ") SELECT n FROM r",
      .write = "CREATE TABLE made (a INTEGER)",
      .tells_reads = false,
      .plenty =
          [numbers](auto rows) {
            return fmt::format("{} LIMIT {}) SELECT n, printf('%.120c', 'x') AS t FROM r", numbers, rows);
          },
      // It has no other types, and a column's is that of its first values.
      .values = {{"INTEGER", "-9223372036854775808", "int64", "-9223372036854775808"},
                 {"REAL", "1e300", "double", "1e+300"},
                 {"TEXT", "\xC3\xA4\xF0\x9F\x98\x80 ''", "string", "\xC3\xA4\xF0\x9F\x98\x80 '"},
                 {"BLOB", "AB", "binary", "AB"}},
      .arrow_type_of_null = "int64",
      .counted = {{"CREATE TABLE counted (a INTEGER)"},
                  {"INSERT INTO counted VALUES (1), (2), (3)", 3},
                  {"UPDATE counted SET a = 7 WHERE a > 1", 2},
                  {"DELETE FROM counted WHERE a = 99", 0}},
      // Everything is permitted to who has the file.
      .failing = {{"syntax", "SELEC 1"}, {"a missing table", "SELECT * FROM no_such_table_here"}},
      .rows = {.make = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)",
               .insert = "INSERT INTO numbers VALUES (?)",
               .read = "SELECT n FROM numbers"},
  };
}

const PostgresqlServer& postgresql() {
  static PostgresqlServer server;
  return server;
}

Result<std::unique_ptr<Connector>> open_uri(std::string uri, async::Loop& loop) {
  return open({.driver = COATCHECK_ADBC_POSTGRESQL, .database_options = {{"uri", std::move(uri)}}}, loop);
}

Subject postgresql_subject() {
  return {
      .name = "postgresql",
      .open = [](async::Loop& loop) { return open_uri(postgresql().uri(), loop); },
      .server =
          Subject::Server{
              .address = [] { return postgresql().socket().string(); },
              .open_by =
                  [](async::Loop& loop, std::uint16_t port) {
                    // Without this option PostgreSQL sees that a line has broken when it has rows to send, not before.
                    return open_uri(fmt::format("postgresql://127.0.0.1:{}/postgres?user=postgres&options="
                                                "-c%20client_connection_check_interval%3D100ms",
                                                port),
                                    loop);
                  },
              .running =
                  [](const std::string& mark) {
                    return "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
                           "AND "
                           "query LIKE '%" +
                           mark + "%'";
                  },
          },
      .many_rows = "SELECT g AS n, 'text ' || g AS t FROM generate_series(1, 100000) g",
      .many_rows_count = 100'000,
      .endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
      .stream = "SELECT a, b FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
      .write = "CREATE TABLE made (a INTEGER)",
      .tells_reads = false,
      .plenty =
          [](auto rows) {
            return fmt::format("SELECT g AS n, repeat('x', 120) AS t FROM generate_series(1, {}) g", rows);
          },
      .values = {{"BOOLEAN", "true", "bool", "true"},
                 {"INTEGER", "-2147483648", "int32", "-2147483648"},
                 {"BIGINT", "9223372036854775807", "int64", "9223372036854775807"},
                 {"DOUBLE PRECISION", "1e300", "double", "1e+300"},
                 {"NUMERIC(38,2)", "-123456789012345678901234567890123456.50", "string",
                  "-123456789012345678901234567890123456.50"},
                 {"TEXT", "\xC3\xA4\xF0\x9F\x98\x80 ''", "string", "\xC3\xA4\xF0\x9F\x98\x80 '"},
                 {"BYTEA", "AB", "binary", "AB"},
                 {"DATE", "2026-11-23", "date32[day]", "2026-11-23"},
                 {"TIME", "12:34:56.789", "time64[us]", "12:34:56.789000"},
                 {"TIMESTAMP", "2026-11-23 12:34:56.123456", "timestamp[us]", "2026-11-23 12:34:56.123456"},
                 {"TIMESTAMPTZ", "2026-11-23 12:34:56+02", "timestamp[us, tz=UTC]", "2026-11-23 10:34:56.000000Z"}},
      .echo_text = "SELECT CAST($1 AS TEXT)",
      .echo_number = "SELECT CAST($1 AS BIGINT)",
      .counted = {{"CREATE TABLE counted (a INTEGER)"},
                  {"INSERT INTO counted VALUES (1), (2), (3)", 3},
                  {"UPDATE counted SET a = 7 WHERE a > 1", 2},
                  {"DELETE FROM counted WHERE a = 99", 0}},
      .failing =
          {{"syntax", "SELEC 1"},
           {"a missing table", "SELECT * FROM no_such_table_here"},
           {"what is forbidden", "DO $$ BEGIN SET LOCAL ROLE pg_monitor; PERFORM 1 FROM pg_authid; END $$",
            FailureCategory::permission},
           {"disk",
            "DO $$ BEGIN SET LOCAL temp_file_limit = '100kB'; SET LOCAL work_mem = '64kB'; PERFORM count(*) FROM "
            "(SELECT md5(g::text) FROM generate_series(1, 1000000) g ORDER BY 1) x; END $$",
            FailureCategory::resources}},
      .rows = {.make = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)",
               .insert = "INSERT INTO numbers VALUES ($1)",
               .read = "SELECT n FROM numbers"},
  };
}

const auto subjects = ::testing::Values(sqlite_subject(), postgresql_subject());
const auto named = [](const auto& subject) { return subject.param.name; };
INSTANTIATE_TEST_SUITE_P(Adbc, ConnectorConformance, subjects, named);
INSTANTIATE_TEST_SUITE_P(Adbc, ConnectorRowsConformance, subjects, named);
INSTANTIATE_TEST_SUITE_P(Adbc, ConnectorServerConformance, ::testing::Values(postgresql_subject()), named);

}  // namespace
}  // namespace coatcheck::warehouse
