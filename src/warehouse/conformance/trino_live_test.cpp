// What only Trino has, and what only a real one can show. Run by tools/with-trino.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <cstdlib>

#include "warehouse/testing/drain.hpp"
#include "warehouse/trino/connector.hpp"
#include "warehouse/upstream/client.hpp"

namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string server() { return std::getenv("COATCHECK_TRINO_URL"); }

class TrinoLive : public ::testing::Test {
 protected:
  std::unique_ptr<Connector> open(TrinoOptions options = {}) {
    options.url = server();
    if (options.user.empty()) options.user = "live";
    auto opened = open_trino(std::move(options), loop_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  Outcome<Drained> run(std::string text, std::vector<Parameter> parameters = {}) {
    return drain(loop_, *connector_, {.text = std::move(text), .parameters = std::move(parameters)});
  }

  // The first row of a statement, as Arrow writes its values, or the failure's words.
  std::vector<std::string> row(std::string text, std::vector<Parameter> parameters = {}) {
    auto drained = run(std::move(text), std::move(parameters));
    if (!drained) return {drained.error().code + ": " + drained.error().message};
    std::vector<std::string> values;
    if (drained->batches.empty()) return {"no rows"};
    EXPECT_TRUE(drained->batches.front()->ValidateFull().ok());
    for (const auto& column : drained->batches.front()->columns()) {
      values.push_back(column->type()->ToString() + " " + column->GetScalar(0).ValueOrDie()->ToString());
    }
    return values;
  }
  std::string value(std::string text, std::vector<Parameter> parameters = {}) {
    return row(std::move(text), std::move(parameters)).front();
  }

  // How many statements that contain this text Trino itself says to be running, or waiting to.
  std::string alive(const std::string& part) {
    return value(
        "SELECT count(*) FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED') AND query LIKE '%" +
        part + "%' AND query NOT LIKE '%system.runtime%'");
  }
  // Asks until it is so, for at most ten seconds.
  bool becomes(const std::string& part, const std::string& expected) {
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < until) {
      if (alive(part) == expected) return true;
    }
    return false;
  }

  async::Loop loop_;
  std::unique_ptr<Connector> connector_ = open();
};

const std::string endless =
    "SELECT count(*) FROM tpch.sf1.lineitem a CROSS JOIN tpch.tiny.lineitem b WHERE a.comment > b.comment";

TEST_F(TrinoLive, every_type_arrives_as_it_is) {
  EXPECT_EQ(row("SELECT true, tinyint '-128', smallint '32767', integer '-2147483648', bigint '-9223372036854775808', "
                "real '1.5', "
                "nan(), infinity(), -infinity(), 1e300, 0.1e0 + 0.2e0"),
            (std::vector<std::string>{"bool true", "int8 -128", "int16 32767", "int32 -2147483648",
                                      "int64 -9223372036854775808", "float 1.5", "double nan", "double inf",
                                      "double -inf", "double 1e+300", "double 0.30000000000000004"}));
  EXPECT_EQ(
      row("SELECT decimal '-99999999999999999999999999999999999999', decimal '0.10', varchar U&'\\00e4''\\+01F600', "
          "cast('a' as char(3)), x'00ff', json '{\"a\": 1}', uuid '12151fd2-7586-11e9-8f9e-2a86e4085a59', "
          "ipaddress '2001:db8::1'"),
      (std::vector<std::string>{"decimal128(38, 0) -99999999999999999999999999999999999999", "decimal128(2, 2) 0.10",
                                "string \xC3\xA4'\xF0\x9F\x98\x80", "string a  ", std::string("binary \0\xFF", 9),
                                "string {\"a\":1}", "string 12151fd2-7586-11e9-8f9e-2a86e4085a59",
                                "string 2001:db8::1"}));
  EXPECT_EQ(
      row("SELECT date '-0044-03-15', date '9999-12-31', time '23:59:59.123456', time '23:59:59.123456789', "
          "time '23:59:59.123456789012', timestamp '2020-01-01 00:00:00', timestamp '2020-01-01 00:00:00.123456789', "
          "timestamp '2020-01-01 00:00:00.123456789012', timestamp '12345-01-01 00:00:00.5'"),
      (std::vector<std::string>{
          "date32[day] -0044-03-15", "date32[day] 9999-12-31", "time64[us] 23:59:59.123456",
          "time64[ns] 23:59:59.123456789", "string 23:59:59.123456789012", "timestamp[us] 2020-01-01 00:00:00.000000",
          "timestamp[ns] 2020-01-01 00:00:00.123456789", "string 2020-01-01 00:00:00.123456789012",
          "timestamp[us] 12345-01-01 00:00:00.500000"}));
  EXPECT_EQ(
      row("SELECT timestamp '2020-07-01 00:00:00.123 Europe/Berlin', timestamp '2020-01-01 00:00:00 America/New_York', "
          "timestamp '2020-07-01 00:00:00 +05:30', timestamp '1800-01-01 00:00:00 UTC', "
          "time '01:02:03.5 +05:30', interval '3' year + interval '2' month, interval '-90061.5' second"),
      (std::vector<std::string>{"timestamp[us, tz=UTC] 2020-06-30 22:00:00.123000Z",
                                "timestamp[us, tz=UTC] 2020-01-01 05:00:00.000000Z",
                                "timestamp[us, tz=UTC] 2020-06-30 18:30:00.000000Z",
                                "timestamp[us, tz=UTC] 1800-01-01 00:00:00.000000Z", "string 01:02:03.5+05:30",
                                "month_day_nano_interval 38M0d0ns", "month_day_nano_interval 0M-1d-3661500000000ns"}));
}

TEST_F(TrinoLive, nested_values_arrive_as_they_are) {
  EXPECT_THAT(value("SELECT array[1, NULL]"), HasSubstr("[1, null]"));
  EXPECT_THAT(value("SELECT array[array[], array[ROW(1, 'x')]]"), HasSubstr("field1"));
  EXPECT_THAT(value("SELECT map(array['k', ''], array[1, NULL])"), HasSubstr("map<string, int32"));
  EXPECT_THAT(value("SELECT map(array[1.5, 2], array[x'00', NULL])"), HasSubstr("map<decimal128(11, 1), binary"));
  EXPECT_THAT(value("SELECT map(array[date '2020-01-01'], array[1])"), HasSubstr("2020-01-01"));
  EXPECT_THAT(value("SELECT map(array[array[1]], array[2])"), HasSubstr("map<string, int32"));
  EXPECT_THAT(value("SELECT cast(row(1, NULL) AS row(a bigint, \"B b\" varchar))"),
              HasSubstr("struct<a: int64, B b: string>"));
}

TEST_F(TrinoLive, null_is_null_in_every_type) {
  for (const std::string type : {"boolean",
                                 "tinyint",
                                 "smallint",
                                 "integer",
                                 "bigint",
                                 "real",
                                 "double",
                                 "decimal(38,10)",
                                 "varchar",
                                 "char(3)",
                                 "varbinary",
                                 "json",
                                 "date",
                                 "time(3)",
                                 "time(9)",
                                 "time(12)",
                                 "timestamp(3)",
                                 "timestamp(9)",
                                 "timestamp(12)",
                                 "timestamp(3) with time zone",
                                 "timestamp(12) with time zone",
                                 "time(3) with time zone",
                                 "interval year to month",
                                 "interval day to second",
                                 "uuid",
                                 "ipaddress",
                                 "array(bigint)",
                                 "map(bigint, bigint)",
                                 "row(a bigint)",
                                 "hyperloglog"}) {
    EXPECT_THAT(value("SELECT CAST(NULL AS " + type + ")"), ::testing::EndsWith(" null")) << type;
  }
  EXPECT_EQ(value("SELECT NULL"), "int32 null");
}

TEST_F(TrinoLive, types_without_a_place_in_arrow_are_text) {
  EXPECT_THAT(value("SELECT approx_set(1)"), HasSubstr("string "));
  EXPECT_THAT(value("SELECT timestamp '2020-01-01 00:00:00.123456789012 UTC'"),
              "string 2020-01-01 00:00:00.123456789012 UTC");
}

TEST_F(TrinoLive, an_hour_that_comes_twice_is_the_earlier_one) {
  EXPECT_EQ(value("SELECT timestamp '2020-10-25 00:30:00 UTC' AT TIME ZONE 'Europe/Berlin'"),
            "timestamp[us, tz=UTC] 2020-10-25 00:30:00.000000Z");
  // Trino writes both as 02:30 Europe/Berlin: here a difference is lost on its way to every client.
  EXPECT_EQ(value("SELECT timestamp '2020-10-25 01:30:00 UTC' AT TIME ZONE 'Europe/Berlin'"),
            "timestamp[us, tz=UTC] 2020-10-25 00:30:00.000000Z");
}

TEST_F(TrinoLive, parameters_arrive_as_they_are) {
  for (const std::string text :
       {"", "'", "''", "it's", "\\", "\\'", "'; DROP TABLE x; --", "?", "a\nb\r\n\tc", "\xC3\xA4\xF0\x9F\x98\x80",
        "' || 'x", "U&'\\0041'", "/* */ -- '", "\x01\x7F", "%s {0} $1 :a"}) {
    EXPECT_EQ(value("SELECT ?", {{.value = text}}), "string " + text);
    EXPECT_EQ(value("SELECT ?, '''?', \"'?\" FROM (SELECT 1 AS \"'?\")", {{.type = "varchar", .value = text}}),
              "string " + text);
  }
  EXPECT_EQ(value("SELECT length(?)", {{.value = std::string("a\0b", 3)}}), "int64 3");
}

TEST_F(TrinoLive, parameters_have_the_types_that_were_asked_for) {
  const std::tuple<Parameter, std::string> cases[] = {
      {{.value = std::monostate{}}, "int32 null"},
      {{.value = true}, "bool true"},
      {{.value = std::int64_t{-5}}, "int32 -5"},
      {{.value = std::numeric_limits<std::int64_t>::min()}, "int64 -9223372036854775808"},
      {{.value = std::numeric_limits<std::uint64_t>::max()}, "decimal128(20, 0) 18446744073709551615"},
      {{.value = 0.1}, "double 0.1"},
      {{.value = 5e-324}, "double 5e-324"},
      {{.value = 1.7976931348623157e308}, "double 1.7976931348623157e+308"},
      {{.value = std::numeric_limits<double>::quiet_NaN()}, "double nan"},
      {{.value = -std::numeric_limits<double>::infinity()}, "double -inf"},
      {{.type = "tinyint", .value = std::int64_t{5}}, "int8 5"},
      {{.type = "double", .value = std::numeric_limits<double>::infinity()}, "double inf"},
      {{.type = "decimal(38,10)", .value = std::string("1.5")}, "decimal128(38, 10) 1.5000000000"},
      {{.type = "date", .value = std::string("2020-02-29")}, "date32[day] 2020-02-29"},
      {{.type = "time(6)", .value = std::string("01:02:03.456789")}, "time64[us] 01:02:03.456789"},
      {{.type = "timestamp(6)", .value = std::string("2020-01-01T01:02:03.5")},
       "timestamp[us] 2020-01-01 01:02:03.500000"},
      {{.type = "timestamptz", .value = std::string("2020-01-01T01:02:03Z")},
       "timestamp[us, tz=UTC] 2020-01-01 01:02:03.000000Z"},
      {{.type = "timestamptz", .value = std::string("2020-01-01T01:02:03+02:00")},
       "timestamp[us, tz=UTC] 2019-12-31 23:02:03.000000Z"},
      {{.type = "varbinary", .value = std::string("J0E=")}, "binary 'A"},
      {{.type = "json", .value = std::string("{\"a\": \"'\"}")}, "string {\"a\":\"'\"}"},
      {{.type = "uuid", .value = std::string("12151fd2-7586-11e9-8f9e-2a86e4085a59")},
       "string 12151fd2-7586-11e9-8f9e-2a86e4085a59"},
      {{.type = "array(bigint)", .value = std::string("[1,null]")}, "list<item: int64> list<item: int64>[1, null]"},
      {{.type = "row(a bigint, select varchar)", .value = std::string("[1,\"x\"]")},
       "struct<a: int64, select: string> {a:int64 = 1, select:string = x}"},
      {{.type = "decimal(5,2)", .value = std::monostate{}}, "decimal128(5, 2) null"},
  };
  for (const auto& [parameter, expected] : cases) EXPECT_EQ(value("SELECT ?", {parameter}), expected) << parameter.type;
  auto failed = run("SELECT ?", {{.type = "date", .value = std::string("no date")}});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().category, FailureCategory::statement);
  auto few = run("SELECT ?, ?", {{.value = true}});
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().sqlstate, "07001");
}

