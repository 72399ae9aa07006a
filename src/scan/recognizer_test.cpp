#include "scan/recognizer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scan/history_rows.hpp"

namespace coatcheck::scan {
namespace {

using namespace std::chrono_literals;

const std::string id = "01932f5e-1111-7000-8000-000000000001";

Parameter bound(Parameter::Value value, std::string type = {}) { return {.type = std::move(type), .value = value}; }

// What the statement's one history is asked for.
HistoryRequest history(std::string_view sql, const std::vector<Parameter>& parameters = {}, const Facts& facts = {}) {
  const auto recognized = recognize(sql, &parameters, facts);
  if (!recognized || recognized->references.size() != 1) {
    ADD_FAILURE() << sql;
    return {};
  }
  const auto* call = std::get_if<HistoryCall>(&recognized->references.front().call);
  EXPECT_NE(call, nullptr) << sql;
  return call != nullptr ? call->request : HistoryRequest{};
}

std::optional<Failure> history_failure(std::string_view arguments) {
  const std::vector<Parameter> parameters;
  const std::string sql = "select * from table(information_schema.query_history(" + std::string(arguments) + "))";
  const auto recognized = recognize(sql, &parameters, {});
  if (!recognized) return std::nullopt;
  return std::get<HistoryCall>(recognized->references.front().call).failure;
}

std::optional<std::vector<std::string>> pushed(std::string_view where, const std::vector<Parameter>& parameters = {}) {
  return history("select * from table(information_schema.query_history()) h " + std::string(where), parameters).ids;
}

TEST(Recognizer, tables_of_ours_are_found_in_any_spelling_and_place) {
  for (const std::string sql : {
           "select * from table(result_scan('x'))",
           "SELECT * FROM TABLE(RESULT_SCAN('x'));",
           "select*from table/*a*/(--b\nresult_scan\t(\n'x' ) )",
           "select * from table (result_scan(-1))",
           "select * from table(result_scan(1))",
           "select * from table(result_scan(last_query_id()))",
           "select * from table(result_scan(LAST_QUERY_ID(-2)))",
           "select * from table(result_scan(?))",
           "select * from table(result_scan(:1))",
           "select * from table(result_scan($1))",
           "select * from table(result_scan($$x$$))",
           "from result_scan('x')",
           "select * from result_scan('x') where a > 1",
           "select a from t join table(result_scan('x')) r on r.a = t.a",
           "select a from t, table(result_scan('x'))",
           "select a from t left join lateral table(result_scan('x')) r using (a), u",
           "select * from t on x = 1, table(result_scan('x'))",
           "select * from (select 1) s join (table(result_scan('x')) r join t on true) on true",
           "select * from (table(result_scan('x')))",
           "with h as (select * from table(result_scan('x'))) select * from h",
           "select (select max(a) from table(result_scan('x'))), 1 from t",
           "select * from t where a in (select a from table(result_scan('x')))",
           "select 1 union all select a from table(result_scan('x')) order by 1 limit 3",
           "(select * from table(result_scan('x')))",
           "select offset, window from table(result_scan('x'))",
           "select a is distinct from b from table(result_scan('x'))",
           "select extract(year from d), trim(both ' ' from e) from table(result_scan('x'))",
           "select t.from, 1 as from from table(result_scan('x'))",
           "create table c as select * from table(result_scan('x'))",
           "insert into c select * from table(result_scan('x'))",
           "explain select * from table(result_scan('x'))",
           "select * from values_of, table(result_scan('x'))",
           "select [1, 2][1], {'a': 1}, f(x) from table(result_scan('x'))",
           "select 1 -- table(\n from table(result_scan('x'))",
           "select '//' from table(result_scan('x'))",
           "select 7 // 2\n from table(result_scan('x'))",
           "select * from table(information_schema.query_history())",
           "select * from table ( INFORMATION_SCHEMA . Query_History_By_User ( ) )",
           "select * from table(db.information_schema.query_history_by_session(17))",
           "select * from table(\"My DB\".\"INFORMATION_SCHEMA\".query_history_by_warehouse('w'))",
       }) {
    EXPECT_TRUE(reads_stored(sql)) << sql;
  }
}

TEST(Recognizer, what_only_looks_like_a_table_of_ours_is_none) {
  for (const std::string sql : {
           "select 'from table(result_scan(''x''))'",
           "select \"from table(result_scan('x'))\" from t",
           "select 1 -- from table(result_scan('x'))",
           "select 1 /* from table(result_scan('x')) */",
           "select 1 /* /* */ from table(result_scan('x')) */",
           "select $$ from table(result_scan('x')) $$",
           "select $a$ from table(result_scan('x')) $a$",
           "select E'\\' from table(result_scan(1)) --'",
           "select 'a' 'from table(result_scan(1))'",
           "select result_scan, query_history from t",
           "select * from result_scan",
           "select * from query_history",
           "select * from table(query_history())",
           "select * from information_schema.query_history",
           "select * from table(other_schema.query_history())",
           "select * from table(my_result_scan('x'))",
           "select * from table(result_scan_2('x'))",
           "select * from table(\"result_scan\"('x'))",
           "select * from \"table\"(result_scan_('x'))",
           "select * from /* not closed table(result_scan('x'))",
           "select * from 'not closed table(result_scan(1))",
           "",
           "result_scan",
       }) {
    EXPECT_FALSE(reads_stored(sql)) << sql;
  }
}

TEST(Recognizer, a_text_that_the_dialects_read_differently_is_not_ours_where_that_matters) {
  EXPECT_FALSE(reads_stored("select 1 // from table(result_scan('x'))")) << "a comment in Snowflake";
  EXPECT_FALSE(reads_stored("select 1 // '\n from table(result_scan('x')) --'"));
  EXPECT_FALSE(reads_stored("select '\\' from table(result_scan(1)) --'")) << "a string in Snowflake";
  EXPECT_FALSE(reads_stored("select '\\'' from table(result_scan(1)) --")) << "a string in DuckDB";
  EXPECT_FALSE(reads_stored("select 1 /* /* */ from table(result_scan(1)) -- */"));
  EXPECT_TRUE(reads_stored("select '\\d+' from table(result_scan('x'))"));
}

TEST(Recognizer, what_is_not_understood_makes_the_statement_not_ours) {
  for (const std::string sql : {
           "select * from table(result_scan('x', 1))",
           "select * from table(result_scan())",
           "select * from table(result_scan(a))",
           "select * from table(result_scan('a' || 'b'))",
           "select * from table(result_scan(1.5))",
           "select * from table(result_scan(99999999999999999999))",
           "select * from table(result_scan(last_query_id(a)))",
           "select table(result_scan('x'))",
           "select result_scan('x')",
           "select * from t where result_scan('x') = 1",
           "select * from table(result_scan('x')",
           "select * from table(result_scan('x')) )",
           "select * from table(result_scan('x')); select 1",
           "delete from table(result_scan('x'))",
           "select * from table(result_scan('x')) r, table(result_scan(a))",
           "select * from table(information_schema.query_history(1 + 1))",
           "select * from table(information_schema.query_history(NO_SUCH => 1))",
           "select * from table(information_schema.query_history(SESSION_ID => 1))",
           "select * from table(information_schema.query_history(RESULT_LIMIT => 1, RESULT_LIMIT => 2))",
           "select * from table(information_schema.query_history(RESULT_LIMIT => 1, current_timestamp()))",
           "select * from table(information_schema.query_history(RESULT_LIMIT => (select 1)))",
           "select * from table(information_schema.query_history(null, null, 1, true, 5))",
           "select * from table(information_schema.query_history(,))",
           "select * from table(information_schema.query_history(END_TIME_RANGE_START => dateadd('eon', 1, "
           "sysdate())))",
           "select * from information_schema.query_history()",
       }) {
    EXPECT_FALSE(reads_stored(sql)) << sql;
  }
}

TEST(Recognizer, the_argument_of_result_scan_is_an_id_or_a_place_in_the_session) {
  const auto query = [](std::string_view argument, std::vector<Parameter> parameters = {}) {
    const auto recognized =
        recognize("select * from table(result_scan(" + std::string(argument) + "))", &parameters, {});
    if (!recognized) return std::variant<std::string, SessionPlace>("not ours");
    return std::get<ResultCall>(recognized->references.at(0).call).query;
  };
  using Query = std::variant<std::string, SessionPlace>;
  EXPECT_EQ(query("'it''s'"), Query("it's"));
  EXPECT_EQ(query("-3"), Query(SessionPlace{-3}));
  EXPECT_EQ(query("last_query_id()"), Query(SessionPlace{-1}));
  EXPECT_EQ(query("last_query_id(2)"), Query(SessionPlace{2}));
  EXPECT_EQ(query("?", {bound(id)}), Query(id));
  EXPECT_EQ(query(":1", {bound(id)}), Query(id));
  EXPECT_EQ(query("$name", {{.name = "name", .value = id}}), Query(id));
  EXPECT_EQ(query("?", {bound(std::int64_t{-1})}), Query(SessionPlace{-1}));
  EXPECT_EQ(query("?", {bound("-1", "BIGINT")}), Query(SessionPlace{-1}));
  EXPECT_EQ(query("?", {bound("-1")}), Query("-1"));
  EXPECT_EQ(query("?"), Query("not ours")) << "nothing is bound to it";
  EXPECT_EQ(query("?", {bound(1.5)}), Query("not ours"));
}

TEST(Recognizer, a_reference_knows_its_bytes_and_whether_it_has_an_alias) {
  const std::string sql =
      "select * from table(result_scan('a')) as x join table ( result_scan('b') ) y on true cross join "
      "result_scan('c') where ? = last_query_id( -2 ) and $2 is null";
  const std::vector<Parameter> parameters(2);
  const auto recognized = recognize(sql, &parameters, {});
  ASSERT_TRUE(recognized);
  std::vector<std::string> texts;
  std::vector<bool> aliases;
  for (const auto& reference : recognized->references) {
    texts.push_back(sql.substr(reference.bytes.begin, reference.bytes.end - reference.bytes.begin));
    aliases.push_back(reference.has_alias);
  }
  EXPECT_EQ(texts,
            (std::vector<std::string>{"table(result_scan('a'))", "table ( result_scan('b') )", "result_scan('c')"}));
  EXPECT_EQ(aliases, (std::vector<bool>{true, true, false}));
  ASSERT_EQ(recognized->last_queries.size(), 1U);
  EXPECT_EQ(recognized->last_queries[0].query, SessionPlace{-2});
  ASSERT_EQ(recognized->placeholders.size(), 2U);
  EXPECT_EQ(recognized->placeholders[0].parameter, 0U);
  EXPECT_EQ(recognized->placeholders[1].parameter, 1U);
  EXPECT_TRUE(recognized->placeholders[1].numbered);
}

TEST(Recognizer, history_arguments_are_named_or_in_order) {
  const Facts facts{.now = *parse_rfc3339("2026-11-22T12:00:00Z"), .user = "alice", .session = 7, .warehouse = "wh"};
  const auto asked = [&](std::string_view call, const std::vector<Parameter>& parameters = {}) {
    return history("select * from table(information_schema." + std::string(call) + ")", parameters, facts);
  };
  EXPECT_EQ(asked("query_history()"), HistoryRequest{});
  const auto hour = asked("query_history(dateadd('hour', -24, current_timestamp()), current_timestamp())");
  EXPECT_EQ(hour.end_from, facts.now - 24h);
  EXPECT_EQ(hour.end_until, facts.now);
  const auto named = asked(
      "query_history(RESULT_LIMIT => 1000, end_time_range_start=>DATEADD(day,-1,sysdate()), "
      "INCLUDE_CLIENT_GENERATED_STATEMENT => false)");
  EXPECT_EQ(named.limit, 1000);
  EXPECT_EQ(named.end_from, facts.now - 24h);
  EXPECT_EQ(named.end_until, std::nullopt);
  EXPECT_EQ(asked("query_history('2026-11-01 10:00:00'::timestamp_ltz)").end_from,
            *parse_rfc3339("2026-11-01T10:00:00Z"));
  EXPECT_EQ(asked("query_history(to_timestamp_ltz('2026-11-01T10:00:00.5 +0100'))").end_from,
            *parse_rfc3339("2026-11-01T09:00:00.5Z"));
  EXPECT_EQ(asked("query_history(to_timestamp_ltz(1793527200))").end_from, *parse_rfc3339("2026-11-01T10:00:00Z"));
  EXPECT_EQ(asked("query_history('2026-11-01')").end_from, *parse_rfc3339("2026-11-01T00:00:00Z"));
  EXPECT_EQ(asked("query_history(dateadd(month, -1, '2026-03-31'::timestamp))").end_from,
            *parse_rfc3339("2026-02-28T00:00:00Z"));
  EXPECT_EQ(asked("query_history(current_timestamp, current_timestamp, ?)", {bound(std::int64_t{5})}).limit, 5);
  EXPECT_EQ(asked("query_history_by_session()").session, 7U);
  EXPECT_EQ(asked("query_history_by_session(12, current_timestamp)").session, 12U);
  EXPECT_EQ(asked("query_history_by_session(SESSION_ID => '12')").session, 12U);
  EXPECT_EQ(asked("query_history_by_session(SESSION_ID => current_session())").session, 7U);
  EXPECT_EQ(asked("query_history_by_user()").user, "alice");
  EXPECT_EQ(asked("query_history_by_user(USER_NAME => 'BOB')").user, "BOB");
  EXPECT_EQ(asked("query_history_by_user(current_user(), RESULT_LIMIT => 3)").limit, 3);
  EXPECT_EQ(asked("query_history_by_warehouse()").warehouse, "wh");
  EXPECT_EQ(asked("query_history_by_warehouse('x')").warehouse, "x");
}

TEST(Recognizer, a_history_argument_that_cannot_be_is_a_failure_to_tell) {
  EXPECT_FALSE(history_failure("RESULT_LIMIT => 1"));
  EXPECT_FALSE(history_failure("RESULT_LIMIT => 10000"));
  for (const auto* arguments : {"RESULT_LIMIT => 0", "RESULT_LIMIT => 10001", "RESULT_LIMIT => 'ten'",
                                "RESULT_LIMIT => -1", "END_TIME_RANGE_START => 'yesterday'",
                                "END_TIME_RANGE_START => 5", "INCLUDE_CLIENT_GENERATED_STATEMENT => 1"}) {
    const auto failure = history_failure(arguments);
    ASSERT_TRUE(failure) << arguments;
    EXPECT_EQ(failure->category, FailureCategory::statement);
    EXPECT_EQ(failure->code.size(), 6U);
  }
}

TEST(Recognizer, ids_of_the_where_are_looked_up_in_the_journal) {
  using Ids = std::vector<std::string>;
  EXPECT_EQ(pushed("where query_id = 'a'"), Ids{"a"});
  EXPECT_EQ(pushed("WHERE h.QUERY_ID='a';"), Ids{"a"});
  EXPECT_EQ(pushed("where 'a' = query_id order by start_time limit 1"), Ids{"a"});
  EXPECT_EQ(pushed("where execution_status = 'SUCCESS' and query_id = 'a' and rows_produced > 1"), Ids{"a"});
  EXPECT_EQ(pushed("where query_id in ('a', 'b')"), (Ids{"a", "b"}));
  EXPECT_EQ(pushed("where start_time between x and y and query_id = 'a'"), Ids{"a"});
  EXPECT_EQ(pushed("where (a or b) and query_id = 'a' group by all"), Ids{"a"});
  EXPECT_EQ(pushed("where query_id = ?", {bound("a")}), Ids{"a"});
  EXPECT_EQ(pushed("where x = ? and query_id in (?, 'c')", {bound(std::int64_t{1}), bound("b")}), (Ids{"b", "c"}));
  EXPECT_EQ(pushed("where query_id = 'a' union all select 1"), Ids{"a"});
}

TEST(Recognizer, ids_are_not_looked_up_where_the_condition_may_not_hold_for_all) {
  for (const std::string where : {
           "where query_id = 'a' or true",
           "where query_id = 'a' and x or true",
           "where query_id = 'a' and x > offset or true",
           "where not query_id = 'a'",
           "where query_id <> 'a'",
           "where query_id != 'a'",
           "where query_id = 'a' || 'b'",
           "where query_id = 'a'::uuid",
           "where upper(query_id) = 'a'",
           "where query_id = 'a' collate nocase",
           "where query_id not in ('a')",
           "where query_id in ('a', b)",
           "where query_id in (select 'a')",
           "where query_id in ('a',)",
           "where query_id in ()",
           "where query_id in ('a') is false",
           "where (query_id = 'a')",
           "where x between 1 and query_id = 'a'",
           "where case when true and query_id = 'a' and false then 1 else 0 end = 1",
           "where x -> y and query_id = 'a'",
           "where other.query_id = 'a'",
           "where \"query_id\" = 'a'",
           "where query_id = 5",
           "where query_id = 'a' 'b'",
           "having query_id = 'a'",
           "(a, b) where query_id = 'a'",
           ", t where query_id = 'a'",
           "join t on true where query_id = 'a'",
           "left join t on query_id = 'a'",
           "limit 5",
       }) {
    EXPECT_EQ(pushed(where), std::nullopt) << where;
  }
  EXPECT_EQ(history("select * from (select * from table(information_schema.query_history())) where query_id = 'a'").ids,
            std::nullopt);
  EXPECT_EQ(
      history("select * from table(information_schema.query_history()) union select 1 from t where query_id = 'a'").ids,
      std::nullopt);
  EXPECT_EQ(history("select (select 1 from t where query_id = 'a') from table(information_schema.query_history())").ids,
            std::nullopt);
}

TEST(Recognizer, only_the_session_knows_which_query_is_at_a_place) {
  const auto known = QueryId::parse(id);
  const auto query_at = [&](std::int64_t place) { return place == -1 || place == 2 ? known : std::nullopt; };
  const auto named = [&](std::string_view sql) {
    auto text = name_session_queries(sql, query_at);
    return text ? *text : text.error().code + " " + text.error().message;
  };
  EXPECT_EQ(named("select *, last_query_id() q from table(result_scan(last_query_id())) join table(result_scan(2))"),
            "select *, '" + id + "' q from table(result_scan('" + id + "')) join table(result_scan('" + id + "'))");
  EXPECT_EQ(named("select * from table(result_scan('x'))"), "select * from table(result_scan('x'))");
  EXPECT_EQ(named("select last_query_id()'x', 'y'last_query_id() from table(result_scan('x'))"),
            "select '" + id + "' 'x', 'y' '" + id + "' from table(result_scan('x'))");
  EXPECT_EQ(named("select last_query_id()"), "select last_query_id()") << "not ours";
  EXPECT_EQ(named("select * from table(result_scan(-5))"), "000709 Statement -5 not found");
}

TEST(Poll, the_poll_of_the_article_is_recognized) {
  const std::string sql =
      "select query_id, execution_status, error_message from table (information_schema.query_history())\n"
      "   where query_id = '" +
      id + "'";
  const auto found = poll(sql, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, id);
  std::vector<std::string> names;
  for (const auto& column : found->columns) names.push_back(column.name);
  EXPECT_EQ(names, (std::vector<std::string>{"QUERY_ID", "EXECUTION_STATUS", "ERROR_MESSAGE"}));
  EXPECT_EQ(found->columns[1].history_column, history_column("EXECUTION_STATUS"));
}

TEST(Poll, columns_may_have_names_and_aliases) {
  const auto found = poll(
      "select h.query_id as q, EXECUTION_STATUS \"Status\", error_code code from "
      "table(information_schema.query_history_by_user(result_limit=>5)) as h where h.query_id=? order by start_time "
      "desc "
      "limit 1;",
      {bound("x")}, {.user = "alice"});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->columns.size(), 3U);
  EXPECT_EQ(found->columns[0].name, "Q");
  EXPECT_EQ(found->columns[1].name, "Status");
  EXPECT_EQ(found->columns[2].name, "CODE");
  EXPECT_EQ(found->id, "x");
  EXPECT_EQ(found->request.user, "alice");
  const auto all = poll("select * from table(information_schema.query_history()) where 'x' = query_id", {});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->columns.size(), history_columns().size());
}

