#include <arrow/api.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/duckdb/connector.hpp"
#include "warehouse/testing/drain.hpp"

// SQL that tries to reach the machine, the engine's state or another principal.
namespace coatcheck::warehouse {
namespace {

namespace fs = std::filesystem;

class BreakoutTest : public ::testing::Test {
 protected:
  BreakoutTest() {
    std::string name = (fs::temp_directory_path() / "breakout-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    fs::create_directory(root_ / "data");
    std::ofstream(root_ / "data/in.csv") << "a,b\n1,2\n";
    std::ofstream(root_ / "secret.txt") << "secret";
    auto opened = open_duckdb(
        {.data_directories = {root_ / "data"}, .tables = {{"things", (root_ / "data/in.csv").string()}}}, loop_);
    EXPECT_TRUE(opened) << opened.error().message;
    connector_ = std::move(*opened);
  }
  ~BreakoutTest() override {
    connector_.reset();
    fs::remove_all(root_);
  }

  // Puts the places of this test into the statement: @DATA is readable, @OUT is not.
  std::string placed(std::string text) const {
    const auto replace = [&](std::string_view mark, const std::string& path) {
      for (std::size_t at; (at = text.find(mark)) != text.npos;) text.replace(at, mark.size(), path);
    };
    replace("@DATA", (root_ / "data").string());
    replace("@OUT", root_.string());
    return text;
  }

  auto run(const std::string& text) { return drain(loop_, *connector_, {.text = placed(text)}); }

  // The statement fails because it is not allowed: for no other reason, such as a mistake in this test.
  void expect_refused(const std::string& attempt) {
    auto drained = run(attempt);
    ASSERT_FALSE(drained) << attempt;
    EXPECT_EQ(drained.error().category, FailureCategory::permission)
        << attempt << "\n"
        << drained.error().code << ": " << drained.error().message;
  }

  // The statement fails, and its words say why.
  void expect_fails(const std::string& attempt, std::string_view words) {
    auto drained = run(attempt);
    ASSERT_FALSE(drained) << attempt;
    EXPECT_NE(drained.error().message.find(words), std::string::npos) << attempt << "\n" << drained.error().message;
  }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::recursive_directory_iterator(root_), {}));
  }

  fs::path root_;
  async::Loop loop_;
  std::unique_ptr<Connector> connector_;
};

TEST_F(BreakoutTest, the_configured_data_can_be_read) {
  EXPECT_TRUE(run("SELECT * FROM things"));
  EXPECT_TRUE(run("SELECT * FROM read_csv('@DATA/in.csv')"));
  EXPECT_TRUE(run("FROM '@DATA/in.csv'"));
  EXPECT_TRUE(run("SELECT * FROM glob('@DATA/*')"));
}

TEST_F(BreakoutTest, files_outside_are_out_of_reach) {
  const std::vector<std::string> attempts = {
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM read_text('@OUT/secret.txt')",
      "SELECT * FROM read_text('@DATA/../secret.txt')",
      "SELECT * FROM read_text('@DATA/./../secret.txt')",
      "SELECT * FROM read_text('@DATA//../secret.txt')",
      "SELECT * FROM read_text('file://@OUT/secret.txt')",
      "SELECT * FROM read_text(['@DATA/in.csv', '@OUT/secret.txt'])",
      "SELECT * FROM read_text('@DATA-other')",
      "SELECT * FROM read_blob('/proc/self/environ')",
      "SELECT * FROM read_csv('/proc/self/cmdline')",
      "SELECT * FROM read_csv('@OUT/secret.txt')",
      "SELECT * FROM read_csv('/dev/stdin')",
      "SELECT * FROM read_json('@OUT/secret.txt')",
      "SELECT * FROM read_json_objects('@OUT/secret.txt')",
      "SELECT * FROM read_ndjson_objects('@OUT/secret.txt')",
      "SELECT * FROM read_parquet('@OUT/secret.txt')",
      "SELECT * FROM parquet_metadata('@OUT/secret.txt')",
      "SELECT * FROM parquet_schema('@OUT/secret.txt')",
      "SELECT * FROM sniff_csv('@OUT/secret.txt')",
      "SELECT * FROM glob('@OUT/*')",
      "SELECT * FROM glob('@DATA/../*')",
      "SELECT * FROM glob('*')",
      "SELECT * FROM read_blob('.tmp/*')",
      "FROM '/etc/passwd.csv'",
      "FROM '@OUT/secret.csv'",
      "FROM query_table('/etc/passwd.csv')",
      "DESCRIBE '/etc/passwd.parquet'",
      "SUMMARIZE '/etc/passwd.json'",
      "CREATE TABLE stolen AS FROM read_text('@OUT/secret.txt')",
      "CREATE VIEW stolen AS FROM read_text('@OUT/secret.txt')",
      "CREATE MACRO stolen() AS TABLE FROM read_text('@OUT/secret.txt')",
      "SELECT * FROM parquet_kv_metadata('@OUT/secret.txt')",
      "SELECT * FROM parquet_file_metadata('@OUT/secret.txt')",
      "FROM '@DATA/../secret.csv'",
      "SELECT (SELECT content FROM read_text('/etc/passwd'))",
      "WITH x AS (FROM read_text('/etc/passwd')) FROM x",
      "EXPLAIN ANALYZE FROM read_text('/etc/passwd')",
      "PIVOT (FROM read_text('/etc/passwd')) ON filename",
  };
  for (const auto& attempt : attempts) expect_refused(attempt);
}

