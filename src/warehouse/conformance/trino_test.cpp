#include <chrono>
#include <cstdlib>
#include <iostream>

#include "warehouse/conformance/connector_suite.hpp"
#include "warehouse/trino/connector.hpp"

namespace coatcheck::warehouse {
namespace {

Subject trino_subject() {
  // The server may be an old one, with tables of another run.
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return {
      .name = "trino",
      .open =
          [](async::Loop& loop) {
            const char* url = std::getenv("COATCHECK_TRINO_URL");
            return open_trino({.url = url != nullptr ? url : "", .user = "conformance"}, loop);
          },
      .many_rows = "SELECT orderkey, comment FROM tpch.sf1.orders LIMIT 100000",
      .many_rows_count = 100'000,
      .endless = "SELECT count(*) FROM tpch.sf1.lineitem a CROSS JOIN tpch.tiny.lineitem b WHERE a.comment > b.comment",
      .unknown_table = "SELECT * FROM memory.default.no_such_table_here",
      .write = "CREATE TABLE memory.default.made_" + std::to_string(now) + " (a INTEGER)",
  };
}

INSTANTIATE_TEST_SUITE_P(Trino, ConnectorConformance, ::testing::Values(trino_subject()),
                         [](const auto& subject) { return subject.param.name; });

}  // namespace
}  // namespace coatcheck::warehouse

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && std::getenv("COATCHECK_TRINO_URL") == nullptr) {
    std::cerr << "COATCHECK_TRINO_URL is not set: run this by tools/with-trino.\n";
    return 77;
  }
  return RUN_ALL_TESTS();
}
