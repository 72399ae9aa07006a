#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/result.hpp"
#include "warehouse/connector.hpp"
#include "warehouse/testing/drain.hpp"

namespace coatcheck::warehouse {

// One kind of warehouse as the suite sees it: how to get one, and how it says what every warehouse can do.
struct Subject {
  std::string name;
  std::function<Result<std::unique_ptr<Connector>>(async::Loop&)> open;

  // Quirks.
  std::string one_row = "SELECT 42 AS answer";
  std::string no_rows = "SELECT 42 AS answer WHERE 1 = 0";
  std::string many_rows;  // Of `many_rows_count` rows.
  std::int64_t many_rows_count = 0;
  std::string endless;  // Runs much longer than a test may.
  std::string wrong_syntax = "SELEC 1";
  std::string unknown_table = "SELECT * FROM no_such_table_here";
  std::string write;  // DDL that yields no rows.

  bool tells_reads = true;  // Otherwise it never says of a statement that it only reads.

  // For ConnectorRowsConformance: a statement that makes a table, one that writes its one parameter, a number, into it,
  // and one that yields these numbers. A number that is there already is refused.
  struct Rows {
    std::string make = {};
    std::string insert = {};
    std::string read = {};
  };
  Rows rows = {};

  // How GoogleTest names it.
  friend void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }
};

// What every connector does (connector_suite.cpp).
// INSTANTIATE_TEST_SUITE_P(X, ConnectorConformance, Values(Subject{…})) runs it for a connector.
class ConnectorConformance : public ::testing::TestWithParam<Subject> {
 protected:
  void SetUp() override;

  static std::int64_t rows_in(const Drained& drained);

  async::Loop loop_;
  std::unique_ptr<Connector> connector_;
};

// What those do besides that take rows of parameters (rows_suite.cpp).
class ConnectorRowsConformance : public ConnectorConformance {};

}  // namespace coatcheck::warehouse
