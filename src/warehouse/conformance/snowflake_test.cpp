// The nearest thing to a Snowflake that can be had: Coatcheck's own SQL API before a DuckDB, as tools/with-coatcheck
// starts it. So the SQL is DuckDB's; what is real is the protocol, and a server that runs statements without us.
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>

#include "warehouse/conformance/connector_suite.hpp"
#include "warehouse/snowflake/connector.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;

std::string server() {
  const char* url = std::getenv("COATCHECK_UPSTREAM_URL");
  return url != nullptr ? url : "";
}

Result<std::unique_ptr<Connector>> open_url(std::string url, async::Loop& loop) {
  return open_snowflake({.url = std::move(url),
                         .authentication = SnowflakeOptions::Authentication::none,
                         .connect_timeout = 1s,
                         .retry_for = 500ms,
                         .poll_min = 10ms,
                         .poll_max = 50ms},
                        loop);
}

Subject snowflake_subject() {
  const std::string endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
  return {
      .name = "snowflake",
      .open = [](async::Loop& loop) { return open_url(server(), loop); },
      .server =
          Subject::Server{
              .address = [] { return server().substr(std::string("http://").size()); },
              .open_by = [](async::Loop& loop,
                            std::uint16_t port) { return open_url(fmt::format("http://127.0.0.1:{}", port), loop); },
              .running =
                  [](const std::string& mark) {
                    return "SELECT count(*) FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY()) WHERE execution_status = "
                           "'RUNNING' AND query_text LIKE '%" +
                           mark + "%' AND query_text NOT LIKE '%QUERY_HISTORY%'";
                  },
          },
      .many_rows = "SELECT range AS n, 'text ' || range AS t FROM range(100000)",
      .many_rows_count = 100'000,
      .endless = endless,
      .write = "CREATE TABLE made (a INTEGER)",
      .fields_of_ddl = 1,
      .tells_reads = false,
      .plenty = [](auto rows) { return fmt::format("SELECT range AS n, repeat('x', 120) AS t FROM range({})", rows); },
      .values = {{"BOOLEAN", "true", "bool", "true"},
                 {"INTEGER", "-2147483648", "decimal128(38, 0)", "-2147483648"},
                 {"BIGINT", "9223372036854775807", "decimal128(38, 0)", "9223372036854775807"},
                 {"DECIMAL(18,0)", "-999999999999999999", "int64", "-999999999999999999"},
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
                  {"memory", "SELECT list(range) FROM range(1000000000)", FailureCategory::resources},
                  {"time", endless, FailureCategory::timeout, 1s}},
  };
}

const auto subjects = ::testing::Values(snowflake_subject());
const auto named = [](const auto& subject) { return subject.param.name; };
INSTANTIATE_TEST_SUITE_P(Snowflake, ConnectorConformance, subjects, named);
INSTANTIATE_TEST_SUITE_P(Snowflake, ConnectorServerConformance, subjects, named);

}  // namespace
}  // namespace coatcheck::warehouse

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && coatcheck::warehouse::server().empty()) {
    std::cerr << "COATCHECK_UPSTREAM_URL is not set: run this by tools/with-coatcheck.\n";
    return 77;
  }
  return RUN_ALL_TESTS();
}
