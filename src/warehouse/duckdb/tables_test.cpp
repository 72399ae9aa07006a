#include <arrow/api.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/duckdb/connector.hpp"
#include "warehouse/testing/drain.hpp"

// Where the rows come from: files, views over them, and the database itself.
namespace coatcheck::warehouse {
namespace {

namespace fs = std::filesystem;

class TablesTest : public ::testing::Test {
 protected:
  TablesTest() {
    std::string name = (fs::temp_directory_path() / "tables-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
    fs::create_directory(root_ / "data");
    std::ofstream(root_ / "data/a.csv") << "n,s\n1,x\n2,y\n";
    std::ofstream(root_ / "data/a.json") << R"([{"n": 1, "s": "x"}, {"n": 2, "s": "y"}])";
    std::ofstream(root_ / "data/a.ndjson") << "{\"n\": 1, \"s\": \"x\"}\n{\"n\": 2, \"s\": \"y\"}\n";
    std::ofstream(root_ / "data/b-1.jsonl") << "{\"n\": 1}\n";
    std::ofstream(root_ / "data/b-2.jsonl") << "{\"n\": 2}\n";
    fs::copy_file(fs::path(COATCHECK_SAMPLE_DATA) / "flights-3m.parquet", root_ / "data/flights.parquet");
  }
  ~TablesTest() override { fs::remove_all(root_); }

  Result<std::unique_ptr<Connector>> open(std::vector<DuckdbOptions::Table> tables, fs::path database = {}) {
    return open_duckdb(
        {.database = std::move(database), .data_directories = {root_ / "data"}, .tables = std::move(tables)}, loop_);
  }
  DuckdbOptions::Table table(std::string name, const std::string& file) {
    return {std::move(name), (root_ / "data" / file).string()};
  }

  // The first value as text.
  std::string value(Connector& connector, std::string text) {
    auto drained = drain(loop_, connector, {.text = std::move(text)});
    if (!drained) return drained.error().message;
    return (*drained->batches.at(0)->column(0)->GetScalar(0))->ToString();
  }

  fs::path root_;
  async::Loop loop_;
};

TEST_F(TablesTest, every_kind_of_file_can_be_a_table) {
  auto connector = open({table("c", "a.csv"),
                         table("j", "a.json"),
                         table("nd", "a.ndjson"),
                         table("several", "b-*.jsonl"),
                         table("flights", "flights.parquet"),
                         {"made", "SELECT sum(n) AS total FROM c"}});
  ASSERT_TRUE(connector) << connector.error().message;
  for (const char* name : {"c", "j", "nd", "several"}) {
    EXPECT_EQ(value(**connector, "SELECT sum(n)::INT FROM " + std::string(name)), "3") << name;
  }
  EXPECT_EQ(value(**connector, "SELECT count(*) FROM flights"), "3000000");
  EXPECT_EQ(value(**connector, "SELECT total::INT FROM made"), "3");
}

TEST_F(TablesTest, tables_can_be_listed_and_described) {
  auto connector = open({table("c", "a.csv")});
  ASSERT_TRUE(connector) << connector.error().message;
  EXPECT_EQ(value(**connector, "SHOW TABLES"), "c");
  EXPECT_EQ(value(**connector, "DESCRIBE c"), "n");
  EXPECT_EQ(value(**connector, "PRAGMA table_info('c')"), "0");
  EXPECT_EQ(value(**connector, "SELECT table_name FROM information_schema.tables"), "c");
  EXPECT_EQ(value(**connector, "SELECT column_name FROM information_schema.columns WHERE table_name = 'c'"), "n");
  EXPECT_EQ(value(**connector, "SELECT relname FROM pg_catalog.pg_class WHERE relname = 'c'"), "c");
  EXPECT_EQ(value(**connector, "SELECT view_name FROM duckdb_views() WHERE NOT internal"), "c");
  EXPECT_EQ(value(**connector, "SHOW ALL TABLES"), "memory");
  EXPECT_EQ(value(**connector, "SUMMARIZE c"), "n");
}

TEST_F(TablesTest, a_database_file_keeps_what_was_written) {
  const auto file = root_ / "db.duckdb";
  {
    auto connector = open({}, file);
    ASSERT_TRUE(connector) << connector.error().message;
    EXPECT_TRUE(drain(loop_, **connector, {.text = "CREATE TABLE kept AS SELECT 42 AS a"}));
    EXPECT_TRUE(drain(loop_, **connector, {.text = "CREATE SEQUENCE s"}));
    EXPECT_TRUE(drain(loop_, **connector, {.text = "CREATE VIEW hiding AS SELECT nextval('s') AS n"}));
  }
  auto connector = open({table("c", "a.csv")}, file);
  ASSERT_TRUE(connector) << connector.error().message;
  EXPECT_EQ(value(**connector, "SELECT a FROM kept"), "42");
  // The lock holds for a file that was there before, too.
  EXPECT_FALSE(drain(loop_, **connector, {.text = "FROM duckdb_settings()"}));
  auto hidden = drain(loop_, **connector, {.text = "FROM hiding"});
  ASSERT_TRUE(hidden);
  EXPECT_EQ(hidden->kind, StatementKind::unknown);
}

TEST_F(TablesTest, a_source_that_cannot_be_read_is_named) {
  for (const auto& [name, source] :
       {std::pair<std::string, std::string>{"gone", (root_ / "data/gone.csv").string()}, {"wrong", "SELEC 1"}}) {
    auto connector = open({{name, source}});
    ASSERT_FALSE(connector) << name;
    EXPECT_EQ(connector.error().field, "tables");
    EXPECT_NE(connector.error().message.find(name), std::string::npos);
  }
}

// How far a scan is, as seen from the loop while threads of the pool and of the engine execute it.
TEST_F(TablesTest, a_long_scan_says_how_far_it_is) {
  auto connector = open({});
  ASSERT_TRUE(connector) << connector.error().message;
  ASSERT_TRUE(drain(loop_, **connector, {.text = "CREATE TABLE big AS SELECT range AS n FROM range(4000000)"}));
  auto execution = run_task(
      loop_, (*connector)->prepare({.query = {}, .statement = {.text = "SELECT max(md5(n::VARCHAR)) FROM big"}}));
  ASSERT_TRUE(execution);
  std::vector<double> seen;
  const auto look = [&] {
    if (const auto progress = (*execution)->progress()) seen.push_back(*progress);
  };
  look();
  EXPECT_TRUE(seen.empty());
  std::optional<Outcome<std::unique_ptr<Cursor>>> cursor;
  async::asio::co_spawn(loop_.get_executor(), (*execution)->run(),
                        [&](std::exception_ptr, auto value) { cursor = std::move(value); });
  loop_.restart();
  while (!cursor) {
    look();
    loop_.poll_one();
  }
  ASSERT_TRUE(*cursor) << (*cursor).error().message;
  while (*run_task(loop_, (**cursor)->next())) look();
  look();
  ASSERT_FALSE(seen.empty());
  for (const double progress : seen) {
    EXPECT_GE(progress, 0.0);
    EXPECT_LE(progress, 1.0);
  }
  const auto on_the_way = [](double progress) { return progress > 0 && progress < 1; };
  EXPECT_TRUE(std::any_of(seen.begin(), seen.end(), on_the_way));
}

}  // namespace
}  // namespace coatcheck::warehouse
