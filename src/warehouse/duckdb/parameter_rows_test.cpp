#include <arrow/api.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/connector.hpp"
#include "warehouse/testing/drain.hpp"

// Rows of parameters: one statement that runs for each of them, all or nothing.
namespace coatcheck::warehouse {
namespace {

using Cells = std::vector<Parameter>;

Parameter number(std::int64_t value) { return {.value = value}; }
Parameter text(std::string value) { return {.value = std::move(value)}; }
Parameter typed(std::string type, std::string value) { return {.type = std::move(type), .value = std::move(value)}; }
Parameter null() { return {}; }

class ParameterRowsTest : public ::testing::Test {
 protected:
  ParameterRowsTest() : connector_(open_duckdb({}, loop_)) { EXPECT_TRUE(connector_); }

  Outcome<Drained> run(std::string sql, std::size_t width, Cells cells) {
    return drain(loop_, **connector_,
                 {.text = std::move(sql), .parameters = {}, .parameter_rows = {width, std::move(cells)}});
  }

  void make(std::string sql) {
    const auto made = drain(loop_, **connector_, {.text = std::move(sql)});
    ASSERT_TRUE(made) << made.error().message;
  }

  // The count that the statement yields, or what is wrong.
  std::string count(std::string sql, std::size_t width, Cells cells) {
    return shown(run(std::move(sql), width, std::move(cells)));
  }

  // All values of a query's one column, with spaces between.
  std::string values(std::string sql) { return shown(drain(loop_, **connector_, {.text = std::move(sql)})); }

  static std::string shown(const Outcome<Drained>& drained) {
    if (!drained) return drained.error().message;
    std::string out;
    for (const auto& batch : drained->batches) {
      for (std::int64_t i = 0; i != batch->num_rows(); ++i) {
        out += (out.empty() ? "" : " ") + (*batch->column(0)->GetScalar(i))->ToString();
      }
    }
    return out;
  }

