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
      "SELECT * FROM read_csv('@DATA/{in.csv,../secret.txt}')",
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
      "FROM '/etc/passwd'",
      "FROM '@OUT/secret.txt'",
      "FROM query_table('/etc/passwd')",
      "DESCRIBE '/etc/passwd'",
      "SUMMARIZE '/etc/passwd'",
      "CREATE TABLE stolen AS FROM read_text('@OUT/secret.txt')",
      "CREATE VIEW stolen AS FROM read_text('@OUT/secret.txt')",
      "CREATE MACRO stolen() AS TABLE FROM read_text('@OUT/secret.txt')",
      "SELECT getenv('HOME')",
  };
  for (const auto& attempt : attempts) EXPECT_FALSE(run(attempt)) << attempt;
}

TEST_F(BreakoutTest, the_network_is_out_of_reach) {
  for (const char* attempt :
       {"FROM 'https://localhost/x.csv'", "SELECT * FROM read_csv('http://localhost:1/x.csv')",
        "FROM 's3://bucket/x.parquet'", "INSTALL httpfs", "LOAD httpfs", "LOAD json", "FORCE INSTALL json FROM '@DATA'",
        "LOAD '@DATA/x.duckdb_extension'", "UPDATE EXTENSIONS"}) {
    EXPECT_FALSE(run(attempt)) << attempt;
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
      "DETACH memory",
      "SELECT * FROM enable_logging(storage = 'file', storage_path = '@DATA/log')",
      "CALL enable_logging(storage = 'file', storage_path = '@DATA/log')",
      "SELECT 1; COPY (SELECT 1) TO '@DATA/x.csv'",
      "SELECT 1;;COPY (SELECT 1) TO '@DATA/x.csv'",
      "CREATE TYPE e AS ENUM ('a'); COPY (SELECT 1) TO '@DATA/x.csv'",
      "FROM query('COPY (SELECT 1) TO ''@DATA/x.csv''')",
  };
  for (const auto& attempt : attempts) {
    EXPECT_FALSE(run(attempt)) << attempt;
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
                              "CREATE OR REPLACE MACRO system.main.abs(x) AS 1"}) {
    EXPECT_FALSE(run(attempt)) << attempt;
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
    EXPECT_FALSE(run(attempt)) << attempt;
  }
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
