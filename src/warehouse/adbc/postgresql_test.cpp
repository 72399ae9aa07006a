#include <malloc.h>

#include "warehouse/adbc/postgresql_test.hpp"

#ifdef __SANITIZE_ADDRESS__
// Declared in sanitizer/allocator_interface.h, which g++ does not bring.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();
#endif

namespace coatcheck::warehouse {
namespace {

Parameter text(std::string value, std::string type = {}) {
  return {.type = std::move(type), .value = std::move(value)};
}
Parameter number(std::int64_t value) { return {.value = value}; }

TEST_F(AdbcPostgresqlTest, a_statement_is_described_before_it_runs) {
  auto execution = prepare("SELECT 1::bigint AS a, 'x'::text AS b");
  ASSERT_TRUE(execution) << execution.error().message;
  auto description = (*execution)->description();
  ASSERT_TRUE(description);
  EXPECT_EQ((*description)->ToString(), "a: int64\nb: string");
  auto change = prepare("CREATE TABLE never_made (a int)");
  ASSERT_TRUE(change);
  EXPECT_EQ((*(*change)->description())->num_fields(), 0);
  EXPECT_EQ(value({.text = "SELECT to_regclass('never_made')::text"}), "NULL");
}

TEST_F(AdbcPostgresqlTest, statements_that_cannot_be_streamed_run_too) {
  EXPECT_EQ(value({.text = "SHOW server_encoding"}), "UTF8");
  EXPECT_TRUE(run({.text = "EXPLAIN SELECT 1"}));
  EXPECT_EQ(value({.text = "SELECT 7 -- a comment at the end"}), "7");
  EXPECT_EQ(value({.text = "SELECT 8; "}), "8");
  EXPECT_EQ(value({.text = "WITH x AS (SELECT 9 AS a) SELECT a FROM x"}), "9");
  auto nothing = run({.text = "DO $$ BEGIN PERFORM 1; END $$"});
  ASSERT_TRUE(nothing) << nothing.error().message;
  EXPECT_EQ(nothing->schema->num_fields(), 0);
}

TEST_F(AdbcPostgresqlTest, writes_yield_how_many_rows_they_changed) {
  auto made = run({.text = "CREATE TABLE counted (a int PRIMARY KEY, b text)"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->schema->num_fields(), 0);
  EXPECT_EQ(made->kind, StatementKind::write);
  auto written = run({.text = "INSERT INTO counted SELECT g FROM generate_series(1, 5) g"});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->schema->ToString(), "Count: int64");
  EXPECT_EQ(value(written), "5");
  EXPECT_EQ(value({.text = "UPDATE counted SET b = 'x' WHERE a > 3"}), "2");
  EXPECT_EQ(value({.text = "UPDATE counted SET b = $1 WHERE a > $2", .parameters = {text("y"), number(3)}}), "2");
  EXPECT_EQ(value({.text = "DELETE FROM counted WHERE a > 99"}), "0");
  EXPECT_EQ(value({.text = "WITH gone AS (SELECT 1 AS a) DELETE FROM counted USING gone WHERE counted.a = gone.a"}),
            "1");
  EXPECT_EQ(value({.text = "DELETE FROM counted WHERE a = 2 RETURNING a * 10"}), "20");
}

TEST_F(AdbcPostgresqlTest, parameters_are_bound_in_the_types_they_name_or_the_statement_expects) {
  EXPECT_EQ(value({.text = "SELECT $1::int + 1", .parameters = {number(41)}}), "42");
  EXPECT_EQ(value({.text = "SELECT $1::numeric * 2", .parameters = {text("0.05", "DECIMAL(38,2)")}}), "0.10");
  EXPECT_EQ(value({.text = "SELECT ($1::date + 1)::text", .parameters = {text("2026-11-22")}}), "2026-11-23");
  EXPECT_EQ(value({.text = "SELECT pg_typeof($1)::text", .parameters = {text("2026-11-22T10:00:00Z", "TIMESTAMPTZ")}}),
            "timestamp with time zone");
  EXPECT_EQ(value({.text = "SELECT $1::text IS NULL", .parameters = {Parameter{}}}), "true");
  EXPECT_EQ(value({.text = "SELECT 1 WHERE 5 = $1 OR $1 IS NULL", .parameters = {Parameter{}}}), "1");
  EXPECT_EQ(value({.text = "SELECT ($1::jsonb ->> 'a')", .parameters = {text(R"({"a": "b"})")}}), "b");
  EXPECT_EQ(value({.text = "SELECT $1::uuid::text", .parameters = {text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")}}),
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(value({.text = "SELECT encode($1, 'hex')", .parameters = {text("AP8=", "BLOB")}}), "00ff");
  EXPECT_EQ(value({.text = "SELECT $1 || $2", .parameters = {text("it's "), text("'; DROP TABLE x; --")}}),
            "it's '; DROP TABLE x; --");
}

TEST_F(AdbcPostgresqlTest, a_wrong_number_of_parameters_is_the_statements_fault) {
  for (std::size_t count : {0U, 2U}) {
    std::vector<Parameter> parameters(count, number(1));
    auto drained = run({.text = "SELECT $1::int", .parameters = std::move(parameters)});
    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().category, FailureCategory::statement);
  }
}

TEST_F(AdbcPostgresqlTest, rows_of_parameters_are_written_in_one_transaction) {
  ASSERT_TRUE(run({.text = "CREATE TABLE pairs (a int PRIMARY KEY, b date)"}));
  const ParameterRows rows(2, {number(1), text("2026-11-22"), number(2), Parameter{}});
  EXPECT_EQ(value({.text = "INSERT INTO pairs VALUES ($1, $2)", .parameters = {}, .parameter_rows = rows}), "2");
  auto again = run({.text = "INSERT INTO pairs VALUES ($1 + 1, $2)", .parameters = {}, .parameter_rows = rows});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().sqlstate, "23505");
  EXPECT_EQ(value({.text = "SELECT count(*) FROM pairs"}), "2");
  EXPECT_EQ(value({.text = "DELETE FROM pairs WHERE a >= $1 OR b = $2", .parameters = {}, .parameter_rows = rows}),
            "2");
  auto returning =
      run({.text = "INSERT INTO pairs VALUES ($1, $2) RETURNING a", .parameters = {}, .parameter_rows = rows});
  ASSERT_FALSE(returning);
  EXPECT_EQ(value({.text = "SELECT count(*) FROM pairs"}), "0");
}

TEST_F(AdbcPostgresqlTest, nothing_of_one_statement_is_left_for_the_next) {
  for (const auto* left : {"SET search_path = nowhere", "CREATE TEMP TABLE mine (a int)", "BEGIN",
                           "SELECT pg_advisory_lock(5)", "SET ROLE pg_monitor", "PREPARE mine AS SELECT 1"}) {
    ASSERT_TRUE(run({.text = left})) << left;
  }
  EXPECT_EQ(value({.text = "SELECT current_setting('search_path') || current_user"}), "\"$user\", publicpostgres");
  EXPECT_EQ(value({.text = "SELECT to_regclass('mine')::text"}), "NULL");
  EXPECT_EQ(value({.text = "SELECT count(*) FROM pg_prepared_statements"}), "0");
  wait_until("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "0");
  wait_until("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'", "0");
}

TEST_F(AdbcPostgresqlTest, one_connection_serves_one_statement_after_another) {
  const auto first = value({.text = "SELECT pg_backend_pid()"});
  auto second = value({.text = "SELECT pg_backend_pid()"});
  // The first connection is given back by a thread of its own, perhaps a little later than it is asked for again.
  for (int i = 0; i < 100 && second != first; ++i) second = value({.text = "SELECT pg_backend_pid()"});
  EXPECT_EQ(second, first);
  auto unkept = options_for("postgres");
  unkept.reset_statement = "";
  auto fresh = open(std::move(unkept));
  EXPECT_NE(value(*fresh, "SELECT pg_backend_pid()"), value(*fresh, "SELECT pg_backend_pid()"));
}

TEST_F(AdbcPostgresqlTest, options_reach_the_connection_also_when_it_is_used_again) {
  ASSERT_TRUE(run({.text = "CREATE SCHEMA side"}));
  auto options = options_for("postgres");
  options.connection_options = {{"adbc.connection.db_schema", "side"}};
  options.running_max = 1;
  auto sided = open(std::move(options));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(*sided, "SELECT current_schema()::text"), "side");
  auto wrong = options_for("postgres");
  wrong.statement_options = {{"no.such.option", "1"}};
  auto refusing = open(std::move(wrong));
  EXPECT_FALSE(drain(loop_, *refusing, {.text = "SELECT 1"}));
}

TEST_F(AdbcPostgresqlTest, texts_are_utf8_whatever_the_databases_encoding) {
  ASSERT_TRUE(run({.text = "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"}));
  auto options = options_for("postgres");
  options.database_options["uri"] += "&dbname=latin";
  options.running_max = 1;  // So that the second statement's connection is the first's.
  auto latin = open(std::move(options));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(value(*latin, "SELECT chr(228)"), "ä");
    EXPECT_EQ(value(*latin, "SELECT ascii('ä')"), "228");
  }
}

TEST_F(AdbcPostgresqlTest, a_warehouse_that_only_reads_refuses_writes) {
  auto options = options_for("postgres");
  options.only_reads = true;
  auto reading = open(std::move(options));
  for (int i = 0; i < 3; ++i) {
    auto read = drain(loop_, *reading, {.text = "SELECT 1"});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->kind, StatementKind::read);
    auto written = drain(loop_, *reading, {.text = "CREATE TABLE never_made (a int)"});
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().category, FailureCategory::permission);
    EXPECT_EQ(written.error().sqlstate, "25006");
  }
}

TEST_F(AdbcPostgresqlTest, a_select_may_write_and_is_not_called_a_read) {
  auto drained = run({.text = "SELECT 1"});
  ASSERT_TRUE(drained);
  EXPECT_EQ(drained->kind, StatementKind::unknown);
}

// What is allocated and not yet freed, the driver's memory too. What the process holds would tell more of the
// allocator, which keeps what was freed for a while, than of us.
std::size_t allocated_mib() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes() / (1U << 20U);
#else
  const auto told = ::mallinfo2();
  return (told.uordblks + told.hblkhd) / (1U << 20U);
#endif
}

TEST_F(AdbcPostgresqlTest, millions_of_rows_pass_in_flat_memory) {
  constexpr std::int64_t rows = 5'000'000;
  auto execution = prepare("SELECT g AS n, repeat('x', 120) AS t FROM generate_series(1, 5000000) g");
  ASSERT_TRUE(execution) << execution.error().message;
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  const auto before = allocated_mib();
  std::int64_t seen = 0;
  std::size_t most = 0;
  while (true) {
    auto batch = run_task(loop_, (*cursor)->next());
    ASSERT_TRUE(batch) << batch.error().message;
    if (!*batch) break;
    EXPECT_LE((**batch)->num_rows(), 65'536);
    seen += (**batch)->num_rows();
    most = std::max(most, allocated_mib());
  }
  EXPECT_EQ(seen, rows);
  EXPECT_LT(most, before + 64);  // All of it is 640 MiB.
}

}  // namespace
}  // namespace coatcheck::warehouse
