#include <fmt/format.h>

#include "warehouse/conformance/connector_suite.hpp"
#include "warehouse/duckdb/connector.hpp"

namespace coatcheck::warehouse {
namespace {

Subject duckdb_subject() {
  return {
      .name = "duckdb",
      .open = [](async::Loop& loop) { return open_duckdb({.memory_limit = "256MB", .batch_rows = 1000}, loop); },
      .many_rows = "SELECT range AS n, 'text ' || range AS t FROM range(100000)",
      .many_rows_count = 100'000,
      .endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
      .stream = "SELECT range AS n FROM range(1000000000000)",
      .write = "CREATE TABLE made (a INTEGER)",
      .plenty = [](auto rows) { return fmt::format("SELECT range AS n, repeat('x', 120) AS t FROM range({})", rows); },
      .values = {{"BOOLEAN", "true", "bool", "true"},
                 {"INTEGER", "-2147483648", "int32", "-2147483648"},
                 {"BIGINT", "9223372036854775807", "int64", "9223372036854775807"},
                 {"DOUBLE", "1e300", "double", "1e+300"},
                 {"DECIMAL(38,2)", "-123456789012345678901234567890123456.50", "decimal128(38, 2)",
                  "-123456789012345678901234567890123456.50"},
                 {"VARCHAR", "\xC3\xA4\xF0\x9F\x98\x80 ''", "string", "\xC3\xA4\xF0\x9F\x98\x80 '"},
                 {"BLOB", "AB", "binary", "AB"},
                 {"DATE", "2026-11-23", "date32[day]", "2026-11-23"},
                 {"TIME", "12:34:56.789", "time64[us]", "12:34:56.789000"},
                 {"TIMESTAMP", "2026-11-23 12:34:56.123456", "timestamp[us]", "2026-11-23 12:34:56.123456"},
                 {"TIMESTAMPTZ", "2026-11-23 12:34:56+02", "timestamp[us, tz=UTC]", "2026-11-23 10:34:56.000000Z"}},
      .counted = {{"CREATE TABLE counted (a INTEGER)"},
                  {"INSERT INTO counted VALUES (1), (2), (3)", 3},
                  {"UPDATE counted SET a = 7 WHERE a > 1", 2},
                  {"DELETE FROM counted WHERE a = 99", 0}},
      .failing = {{"syntax", "SELEC 1"},
                  {"a missing table", "SELECT * FROM no_such_table_here"},
                  {"what is forbidden", "SELECT * FROM read_text('/etc/passwd')", FailureCategory::permission},
                  {"memory", "SELECT list(range) FROM range(1000000000)", FailureCategory::resources}},
      .rows = {.make = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)",
               .insert = "INSERT INTO numbers VALUES (?)",
               .read = "SELECT n FROM numbers"},
  };
}

const auto named = [](const auto& subject) { return subject.param.name; };
INSTANTIATE_TEST_SUITE_P(Duckdb, ConnectorConformance, ::testing::Values(duckdb_subject()), named);
INSTANTIATE_TEST_SUITE_P(Duckdb, ConnectorRowsConformance, ::testing::Values(duckdb_subject()), named);

}  // namespace
}  // namespace coatcheck::warehouse