TEST_F(BreakoutTest, the_network_is_out_of_reach) {
  for (const char* attempt :
       {"FROM 'https://localhost/x.csv'", "SELECT * FROM read_csv('http://localhost:1/x.csv')",
        "FROM 's3://bucket/x.parquet'", "INSTALL httpfs", "LOAD httpfs", "LOAD json", "FORCE INSTALL json FROM '@DATA'",
        "LOAD '@DATA/x.duckdb_extension'", "UPDATE EXTENSIONS"}) {
    expect_refused(attempt);
  }
}

TEST_F(BreakoutTest, nothing_is_written_to_disk) {
  const auto before = files();
  const std::vector<std::string> attempts = {
      "COPY (SELECT 1) TO '@DATA/x.csv'",
      "COPY things TO '@DATA/x.parquet' (FORMAT parquet)",
      "COPY (SELECT 1 AS a) TO '@DATA/parts' (FORMAT csv, PARTITION_BY (a))",
      "COPY (SELECT 1) TO '@OUT/x.csv'",
      "COPY (SELECT 1) TO '/dev/stdout'",
      "cOpY/**/(SELECT 1) TO '@DATA/x.csv'",
      "COPY things FROM '@DATA/in.csv'",
      "EXPLAIN COPY (SELECT 1) TO '@DATA/x.csv'",
      "EXPLAIN ANALYZE COPY (SELECT 1) TO '@DATA/x.csv'",
      "explain analyse copy (SELECT 1) TO '@DATA/x.csv'",
      "EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO '@DATA/x.csv'",
      "EXPLAIN/**/ANALYZE COPY (SELECT 1) TO '@DATA/x.csv'",
      "/* EXPLAIN SELECT 1 */ EXPLAIN ANALYZE COPY (SELECT 1) TO '@DATA/x.csv'",
      "PREPARE p AS COPY (SELECT 1) TO '@DATA/x.csv'",
      "EXPORT DATABASE '@DATA/all'",
      "IMPORT DATABASE '@DATA'",
      "ATTACH '@DATA/x.db'",
      "ATTACH ':memory:' AS other",
      "ATTACH '@DATA/x.db' (TYPE sqlite)",
      "COPY FROM DATABASE memory TO other",
      "EXPORT/**/DATABASE '@DATA/all' (FORMAT parquet)",
      "COPY (SELECT 1) TO STDOUT",
      "DETACH memory",
      "SELECT * FROM enable_logging(storage = 'file', storage_path = '@DATA/log')",
      "CALL enable_logging(storage = 'file', storage_path = '@DATA/log')",
      "FROM query('COPY (SELECT 1) TO ''@DATA/x.csv''')",
  };
  for (const auto& attempt : attempts) {
    expect_refused(attempt);
    EXPECT_EQ(files(), before) << attempt;
  }
}

TEST_F(BreakoutTest, the_engine_stays_as_it_is_configured) {
  for (const char* attempt : {"SET threads = 1",
                              "SET GLOBAL enable_external_access = true",
                              "RESET lock_configuration",
                              "SET lock_configuration = false",
                              "PRAGMA threads = 1",
                              "PRAGMA enable_profiling = 'json'",
                              "PRAGMA disable_optimizer",
                              "PRAGMA add_parquet_key('k', '0123456789112345')",
                              "SET VARIABLE x = 1",
                              "PRAGMA enable_verification",
                              "CHECKPOINT",
                              "FROM checkpoint()",
                              "FROM force_checkpoint()",
                              "VACUUM",
                              "CALL pragma_version()",
                              "BEGIN",
                              "COMMIT",
                              "USE memory",
                              "PREPARE p AS SELECT 1",
                              "EXECUTE p",
                              "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
                              "CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')",
                              "DROP SECRET s",
                              "PRAGMA enable_logging",
                              "PRAGMA import_database('@DATA')"}) {
    expect_refused(attempt);
  }
}

