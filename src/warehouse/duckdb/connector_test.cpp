#include "warehouse/duckdb/connector.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "warehouse/testing/drain.hpp"

namespace coatcheck::warehouse {
namespace {

class DuckdbConnectorTest : public ::testing::Test {
 protected:
  DuckdbConnectorTest() {
    auto opened = open_duckdb({}, loop_);
    EXPECT_TRUE(opened) << opened.error().message;
    connector_ = std::move(*opened);
  }

  Outcome<Drained> run(std::string text, std::vector<Parameter> parameters = {}) {
    return drain(loop_, *connector_, {.text = std::move(text), .parameters = std::move(parameters)});
  }

  // The first value of the first row as text.
  std::string value(std::string text, std::vector<Parameter> parameters = {}) {
    auto drained = run(std::move(text), std::move(parameters));
    if (!drained) return "failed: " + drained.error().message;
    return (*(*drained->batches.at(0)->column(0)->GetScalar(0))).ToString();
  }

  async::Loop loop_;
  std::unique_ptr<Connector> connector_;
};

TEST_F(DuckdbConnectorTest, errors_say_what_and_where) {
  struct Case {
    const char* text;
    const char* code;
    const char* sqlstate;
    std::optional<std::uint64_t> position;
  };
  const auto far = "SELECT '" + std::string(200, 'x') + "', nosuch, '" + std::string(200, 'y') + "' FROM range(3)";
  for (const auto& [text, code, sqlstate, position] :
       {Case{"SELEC 1", "Parser Error", "42601", 0}, Case{"SELECT * FROM nosuch", "Catalog Error", "42P01", 14},
        Case{"SELECT 1,\n  nosuch FROM range(3)", "Binder Error", "42703", 12},
        Case{"SELECT 'é', nosuch FROM range(3)", "Binder Error", "42703", std::nullopt},
        Case{far.c_str(), "Binder Error", "42703", 211},
        Case{"SELECT CAST('abc' AS INT)", "Conversion Error", "22018", 7},
        Case{"SELECT 300::TINYINT", "Conversion Error", "22003", 10},
        Case{"SELECT error('mine')", "Invalid Input Error", "", std::nullopt}}) {
    auto drained = run(text);
    ASSERT_FALSE(drained) << text;
    const auto& failure = drained.error();
    EXPECT_EQ(failure.category, FailureCategory::statement) << text;
    EXPECT_EQ(failure.code, code) << text;
    EXPECT_EQ(failure.sqlstate, sqlstate) << text;
    EXPECT_EQ(failure.position, position) << text << failure.message;
    EXPECT_EQ(failure.message.find("LINE"), std::string::npos) << failure.message;
  }
}

TEST_F(DuckdbConnectorTest, an_error_after_the_first_rows_still_fails) {
  auto drained = run("SELECT CASE WHEN range = 500000 THEN error('late') ELSE range END FROM range(1000000)");
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().message, "late");
}

TEST_F(DuckdbConnectorTest, exactly_one_statement_is_run) {
  for (const char* text : {"", ";", "-- nothing", "SELECT 1; SELECT 2", "CREATE TYPE e AS ENUM ('a'); SELECT 1"}) {
    EXPECT_FALSE(run(text)) << text;
  }
  EXPECT_TRUE(run("SELECT 1;"));
  EXPECT_TRUE(run("PIVOT (FROM range(3)) ON range"));
}

TEST_F(DuckdbConnectorTest, statement_kinds_are_told_apart) {
  const auto kind = [&](const char* text) {
    auto drained = run(text);
    EXPECT_TRUE(drained) << text << drained.error().message;
    return drained ? drained->kind : StatementKind::unknown;
  };
  EXPECT_EQ(kind("SELECT 1"), StatementKind::read);
  EXPECT_EQ(kind("PIVOT (FROM range(3)) ON range"), StatementKind::read);
  EXPECT_EQ(kind("EXPLAIN ANALYZE SELECT 1"), StatementKind::read);
  EXPECT_EQ(kind("CREATE TABLE t (a INT)"), StatementKind::write);
  EXPECT_EQ(kind("INSERT INTO t VALUES (1)"), StatementKind::write);
  EXPECT_EQ(kind("EXPLAIN ANALYZE INSERT INTO t VALUES (1)"), StatementKind::write);
  EXPECT_EQ(kind("CREATE SEQUENCE s"), StatementKind::write);
  EXPECT_EQ(kind("SELECT nextval('s')"), StatementKind::write);
  EXPECT_EQ(kind("SELECT 1"), StatementKind::read);
  EXPECT_EQ(kind("CREATE MACRO hidden() AS nextval('s')"), StatementKind::write);
  EXPECT_EQ(kind("SELECT hidden()"), StatementKind::unknown);
}

TEST_F(DuckdbConnectorTest, ddl_has_no_fields_and_dml_a_count) {
  auto created = run("CREATE TABLE t AS SELECT 1 AS a");
  ASSERT_TRUE(created);
  EXPECT_EQ(created->schema->num_fields(), 0);
  EXPECT_TRUE(created->batches.empty());
  EXPECT_EQ(value("INSERT INTO t VALUES (1), (2)"), "2");
}

TEST_F(DuckdbConnectorTest, parameters_are_bound_in_their_types) {
  EXPECT_EQ(value("SELECT typeof(?)", {{.type = "DECIMAL(38,2)", .value = "1.50"}}), "DECIMAL(38,2)");
  EXPECT_EQ(value("SELECT ?", {{.type = "decimal(38, 2)", .value = "123456789012345678901234567890123456.78"}}),
            "123456789012345678901234567890123456.78");
  EXPECT_EQ(value("SELECT $b::VARCHAR || $a", {{.name = "a", .value = "x"}, {.name = "b", .value = std::int64_t{7}}}),
            "7x");
  EXPECT_EQ(value("SELECT $1::VARCHAR", {{.type = "UUID", .value = "00112233-4455-6677-8899-aabbccddeeff"}}),
            "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(value("SELECT hex($1)", {{.type = "BLOB", .value = "AP8="}}), "00FF");
  EXPECT_EQ(value("SELECT $1::VARCHAR", {{.type = "HUGEINT", .value = "-170141183460469231731687303715884105728"}}),
            "-170141183460469231731687303715884105728");
  EXPECT_EQ(value("SELECT $1::VARCHAR", {{.type = "TIMESTAMPTZ", .value = "2020-01-01 12:00:00+02"}}),
            "2020-01-01 10:00:00+00");
  EXPECT_EQ(value("SELECT $1 IS NULL", {{.type = "DATE", .value = {}}}), "true");
}

TEST_F(DuckdbConnectorTest, wrong_parameters_are_named) {
  const auto message = [&](const char* text, std::vector<Parameter> parameters) {
    auto drained = run(text, std::move(parameters));
    EXPECT_FALSE(drained) << text;
    return drained ? std::string() : drained.error().message;
  };
  EXPECT_EQ(message("SELECT $a", {}), "Parameter 'a' has no value.");
  EXPECT_EQ(message("SELECT $a", {{.name = "b", .value = true}}), "Parameter 'b' is not in the statement.");
  EXPECT_EQ(message("SELECT 1", {{.value = true}}), "The statement has 0 parameters, and 1 values were given.");
  EXPECT_EQ(message("SELECT ?", {{.type = "INT); DROP", .value = "1"}}),
            "Parameter 1: the type 'INT); DROP' is not known");
  EXPECT_EQ(message("SELECT ?", {{.type = "DATE", .value = "soon"}}).substr(0, 13), "Parameter 1: ");
}

TEST_F(DuckdbConnectorTest, a_large_result_comes_in_batches) {
  auto drained = run("SELECT range FROM range(200000)");
  ASSERT_TRUE(drained);
  std::int64_t rows = 0;
  for (const auto& batch : drained->batches) rows += batch->num_rows();
  EXPECT_EQ(rows, 200000);
  EXPECT_EQ(drained->batches.size(), 4U);
}

TEST_F(DuckdbConnectorTest, a_batch_of_long_values_has_fewer_rows) {
  for (const char* value : {"repeat('x', 50000)", "[repeat('x', 25000), repeat('y', 25000)]",
                            "{'a': repeat('x', 50000)}", "[repeat('x', 25000), NULL]::VARCHAR[2]"}) {
    auto drained = run("SELECT " + std::string(value) + " AS v FROM range(5000)");
    ASSERT_TRUE(drained) << drained.error().message;
    EXPECT_GT(drained->batches.size(), 1U) << value;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse
