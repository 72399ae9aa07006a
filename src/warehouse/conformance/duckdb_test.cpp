#include "warehouse/conformance/connector_suite.hpp"
#include "warehouse/duckdb/connector.hpp"

namespace coatcheck::warehouse {
namespace {

Subject duckdb_subject() {
  return {
      .name = "duckdb",
      .open =
          [](async::Loop& loop) {
            auto opened = open_duckdb({.batch_rows = 1000}, loop);
            return opened ? std::move(*opened) : nullptr;
          },
      .many_rows = "SELECT range AS n, 'text ' || range AS t FROM range(100000)",
      .many_rows_count = 100'000,
      .endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
      .write = "CREATE TABLE made (a INTEGER)",
      .rows = Subject::Rows{.make = "CREATE TABLE numbers (n BIGINT PRIMARY KEY)",
                            .insert = "INSERT INTO numbers VALUES (?)",
                            .read = "SELECT n FROM numbers"},
  };
}

INSTANTIATE_TEST_SUITE_P(Duckdb, ConnectorConformance, ::testing::Values(duckdb_subject()),
                         [](const auto& subject) { return subject.param.name; });

}  // namespace
}  // namespace coatcheck::warehouse