TEST_F(TrinoLive, mistakes_have_their_place_with_and_without_parameters) {
  const std::string text = "SELECT '\xC3\xA4''',\n  1, bad FROM tpch.tiny.nation WHERE ";
  auto plain = run(text + "true");
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code, "COLUMN_NOT_FOUND");
  EXPECT_EQ(plain.error().position, text.find("bad"));
  auto bound = run(text + "?", {{.value = true}});
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().position, text.find("bad"));
  auto first_line = run("SELECT '''', bad, ? FROM tpch.tiny.nation", {{.value = true}});
  ASSERT_FALSE(first_line);
  EXPECT_EQ(first_line.error().position, 13U) << first_line.error().message;
}

TEST_F(TrinoLive, writes_say_how_much_they_wrote) {
  const auto table =
      "memory.default.counted_" + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  EXPECT_EQ(value("CREATE TABLE " + table + " AS SELECT * FROM tpch.tiny.nation"), "int64 25");
  EXPECT_EQ(value("INSERT INTO " + table + " SELECT * FROM tpch.tiny.nation WHERE nationkey < ?",
                  {{.value = std::int64_t{7}}}),
            "int64 7");
  EXPECT_EQ(value("INSERT INTO " + table + " SELECT * FROM tpch.tiny.nation WHERE 1 = 0"), "int64 0");
  EXPECT_EQ(value("SELECT count(*) FROM " + table), "int64 32");
  auto dropped = run("DROP TABLE " + table);
  ASSERT_TRUE(dropped);
  EXPECT_EQ(dropped->schema->num_fields(), 0);
}