TEST(Poll, anything_else_is_for_the_engine) {
  const std::string from = " from table(information_schema.query_history()) ";
  for (const std::string& sql : std::vector<std::string>{
           "select count(*)" + from + "where query_id = 'a'",
           "select distinct query_id" + from + "where query_id = 'a'",
           "select query_id, 1" + from + "where query_id = 'a'",
           "select query_id || 'x'" + from + "where query_id = 'a'",
           "select no_such" + from + "where query_id = 'a'",
           "select *, query_id" + from + "where query_id = 'a'",
           "select query_id," + from + "where query_id = 'a'",
           "select query_id" + from,
           "select query_id" + from + "where query_id = 'a' and true",
           "select query_id" + from + "where query_id in ('a', 'b')",
           "select query_id" + from + "where query_id = 'a' group by 1",
           "select query_id" + from + "where query_id = 'a' limit 0",
           "select query_id" + from + "where query_id = 'a' limit 1 offset 1",
           "select query_id" + from + "where query_id = 'a' union select 1",
           "select query_id" + from + "where query_id = 'a' order by 1 + 1",
           "select query_id from table(information_schema.query_history(result_limit => 0)) where query_id = 'a'",
           "select query_id" + from + "h(a, b) where query_id = 'a'",
           "with x as (select query_id" + from + "where query_id = 'a') select * from x",
           "(select query_id" + from + "where query_id = 'a')",
           "select query_id /* x */" + from + "where query_id = 'a'",
           "select q from table(result_scan('x')) where query_id = 'a'",
           std::string("select 1"),
       }) {
    EXPECT_FALSE(poll(sql, {})) << sql;
  }
}