  async::Loop loop_;
  Result<std::unique_ptr<Connector>> connector_;
};

TEST_F(ParameterRowsTest, an_insert_runs_for_each_row_and_yields_the_sum) {
  make("CREATE TABLE t (a INTEGER, b VARCHAR)");
  EXPECT_EQ(count("INSERT INTO t VALUES (?, ?)", 2, {number(1), text("x"), number(2), null(), number(3), text("z")}),
            "3");
  EXPECT_EQ(values("SELECT a || coalesce(b, '-') FROM t ORDER BY rowid"), "1x 2- 3z");
  // As if it had run once.
  const auto rows = run("INSERT INTO t VALUES (?, ?)", 2, {number(4), text("x"), number(5), text("y")});
  const auto once = drain(loop_, **connector_, {.text = "INSERT INTO t VALUES (6, 'w')"});
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->schema->Equals(*once->schema)) << rows->schema->ToString() << once->schema->ToString();
  EXPECT_EQ(rows->kind, StatementKind::write);
}

TEST_F(ParameterRowsTest, every_change_of_rows_can_have_them) {
  make("CREATE TABLE t AS SELECT range AS a, 0 AS b FROM range(10)");
  EXPECT_EQ(count("UPDATE t SET b = ? WHERE a < ?", 2, {number(1), number(5), number(2), number(3)}), "8");
  EXPECT_EQ(values("SELECT b FROM t ORDER BY a"), "2 2 2 1 1 0 0 0 0 0");
  EXPECT_EQ(count("DELETE FROM t WHERE a = $1", 1, {number(0), number(1), number(1), number(77)}), "2");
  EXPECT_EQ(count("MERGE INTO t USING (SELECT $1 AS a) AS new ON t.a = new.a WHEN MATCHED THEN UPDATE SET b = 9 "
                  "WHEN NOT MATCHED THEN INSERT VALUES (new.a, 8)",
                  1, {number(2), number(50)}),
            "2");
  EXPECT_EQ(values("SELECT b FROM t WHERE a IN (2, 50) ORDER BY a"), "9 8");
  EXPECT_EQ(count("WITH w AS (SELECT $1 AS a) INSERT INTO t SELECT a, a FROM w", 1, {number(60), number(61)}), "2");
}

TEST_F(ParameterRowsTest, each_run_sees_what_the_one_before_has_done) {
  make("CREATE TABLE t (a INTEGER)");
  EXPECT_EQ(count("INSERT INTO t VALUES ((SELECT count(*) FROM t) + ?)", 1, {number(10), number(10), number(10)}), "3");
  EXPECT_EQ(values("SELECT a FROM t ORDER BY a"), "10 11 12");
  make("CREATE TABLE k (a INTEGER PRIMARY KEY, n INTEGER)");
  EXPECT_EQ(
      count("INSERT INTO k VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1", 1, {number(1), number(1), number(2)}),
      "3");
  EXPECT_EQ(values("SELECT n FROM k ORDER BY a"), "2 1");
}

TEST_F(ParameterRowsTest, what_else_an_insert_says_is_kept) {
  make(R"(CREATE SCHEMA "odd ""one""")");
  make("CREATE SEQUENCE ids");
  make(
      R"(CREATE TABLE "odd ""one"""."t é" (id INTEGER DEFAULT nextval('ids'), d DATE, s VARCHAR, "X y" DECIMAL(6,2)))");
  EXPECT_EQ(
      count(
          R"(/* ? */ INSERT INTO "odd ""one"""."t é" (s, d, id, "X y") VALUES ('it''s ?', ?::DATE, DEFAULT, 1.5); -- ?)",
          1, {text("2026-01-02"), text("2026-01-03")}),
      "2");
  EXPECT_EQ(values(R"(SELECT concat_ws('|', id, d, s, "X y") FROM "odd ""one"""."t é" ORDER BY id)"),
            "1|2026-01-02|it's ?|1.50 2|2026-01-03|it's ?|1.50");
}

TEST_F(ParameterRowsTest, values_arrive_in_their_types_in_every_row) {
  make(
      "CREATE TABLE t (i BIGINT, n DECIMAL(38,4), d DATE, m TIMESTAMP_NS, z TIMESTAMPTZ, b BLOB, f BOOLEAN, x DOUBLE, "
      "h HUGEINT)");
  const std::string longest = "123456789012345678901234567890123456";
  Cells cells;
  std::string expected;
  // More than one window of texts that are read together, with types that change from row to row.
  for (int i = 0; i != 5'000; ++i) {
    const bool odd = i % 2 != 0;
    cells.push_back(odd ? null() : number(i));
    cells.push_back(odd ? typed("DECIMAL(3,2)", "1.25") : typed("HUGEINT", std::to_string(i)));
    cells.push_back(i % 3 == 0 ? null() : typed("DATE", "2026-02-28"));
    cells.push_back(
        typed(odd ? "TIMESTAMP_NS" : "TIMESTAMP", odd ? "2026-01-01 00:00:00.000000001" : "2026-01-01 00:00:00.5"));
    cells.push_back(typed("TIMESTAMPTZ", "2026-01-01 00:00:00+02:00"));
    cells.push_back(typed("BLOB", "AP8="));
    cells.push_back({.value = odd});
    cells.push_back(odd ? typed("DOUBLE", "Infinity") : Parameter{.value = i / 8.0});
    cells.push_back(typed("HUGEINT", longest));
  }
  ASSERT_EQ(count("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", 9, std::move(cells)), "5000");
  EXPECT_EQ(values("SELECT concat_ws('|', i, n, d, m, z, hex(b), f, x, h) FROM t WHERE rowid IN (4000, 4001, 4998) "
                   "ORDER BY rowid"),
            "4000|4000.0000|2026-02-28|2026-01-01 00:00:00.5|2025-12-31 22:00:00+00|00FF|false|500.0|" + longest +
                " 1.2500|2026-02-28|2026-01-01 00:00:00.000000001|2025-12-31 22:00:00+00|00FF|true|inf|" + longest +
                " 4998|4998.0000|2026-01-01 00:00:00.5|2025-12-31 22:00:00+00|00FF|false|624.75|" + longest);
  EXPECT_EQ(values("SELECT count(*) FROM t WHERE i IS NULL AND n = 1.25 AND f"), "2500");
}

TEST_F(ParameterRowsTest, each_row_is_read_by_its_own_type) {
  make("CREATE TABLE t (n DECIMAL(38,4), s VARCHAR)");
  // A type that both had would be a double, and a text of it.
  EXPECT_EQ(count("INSERT INTO t VALUES ($1, $1)", 1,
                  {{.value = 0.5}, typed("DECIMAL(32,4)", "1234567890123456789012345678.1234")}),
            "2");
  EXPECT_EQ(values("SELECT concat_ws('|', n, s) FROM t ORDER BY rowid"),
            "0.5000|0.5 1234567890123456789012345678.1234|1234567890123456789012345678.1234");
}

TEST_F(ParameterRowsTest, loose_texts_are_what_the_table_says) {
  make("CREATE TABLE t (d DATE, c TIME, m TIMESTAMP, z TIMESTAMPTZ, b BLOB, i BIGINT, s VARCHAR)");
  const auto loose = [](std::string value) { return typed(std::string(loose_text), std::move(value)); };
  const Cells cells = {loose("1709164800000"),
                       loose("45296789000000"),
                       loose("1709210096789000000"),
                       loose("1709210096789000000"),
                       loose("00ff10"),
                       loose("42"),
                       loose("1709164800000"),
                       null(),
                       null(),
                       null(),
                       null(),
                       null(),
                       null(),
                       null(),
                       loose("2024-02-29"),
                       loose("12:34"),
                       loose("2024-02-29 12:34"),
                       loose("2024-02-29 12:34:00+00"),
                       loose(""),
                       loose("-1"),
                       loose("")};
  const std::string seen =
      "2024-02-29|12:34:56.789|2024-02-29 12:34:56.789|2024-02-29 12:34:56.789+00|00FF10|42|1709164800000  "
      "2024-02-29|12:34:00|2024-02-29 12:34:00|2024-02-29 12:34:00+00||-1|";
  const std::string read = "SELECT concat_ws('|', d, c, m, z, hex(b), i, s) FROM t ORDER BY rowid";
  EXPECT_EQ(count("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", 7, cells), "3");
  EXPECT_EQ(values(read), seen);
  make("DELETE FROM t");
  EXPECT_EQ(count("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, lower(?))", 7, cells), "3") << "one by one";
  EXPECT_EQ(values(read), seen);
  EXPECT_EQ(count("UPDATE t SET s = 'found' WHERE d = ?", 1, {loose("1709164800000"), loose("0")}), "2");
}

TEST_F(ParameterRowsTest, named_parameters_are_found_by_their_names) {
  make("CREATE TABLE t (a INTEGER, b INTEGER)");
  const auto named = [](std::string name, std::int64_t value) {
    return Parameter{.name = std::move(name), .value = value};
  };
  EXPECT_EQ(count("INSERT INTO t VALUES ($b, $a)", 2, {named("a", 1), named("b", 2), named("a", 3), named("b", 4)}),
            "2");
  EXPECT_EQ(values("SELECT a * 10 + b FROM t ORDER BY rowid"), "21 43");
}

TEST_F(ParameterRowsTest, a_row_that_fails_is_named_and_undoes_the_others) {
  make("CREATE TABLE t (a INTEGER PRIMARY KEY, b DATE)");
  make("INSERT INTO t VALUES (777, NULL)");
  for (const std::size_t bad : {std::size_t{0}, std::size_t{200}, std::size_t{299}}) {
    Cells cells;
    for (std::size_t i = 0; i != 300; ++i) {
      cells.push_back(number(i == bad ? 777 : static_cast<std::int64_t>(i)));
      cells.push_back(null());
    }
    const auto failed = run("INSERT INTO t VALUES (?, ?)", 2, cells);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().category, FailureCategory::statement);
    EXPECT_EQ(failed.error().sqlstate, "23505");
    EXPECT_TRUE(failed.error().message.starts_with("Duplicate key \"a: 777\"")) << failed.error().message;
    EXPECT_TRUE(failed.error().message.ends_with(" (row " + std::to_string(bad + 1) + " of 300)"))
        << failed.error().message;
    EXPECT_EQ(values("SELECT count(*) FROM t"), "1");

    cells[2 * bad] = number(static_cast<std::int64_t>(bad));
    cells[2 * bad + 1] = typed("DATE", "2026-13-01");
    const auto unreadable = run("INSERT INTO t VALUES (?, ?)", 2, cells);
    ASSERT_FALSE(unreadable);
    if (bad != 0) {  // The first is read before anything runs.
      EXPECT_TRUE(unreadable.error().message.ends_with(" (row " + std::to_string(bad + 1) + " of 300)"))
          << unreadable.error().message;
    }
    EXPECT_TRUE(unreadable.error().message.starts_with("Parameter 2: ")) << unreadable.error().message;
    EXPECT_EQ(values("SELECT count(*) FROM t"), "1");
  }
  EXPECT_EQ(count("UPDATE t SET a = 1 / (? - 5)::INTEGER WHERE b = ?", 2, {number(1), null(), number(2), text("never")})
                    .find("(row 2 of 2)") != std::string::npos,
            true);
}