TEST_F(BreakoutTest, no_principal_sees_settings_secrets_or_the_sql_of_another) {
  for (const char* attempt : {"SELECT * FROM enable_logging()",
                              "SELECT * FROM \"enable_logging\"()",
                              "FROM system.main.ENABLE_LOGGING('QueryLog')",
                              "FROM query('SELECT * FROM enable_' || 'logging()')",
                              "FROM \"query\"  ('SELECT 1')",
                              "FROM query\xC2\xA0('SELECT 1')",
                              "FROM query -- x\n ('SELECT 1')",
                              "CREATE MACRO m(q) AS TABLE FROM query(q)",
                              "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
                              "FROM duckdb_logs()",
                              "FROM duckdb_logs",
                              "FROM duckdb_logs_parsed('QueryLog')",
                              "CALL truncate_duckdb_logs()",
                              "FROM duckdb_secrets()",
                              "FROM duckdb_settings()",
                              "FROM pg_catalog.pg_settings",
                              "SELECT current_setting('allowed_directories')",
                              "PRAGMA database_list",
                              "FROM duckdb_databases()",
                              "FROM duckdb_temporary_files()"}) {
    expect_refused(attempt);
  }
}

TEST_F(BreakoutTest, a_second_statement_never_runs) {
  const auto before = files();
  for (const char* attempt :
       {"SELECT 1; COPY (SELECT 1) TO '@DATA/x.csv'", "SELECT 1;;COPY (SELECT 1) TO '@DATA/x.csv'",
        "CREATE TYPE e AS ENUM ('a'); COPY (SELECT 1) TO '@DATA/x.csv'",
        "CREATE TABLE c AS FROM things; EXPORT DATABASE '@DATA/all'", "SELECT ';' ; SELECT 1",
        "SELECT 1 /* ; */ ; SELECT 2", "SELECT $$;$$; SELECT 2"}) {
    expect_fails(attempt, "Only one statement");
    EXPECT_EQ(files(), before) << attempt;
  }
  expect_fails("FROM c", "does not exist");
}

TEST_F(BreakoutTest, the_database_and_its_log_are_out_of_reach_of_statements_and_not_of_the_engine) {
  const fs::path file = root_ / "data/own.duckdb";  // Even where files may be read.
  const auto begin = [&] {
    connector_.reset();
    auto opened = open_duckdb({.database = file, .data_directories = {root_ / "data"}}, loop_);
    ASSERT_TRUE(opened) << opened.error().message;
    connector_ = std::move(*opened);
  };
  begin();
  ASSERT_TRUE(run("CREATE TABLE kept AS SELECT range AS n FROM range(100000)"));
  ASSERT_TRUE(fs::exists(file.string() + ".wal"));
  for (const char* name : {"@DATA/own.duckdb", "@DATA/own.duckdb.wal", "@DATA//own.duckdb", "@DATA/./own.duckdb",
                           "file://@DATA/own.duckdb", "file:@DATA/own.duckdb", "file://localhost@DATA/own.duckdb",
                           "@DATA/../data/own.duckdb", "@DATA/*.duckdb"}) {
    for (const std::string reader : {"read_blob", "read_text", "read_csv", "read_json", "read_parquet", "sniff_csv"}) {
      auto drained = run("SELECT * FROM " + reader + "('" + name + "')");
      ASSERT_FALSE(drained) << reader << " " << name;
      EXPECT_EQ(drained.error().category, FailureCategory::permission) << reader << " " << name << "\n"
                                                                       << drained.error().message;
    }
  }
  fs::create_symlink(file, root_ / "data/linked.csv");
  fs::create_hard_link(file, root_ / "data/same.csv");
  fs::create_symlink(file.string() + ".wal", root_ / "data/log.csv");
  for (const char* name : {"linked", "same", "log"}) {
    auto drained = run(std::string("SELECT * FROM read_blob('@DATA/") + name + ".csv')");
    ASSERT_FALSE(drained) << name;
    EXPECT_EQ(drained.error().category, FailureCategory::permission) << name << "\n" << drained.error().message;
  }
  for (const char* name : {"linked", "same", "log"}) fs::remove(root_ / "data" / (std::string(name) + ".csv"));
  // It is written, and found again.
  ASSERT_TRUE(run("UPDATE kept SET n = n + 1"));
  begin();
  ASSERT_TRUE(run("INSERT INTO kept VALUES (7)"));
  EXPECT_TRUE(run("SELECT error('lost') FROM kept HAVING count(*) != 100001"));
  EXPECT_TRUE(run("FROM '@DATA/in.csv'"));
}

TEST_F(BreakoutTest, a_database_that_is_opened_by_a_link_is_out_of_reach_by_all_its_names) {
  const fs::path file = root_ / "elsewhere.duckdb";
  const fs::path link = root_ / "current.duckdb";
  fs::create_symlink(file, link);
  connector_.reset();
  auto opened = open_duckdb({.database = link, .data_directories = {root_ / "data"}}, loop_);
  ASSERT_TRUE(opened) << opened.error().message;
  connector_ = std::move(*opened);
  ASSERT_TRUE(run("CREATE TABLE kept AS SELECT range AS n FROM range(100000)"));
  for (const fs::path& name : {file, link}) {
    for (const char* ending : {"", ".wal"}) {
      EXPECT_FALSE(run("SELECT * FROM read_blob('" + name.string() + ending + "')")) << name << ending;
    }
  }
}