TEST(WholeResult, only_the_plain_scan_of_one_result_is_one) {
  EXPECT_EQ(whole_result("select * from table(result_scan('x'))"), "x");
  EXPECT_EQ(whole_result(" SELECT *\nFROM table ( RESULT_SCAN ( 'x' ) ) ; "), "x");
  for (const auto* sql :
       {"select * from table(result_scan('x')) r", "select * from table(result_scan('x')) limit 1",
        "select a from table(result_scan('x'))", "select * from table(result_scan(-1))",
        "select * from table(result_scan(?))", "select * from result_scan('x')", "select * from table(result_scan('x')",
        "select * from table(information_schema.query_history())", "select 1"}) {
    EXPECT_EQ(whole_result(sql), std::nullopt) << sql;
  }
}

TEST(Recognizer, nasty_texts_are_read_quickly) {
  const std::string call = " from table(information_schema.query_history()) where query_id = 'a' ";
  for (const std::string& piece :
       std::vector<std::string>{"(select *" + call, "table(", "result_scan(", "information_schema.query_history(",
                                "last_query_id() ", "? ", "case ", "(", "from ", "select ", "query_history_"}) {
    std::string sql = "select *" + call + " and ";
    while (sql.size() < 300'000) sql += piece;
    const auto begin = std::chrono::steady_clock::now();
    reads_stored(sql);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s) << piece;
  }
}

}  // namespace
}  // namespace coatcheck::scan