TEST_F(ParameterRowsTest, a_text_that_cannot_be_read_is_named_however_far_it_is) {
  make("CREATE TABLE t AS SELECT range AS a, NULL::DATE AS d FROM range(5)");
  Cells cells(2'200, typed("DATE", "2026-02-28"));
  cells[2'100] = typed("DATE", "2026-02-30");
  for (const char* sql : {"INSERT INTO t VALUES (0, ?)", "UPDATE t SET a = 9 WHERE d > $1"}) {
    const auto failed = run(sql, 1, cells);
    ASSERT_FALSE(failed) << sql;
    EXPECT_TRUE(failed.error().message.starts_with("Parameter 1: ")) << sql << failed.error().message;
    EXPECT_TRUE(failed.error().message.ends_with(" (row 2101 of 2200)")) << sql << failed.error().message;
  }
}

TEST_F(ParameterRowsTest, a_key_that_comes_back_in_another_row_is_a_conflict) {
  make("CREATE TABLE t (a INTEGER PRIMARY KEY)");
  Cells cells;
  for (int i = 0; i != 300; ++i) cells.push_back(number(i == 200 ? 190 : i));
  EXPECT_TRUE(count("INSERT INTO t VALUES (?)", 1, cells).ends_with("(row 201 of 300)"));
  EXPECT_EQ(values("SELECT count(*) FROM t"), "0");
}

TEST_F(ParameterRowsTest, nothing_but_a_change_of_rows_takes_them) {
  make("CREATE TABLE t (a INTEGER)");
  for (const char* sql :
       {"SELECT ?", "CREATE TABLE u AS SELECT ?", "EXPLAIN ANALYZE INSERT INTO t VALUES (?)",
        "INSERT INTO t VALUES (?) RETURNING a", "UPDATE t SET a = ? RETURNING a",
        "DELETE FROM t WHERE a = ? RETURNING a", "PIVOT (FROM range(3)) ON range",
        "MERGE INTO t USING (SELECT ? AS a) AS n ON t.a = n.a WHEN NOT MATCHED THEN INSERT RETURNING t.a"}) {
    const auto refused = run(sql, 1, {number(1), number(2)});
    ASSERT_FALSE(refused) << sql;
    EXPECT_EQ(refused.error().category, FailureCategory::statement) << sql;
    EXPECT_EQ(refused.error().sqlstate, "0A000") << sql << refused.error().message;
  }
  EXPECT_EQ(values("SELECT count(*) FROM t"), "0");
}

TEST_F(ParameterRowsTest, rows_of_the_wrong_width_are_refused_before_anything_runs) {
  make("CREATE TABLE t (a INTEGER, b INTEGER)");
  const auto prepared = [&](std::size_t width) {
    Cells cells(2 * width, number(1));
    const Statement statement{
        .text = "INSERT INTO t VALUES (?, ?)", .parameters = {}, .parameter_rows = {width, std::move(cells)}};
    return run_task(loop_, (*connector_)->prepare({.query = {}, .statement = statement}));
  };
  EXPECT_EQ(prepared(1).error().sqlstate, "07001");
  EXPECT_EQ(prepared(3).error().sqlstate, "07001");
  ASSERT_TRUE(prepared(2));
}

TEST_F(ParameterRowsTest, a_change_of_rows_can_be_described_before_its_values_are_known) {
  make("CREATE TABLE t (a INTEGER)");
  for (const char* sql : {"INSERT INTO t VALUES (?)", "INSERT INTO t SELECT ?", "DELETE FROM t WHERE a = ?"}) {
    const auto execution =
        run_task(loop_, (*connector_)->prepare({.query = {}, .statement = {.text = sql}, .describe_only = true}));
    ASSERT_TRUE(execution) << sql;
    const auto described = (*execution)->description();
    ASSERT_TRUE(described) << sql;
    EXPECT_TRUE((*described)->Equals(*run("INSERT INTO t VALUES (?)", 1, {number(1), number(2)})->schema)) << sql;
  }
}

TEST_F(ParameterRowsTest, the_progress_is_the_part_of_the_rows) {
  make("CREATE TABLE t (a INTEGER)");
  auto execution = run_task(loop_, (*connector_)
                                       ->prepare({.query = {},
                                                  .statement = {.text = "INSERT INTO t VALUES (?)",
                                                                .parameters = {},
                                                                .parameter_rows = {1, Cells(300, number(1))}}}));
  ASSERT_TRUE(execution);
  EXPECT_EQ((*execution)->progress(), 0.0);
  ASSERT_TRUE(run_task(loop_, (*execution)->run()));
  EXPECT_EQ((*execution)->progress(), 1.0);
}

}  // namespace
}  // namespace coatcheck::warehouse