TEST_F(TrinoLive, a_table_comes_whole_and_its_sums_are_right) {
  auto drained = run("SELECT orderkey, totalprice, orderdate, comment FROM tpch.\"sf0.1\".orders");
  ASSERT_TRUE(drained) << drained.error().message;
  std::int64_t rows = 0;
  std::int64_t keys = 0;
  for (const auto& batch : drained->batches) {
    rows += batch->num_rows();
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (std::int64_t i = 0; i < column.length(); ++i) keys += column.Value(i);
  }
  EXPECT_EQ(rows, 150'000);
  EXPECT_EQ("int64 " + std::to_string(keys), value("SELECT sum(orderkey) FROM tpch.\"sf0.1\".orders"));
}

TEST_F(TrinoLive, a_cancel_while_it_runs_stops_it_in_trino) {
  auto execution =
      run_task(loop_, connector_->prepare({.query = {}, .statement = {.text = endless + " AND 'canceled' <> ''"}}));
  ASSERT_TRUE(execution);
  auto cursor = run_task(loop_, (*execution)->run());
  ASSERT_TRUE(cursor) << cursor.error().message;
  std::optional<Outcome<std::optional<rows::Batch>>> ended;
  async::asio::co_spawn(loop_.get_executor(), (*cursor)->next(),
                        [&](std::exception_ptr, auto outcome) { ended = std::move(outcome); });
  EXPECT_EQ(alive("canceled"), "int64 1");
  EXPECT_FALSE(ended);
  (*execution)->cancel();
  const auto asked = std::chrono::steady_clock::now();
  while (!ended) loop_.run_one();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 10s);
  ASSERT_FALSE(*ended);
  EXPECT_EQ(ended->error().category, FailureCategory::canceled);
  EXPECT_EQ(alive("canceled"), "int64 0");
}