TEST_F(BreakoutTest, a_name_that_leads_nowhere_finds_nothing) {
  expect_fails("SELECT * FROM read_csv('@DATA/{in.csv,../secret.txt}')", "No files found");
  expect_fails("FROM '/etc/passwd'", "Table with name /etc/passwd does not exist");
  expect_fails("FROM '@OUT/secret.txt'", "does not exist");
  expect_fails("CREATE OR REPLACE MACRO system.main.abs(x) AS 1", "Cannot create entry in system catalog");
  expect_fails("SELECT getenv('HOME')", "getenv");
  for (const char* missing : {"SELECT ST_Point(1, 2)", "FROM read_xlsx('@DATA/in.csv')", "FROM iceberg_scan('@DATA')",
                              "FROM sqlite_scan('@DATA/x.db', 't')"}) {
    expect_fails(missing, "is not in the catalog, but it exists in the");
  }
}

TEST_F(BreakoutTest, what_is_removed_cannot_be_reached_by_another_spelling) {
  for (const char* attempt :
       {"FROM 'duckdb_logs'", "FROM E'duckdb\\x5flogs'", "FROM $$duckdb_logs$$", "FROM main.duckdb_logs",
        "FROM system.main.duckdb_settings()", "FROM /* x */ duckdb_settings /* y */ ()",
        "SELECT \"CURRENT_SETTING\"('x')", "SELECT pg_catalog.current_setting('threads')", "FROM arrow_scan(1, 2, 3)",
        "FROM sql_auto_complete('FROM ''/')", "CREATE VIEW hiding AS FROM duckdb_secrets()",
        "SELECT ('x').current_setting()", "FROM duckdb_databases", "EXPLAIN FROM enable_logging()",
        "FROM (FROM (FROM enable_logging()))"}) {
    expect_refused(attempt);
  }
  // A macro is bound when it is used.
  (void)run("CREATE MACRO hiding() AS TABLE FROM duckdb_secrets()");
  (void)run("CREATE MACRO setting(x) AS current_setting(x)");
  EXPECT_FALSE(run("FROM hiding()"));
  EXPECT_FALSE(run("SELECT setting('threads')"));
}

TEST_F(BreakoutTest, words_that_are_refused_as_calls_are_innocent_elsewhere) {
  for (const char* innocent :
       {"SELECT 'current_setting(1)' AS query", "SELECT query FROM (SELECT 1 AS query) WHERE query IN (1)",
        "SELECT 1 AS enable_logging -- duckdb_secrets()", "SELECT 'export database'", "/* query(1) */ SELECT 1",
        "WITH query (a) AS (SELECT 1) FROM query", "SELECT ';' AS a;", "CREATE TABLE checkpoint (query INT)"}) {
    auto drained = run(innocent);
    EXPECT_TRUE(drained) << innocent << "\n" << drained.error().message;
  }
}

TEST_F(BreakoutTest, deep_and_large_statements_fail_or_run_but_do_no_harm) {
  const auto repeated = [](const std::string& part, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += part;
    return text;
  };
  expect_fails("SELECT " + repeated("(", 20000) + "1" + repeated(")", 20000), "");
  expect_fails("SELECT " + repeated("-", 1) + repeated("abs(", 5000) + "1" + repeated(")", 5000), "");
  expect_fails(repeated("SELECT * FROM (", 5000) + "SELECT 1" + repeated(")", 5000), "");
  EXPECT_TRUE(run("SELECT length('" + std::string(1 << 20, 'x') + "')"));
  EXPECT_TRUE(run("SELECT 1"));
}

TEST_F(BreakoutTest, temporary_things_of_one_statement_are_not_there_for_the_next) {
  ASSERT_TRUE(run("CREATE TEMP TABLE mine AS SELECT 1"));
  EXPECT_FALSE(run("SELECT * FROM mine"));
}

TEST_F(BreakoutTest, a_data_directory_with_a_link_that_leads_out_is_refused) {
  fs::create_symlink("/etc", root_ / "data/etc");
  auto opened = open_duckdb({.data_directories = {root_ / "data"}}, loop_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().field, "data_directories");
}

TEST_F(BreakoutTest, a_table_outside_the_data_directories_is_refused) {
  auto opened = open_duckdb(
      {.data_directories = {root_ / "data"}, .tables = {{"t", (root_ / "data/../secret.csv").string()}}}, loop_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().field, "tables");
}

}  // namespace
}  // namespace coatcheck::warehouse
