#include "warehouse/conformance/connector_suite.hpp"
#include "warehouse/duckdb/connector.hpp"

namespace coatcheck::warehouse {
namespace {

Subject duckdb_subject() {
  return {
      .name = "duckdb",
      .open = [](async::Loop& loop) { return open_duckdb({.batch_rows = 1000}, loop); },
      .many_rows = "SELECT range AS n, 'text ' || range AS t FROM range(100000)",
      .many_rows_count = 100'000,
      .endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
      .write = "CREATE TABLE made (a INTEGER)",
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
