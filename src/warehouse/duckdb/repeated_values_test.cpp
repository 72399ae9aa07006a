#include "warehouse/duckdb/repeated_values.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::duckdb {
namespace {

TEST(RepeatedValues, parameters_are_counted_on_from_row_to_row) {
  EXPECT_EQ(with_repeated_values("insert into t (a, b) values (?, ?)", 2, 3),
            "INSERT INTO t (a, b ) (VALUES ($1, $2), ($3, $4), ($5, $6))");
  EXPECT_EQ(with_repeated_values("INSERT INTO s.t VALUES ($2, $1, $2::DATE, 'x', DEFAULT, NULL)", 2, 2),
            "INSERT INTO s.t (VALUES ($2, $1, CAST($2 AS DATE), 'x', DEFAULT, NULL), ($4, $3, CAST($4 AS DATE), 'x', "
            "DEFAULT, NULL))");
}

TEST(RepeatedValues, what_may_depend_on_the_rows_before_is_left_alone) {
  for (const char* text : {
           "INSERT INTO t VALUES ((SELECT max(a) FROM t), ?)",
           "INSERT INTO t VALUES (f(?))",
           "INSERT INTO t VALUES (? + 1)",
           "INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING",
           "INSERT OR REPLACE INTO t VALUES (?)",
           "INSERT INTO t VALUES (?) RETURNING a",
           "INSERT INTO t SELECT ?",
           "INSERT INTO t VALUES (?), (?)",
           "INSERT INTO t DEFAULT VALUES",
           "INSERT INTO t VALUES ($name)",
           "INSERT INTO t VALUES ($4)",
           "WITH w AS (SELECT 1) INSERT INTO t VALUES (?)",
           "UPDATE t SET a = ?",
           "INSERT INTO t VALUES (?); INSERT INTO t VALUES (?)",
           "INSERT INTO",
           "",
       }) {
    EXPECT_EQ(with_repeated_values(text, 3, 2), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse::duckdb
