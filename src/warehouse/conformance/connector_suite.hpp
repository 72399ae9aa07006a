#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "warehouse/connector.hpp"

namespace coatcheck::warehouse {

// One kind of warehouse as the suite sees it: how to get one, and how it says what every warehouse can do.
struct Subject {
  std::string name;
  std::function<std::unique_ptr<Connector>(async::Loop&)> open;

  // Quirks.
  std::string one_row = "SELECT 42 AS answer";
  std::string no_rows = "SELECT 42 AS answer WHERE 1 = 0";
  std::string many_rows;  // Of `many_rows_count` rows.
  std::int64_t many_rows_count = 0;
  std::string endless;  // Runs much longer than a test may.
  std::string wrong_syntax = "SELEC 1";
  std::string unknown_table = "SELECT * FROM no_such_table_here";
  std::string write;  // DDL that yields no rows.

  // For a connector that takes rows of parameters: a statement that makes a table, one that writes its one parameter, a
  // number, into it, and one that yields these numbers. A number that is there already is refused.
  struct Rows {
    std::string make;
    std::string insert;
    std::string read;
  };
  std::optional<Rows> rows;

  bool tells_reads = true;  // Otherwise it never says of a statement that it only reads.
};

// INSTANTIATE_TEST_SUITE_P(X, ConnectorConformance, Values(Subject{…})) runs it for a connector.
class ConnectorConformance : public ::testing::TestWithParam<Subject> {
 protected:
  async::Loop loop_;
  std::unique_ptr<Connector> connector_ = GetParam().open(loop_);
};

}  // namespace coatcheck::warehouse
