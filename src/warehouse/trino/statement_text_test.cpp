#include "warehouse/trino/statement_text.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::trino {
namespace {

TEST(BareStatement, loses_what_is_behind_it_only) {
  EXPECT_EQ(bare_statement(" SELECT 1 ; \n;"), " SELECT 1");
  EXPECT_EQ(bare_statement("SELECT ';'"), "SELECT ';'");
  EXPECT_EQ(bare_statement(" ;"), "");
}

TEST(KindByGrammar, queries_read) {
  for (const auto* text :
       {"SELECT 1", " select 1", "VALUES 1", "TABLE t", "WITH a AS (SELECT 1) SELECT * FROM a", "((SELECT 1))",
        "-- INSERT\nSELECT 1", "/* INSERT */ SELECT 1", "/**/SELECT 1", "SHOW TABLES", "DESCRIBE t", "DESC t",
        "EXPLAIN DELETE FROM t", "EXPLAIN (TYPE IO) INSERT INTO t VALUES 1", "SELECT 'TABLE(x)'", "SELECT \"table\"(1)",
        "SELECT 1 -- TABLE(x)", "SELECT 1 /* TABLE ( */", "SELECT * FROM t WHERE a = 'it''s TABLE('"}) {
    EXPECT_EQ(kind_by_grammar(text), StatementKind::read) << text;
  }
}

TEST(KindByGrammar, everything_else_may_write) {
  for (const auto* text : {"",
                           ";",
                           "INSERT INTO t SELECT 1",
                           "DELETE FROM t",
                           "UPDATE t SET a = 1",
                           "MERGE INTO t",
                           "CREATE TABLE t AS SELECT 1",
                           "DROP TABLE t",
                           "CALL system.f()",
                           "EXECUTE p",
                           "EXECUTE IMMEDIATE 'SELECT 1'",
                           "SET SESSION a = 1",
                           "GRANT SELECT ON t TO u",
                           "EXPLAIN ANALYZE DELETE FROM t",
                           "EXPLAIN /* x */ ANALYZE VERBOSE SELECT 1",
                           "ANALYZE t",
                           "REFRESH MATERIALIZED VIEW v",
                           "SELECT * FROM TABLE(pg.system.query(query => 'x'))",
                           "SELECT * FROM table /* x */ (f())",
                           "WITH FUNCTION f() RETURNS int RETURN 1 SELECT f()",
                           "WITH SESSION a = 1 SELECT 1",
                           "selecting 1",
                           "\"SELECT\" 1",
                           "'SELECT'",
                           "/* SELECT",
                           "-- SELECT\rDELETE FROM t",
                           "--\nDELETE FROM t",
                           "SELECT /* ' */ * FROM TABLE(f()) -- '",
                           "START TRANSACTION",
                           "PREPARE p FROM SELECT 1",
                           "USE a.b",
                           "COMMENT ON TABLE t IS 'x'"}) {
    EXPECT_EQ(kind_by_grammar(text), StatementKind::unknown) << text;
  }
}

}  // namespace
}  // namespace coatcheck::warehouse::trino
