#include "api/snowflake/session_language.hpp"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include <gtest/gtest.h>

#include "api/snowflake/statement_type.hpp"

namespace coatcheck::api::snowflake {
namespace {

SessionState after(const std::string& sql, SessionState state = {}) {
  const auto statement = read_session_statement(sql);
  EXPECT_TRUE(statement) << sql;
  if (statement) {
    EXPECT_TRUE(change_state(*statement, state)) << sql;
  }
  return state;
}

// The first row, its values as text.
std::vector<std::string> answered(const std::string& sql, const SessionState& state = {},
                                  const SessionFacts& facts = {}) {
  const auto statement = read_session_statement(sql);
  EXPECT_TRUE(statement) << sql;
  if (!statement) return {};
  const auto batch = answer(*statement, state, facts);
  EXPECT_TRUE(batch) << sql;
  std::vector<std::string> values;
  for (const auto& column : (*batch)->columns()) {
    const auto& texts = static_cast<const arrow::StringArray&>(*column);
    values.push_back(texts.length() == 0 ? "no row" : texts.IsNull(0) ? "NULL" : texts.GetString(0));
  }
  return values;
}

TEST(SessionLanguage, use_sets_what_it_names) {
  EXPECT_EQ(after("use warehouse wh").warehouse, "WH");
  EXPECT_EQ(after("USE ROLE \"Some Role\" ;").role, "Some Role");
  EXPECT_EQ(after("use /* this */ database db").database, "DB");
  EXPECT_EQ(after("use db").database, "DB");
  EXPECT_EQ(after("use schema s", {.database = "D"}).schema, "S");
  const SessionState both = after("use schema d.s");
  EXPECT_EQ(both.database, "D");
  EXPECT_EQ(both.schema, "S");
}

TEST(SessionLanguage, alter_session_sets_and_unsets_parameters) {
  const SessionState state =
      after("ALTER SESSION SET query_tag = 'it''s', Timezone='UTC' autocommit=false lock_timeout = 5");
  EXPECT_EQ(state.query_tag(), "it's");
  EXPECT_EQ(state.parameters.at("AUTOCOMMIT"), (ParameterValue{ParameterValue::Type::boolean, "false"}));
  EXPECT_EQ(state.parameters.at("LOCK_TIMEOUT"), (ParameterValue{ParameterValue::Type::number, "5"}));
  EXPECT_EQ(after("alter session unset QUERY_TAG, timezone", state).parameters.size(), 2U);
}

TEST(SessionLanguage, select_says_what_the_session_is) {
  const SessionState state{.database = "DB", .warehouse = "WH"};
  const SessionFacts facts{.id = 7, .user = "alice", .last_query_ids = {{-1, "newest"}, {1, "oldest"}}};
  EXPECT_EQ(
      answered("select current_user(), CURRENT_ROLE(), current_database(), current_schema(), current_session() as s",
               state, facts),
      (std::vector<std::string>{"ALICE", "PUBLIC", "DB", "NULL", "7"}));
  EXPECT_EQ(answered("SELECT last_query_id() , last_query_id(1), last_query_id(2)", {}, facts),
            (std::vector<std::string>{"newest", "oldest", "NULL"}));
  const auto columns =
      std::get<SelectCurrent>(*read_session_statement("select current_user() as \"me\", current_role()")).items;
  EXPECT_EQ(columns[0].column, "me");
  EXPECT_EQ(columns[1].column, "CURRENT_ROLE()");
}

TEST(SessionLanguage, show_parameters_shows_what_was_set) {
  const SessionState state = after("alter session set query_tag='t', timezone='UTC'");
  EXPECT_EQ(answered("show parameters like 'QUERY_T%' in session", state)[1], "t");
  EXPECT_EQ(answered("show parameters like 'nothing'", state)[0], "no row");
  EXPECT_EQ(answered("show parameters like 'timezone'", {})[1], "UTC") << "also what was not set";
}

TEST(SessionLanguage, cancel_reads_its_id) {
  const auto statement = read_session_statement("SELECT SYSTEM$CANCEL_QUERY('0193-x')");
  ASSERT_TRUE(statement);
  EXPECT_EQ(std::get<CancelQuery>(*statement).id, "0193-x");
}

TEST(SessionLanguage, a_wait_has_its_time_whatever_its_unit) {
  const auto of = [](const char* sql) { return std::get<Wait>(read_session_statement(sql).value()); };
  EXPECT_EQ(of("select system$wait(5)").duration, std::chrono::seconds(5));
  EXPECT_EQ(of("select system$wait(5)").words, "5 seconds");
  EXPECT_EQ(of("select system$wait(5)").column, "SYSTEM$WAIT(5)");
  EXPECT_EQ(of("CALL SYSTEM$WAIT(2, 'minutes');").duration, std::chrono::minutes(2));
  EXPECT_EQ(of("SELECT SYSTEM$WAIT(3, MILLISECONDS) AS w").duration, std::chrono::milliseconds(3));
  EXPECT_EQ(of("SELECT SYSTEM$WAIT(3, MILLISECONDS) AS w").column, "W");
  for (const char* sql : {"select system$wait()", "select system$wait(-1)", "select system$wait(1, 'YEARS')",
                          "select system$wait(99999999999)", "select system$wait(8, DAYS)",
                          "select system$wait(1000000000, 'DAYS')", "select system$wait(1), 2", "call other(1)"}) {
    EXPECT_FALSE(read_session_statement(sql)) << sql;
  }
}

TEST(SessionLanguage, leaves_every_other_statement_to_the_warehouse) {
  for (const char* sql : {"select 1",
                          "select current_user(), 1",
                          "select current_user() from t",
                          "select current_user() where 1=0",
                          "use",
                          "use a.b.c",
                          "use a b",
                          "alter table t add c int",
                          "alter session set",
                          "alter session set a",
                          "alter session set a = f(1)",
                          "show tables",
                          "select last_query_id(x)",
                          "select \"system$cancel_query\"('a'), 1",
                          "commit and chain",
                          "",
                          ";",
                          "select",
                          "select system$cancel_query(?)",
                          "with x as (select 1) select current_user()",
                          "select 'use warehouse wh'",
                          "-- use warehouse wh"}) {
    EXPECT_FALSE(read_session_statement(sql)) << sql;
  }
}

TEST(SessionLanguage, transactions_are_refused_and_their_ends_do_nothing) {
  EXPECT_EQ(answered("commit"), std::vector<std::string>{"Statement executed successfully."});
  EXPECT_EQ(answered("ROLLBACK WORK;"), std::vector<std::string>{"Statement executed successfully."});
  EXPECT_EQ(answer(*read_session_statement("begin transaction"), {}, {}).error().code, "000002");
}

TEST(StatementType, is_told_by_the_first_word) {
  EXPECT_EQ(statement_type("select 1"), StatementType::select);
  EXPECT_EQ(statement_type(" -- c\n /* d */ INSERT into t values (1)"), StatementType::insert);
  EXPECT_EQ(statement_type("with x as (select 1) select * from x"), StatementType::select);
  EXPECT_EQ(statement_type("WITH x AS (delete from y) update t set a = 1"), StatementType::update);
  EXPECT_EQ(statement_type("(select 1)"), StatementType::select);
  EXPECT_EQ(statement_type("create table t (a int)"), StatementType::ddl);
  EXPECT_EQ(statement_type("'select'"), StatementType::unknown);
  EXPECT_EQ(statement_type(""), StatementType::unknown);
}

}  // namespace
}  // namespace coatcheck::api::snowflake