TEST_F(TrinoLive, a_query_that_is_let_go_ends_in_trino) {
  {
    auto execution =
        run_task(loop_, connector_->prepare({.query = {}, .statement = {.text = endless + " AND 'let go' <> ''"}}));
    auto cursor = run_task(loop_, (*execution)->run());
    ASSERT_TRUE(cursor);
    EXPECT_EQ(alive("let go"), "int64 1");
  }
  EXPECT_TRUE(becomes("let go", "int64 0"));
}

TEST_F(TrinoLive, a_statement_whose_first_answer_was_lost_never_runs) {
  const std::string table = "lost_" + std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  upstream::Client client({});
  auto answer = run_task(loop_, client.send({.method = "POST",
                                             .url = server() + "/v1/statement",
                                             .headers = {{"X-Trino-User", "live"}},
                                             .body = "CREATE TABLE memory.default." + table + " AS SELECT 1 a"}));
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->status, 200);
  EXPECT_EQ(value("SELECT count(*) FROM system.runtime.queries WHERE query LIKE '%" + table +
                  "%' AND query NOT LIKE '%system.runtime%'"),
            "int64 0");
  EXPECT_EQ(value("SELECT count(*) FROM memory.information_schema.tables WHERE table_name = '" + table + "'"),
            "int64 0");
}

TEST_F(TrinoLive, session_and_catalog_reach_trino) {
  auto connector = open({.user = "alice",
                         .catalog = "tpch",
                         .schema = "tiny",
                         .client_tags = {"one", "two"},
                         .session_properties = {{"query_max_run_time", "7m"}},
                         .time_zone = "Europe/Berlin"});
  auto drained = drain(loop_, *connector, {.text = "SELECT current_user, current_timezone(), name FROM nation"});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->batches.front()->column(0)->GetScalar(0).ValueOrDie()->ToString(), "alice");
  EXPECT_EQ(drained->batches.front()->column(1)->GetScalar(0).ValueOrDie()->ToString(), "Europe/Berlin");
  auto shown = drain(loop_, *connector, {.text = "SHOW SESSION LIKE 'query_max_run_time'"});
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->batches.front()->column(1)->GetScalar(0).ValueOrDie()->ToString(), "7m");
}

TEST_F(TrinoLive, running_out_of_memory_or_time_says_so) {
  auto limited = open({.session_properties = {{"query_max_memory", "1MB"}}});
  auto failed = drain(loop_, *limited,
                      {.text = "SELECT count(*) FROM (SELECT DISTINCT orderkey, comment FROM tpch.sf10.orders)"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().category, FailureCategory::resources) << failed.error().code;
  auto hurried = open({.session_properties = {{"query_max_run_time", "1s"}}});
  auto late = drain(loop_, *hurried, {.text = endless});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().category, FailureCategory::timeout) << late.error().code;
}

}  // namespace
}  // namespace coatcheck::warehouse
