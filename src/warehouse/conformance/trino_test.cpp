#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "warehouse/conformance/connector_suite.hpp"
#include "warehouse/trino/connector.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;

std::string server() {
  const char* url = std::getenv("COATCHECK_TRINO_URL");
  return url != nullptr ? url : "";
}

Subject trino_subject() {
  // The server may be an old one, with tables of another run.
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const auto counted = fmt::format("memory.default.counted_{}", now);
  return {
      .name = "trino",
      .open = [](async::Loop& loop) { return open_trino({.url = server(), .user = "conformance"}, loop); },
      .server =
          Subject::Server{
              .address = [] { return server().substr(std::string("http://").size()); },
              .open_by =
                  [](async::Loop& loop, std::uint16_t port) {
                    return open_trino({.url = fmt::format("http://127.0.0.1:{}", port),
                                       .user = "conformance",
                                       .connect_timeout = 1s,
                                       .retry_for = 500ms},
                                      loop);
                  },
              .running =
                  [](const std::string& mark) {
                    return "SELECT count(*) FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED') AND "
                           "query LIKE '%" +
                           mark + "%' AND query NOT LIKE '%system.runtime%'";
                  },
          },
      .many_rows = "SELECT orderkey, comment FROM tpch.sf1.orders LIMIT 100000",
      .many_rows_count = 100'000,
      .endless = "SELECT count(*) FROM tpch.sf1.lineitem a CROSS JOIN tpch.tiny.lineitem b WHERE a.comment > b.comment",
      .stream = "SELECT a.orderkey, b.comment FROM tpch.sf1.lineitem a CROSS JOIN tpch.tiny.lineitem b",
      .write = fmt::format("CREATE TABLE memory.default.made_{} (a INTEGER)", now),
      .plenty =
          [](auto rows) {
            return fmt::format("SELECT orderkey, rpad(comment, 120, 'x') FROM tpch.sf10.orders LIMIT {}", rows);
          },
      .values = {{"BOOLEAN", "true", "bool", "true"},
                 {"INTEGER", "-2147483648", "int32", "-2147483648"},
                 {"BIGINT", "9223372036854775807", "int64", "9223372036854775807"},
                 {"DOUBLE", "1e300", "double", "1e+300"},
                 {"DECIMAL(38,2)", "-123456789012345678901234567890123456.50", "decimal128(38, 2)",
                  "-123456789012345678901234567890123456.50"},
                 {"VARCHAR", "\xC3\xA4\xF0\x9F\x98\x80 ''", "string", "\xC3\xA4\xF0\x9F\x98\x80 '"},
                 {"VARBINARY", "AB", "binary", "AB"},
                 {"DATE", "2026-11-23", "date32[day]", "2026-11-23"},
                 {"TIME(6)", "12:34:56.789", "time64[us]", "12:34:56.789000"},
                 {"TIMESTAMP(6)", "2026-11-23 12:34:56.123456", "timestamp[us]", "2026-11-23 12:34:56.123456"},
                 {"TIMESTAMP(6) WITH TIME ZONE", "2026-11-23 12:34:56 +02:00", "timestamp[us, tz=UTC]",
                  "2026-11-23 10:34:56.000000Z"}},
      // Its catalog in memory cannot update.
      .counted = {{"CREATE TABLE " + counted + " (a INTEGER)"},
                  {"INSERT INTO " + counted + " VALUES 1, 2, 3", 3},
                  {"INSERT INTO " + counted + " SELECT 1 WHERE 1 = 0", 0}},
      // Who knows its user's name may do everything in this one; for memory and time see trino_live_test.cpp.
      .failing = {{"syntax", "SELEC 1"}, {"a missing table", "SELECT * FROM memory.default.no_such_table_here"}},
  };
}

const auto subjects = ::testing::Values(trino_subject());
const auto named = [](const auto& subject) { return subject.param.name; };
INSTANTIATE_TEST_SUITE_P(Trino, ConnectorConformance, subjects, named);
INSTANTIATE_TEST_SUITE_P(Trino, ConnectorServerConformance, subjects, named);

}  // namespace
}  // namespace coatcheck::warehouse

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && coatcheck::warehouse::server().empty()) {
    std::cerr << "COATCHECK_TRINO_URL is not set: run this by tools/with-trino.\n";
    return 77;
  }
  return RUN_ALL_TESTS();
}
