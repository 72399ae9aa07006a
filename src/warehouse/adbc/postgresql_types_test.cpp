#include "warehouse/adbc/postgresql_test.hpp"

namespace coatcheck::warehouse {
namespace {

struct Case {
  const char* expression;
  const char* type;
  const char* value;
};

TEST_F(AdbcPostgresqlTest, every_type_comes_as_the_table_in_the_documents_says) {
  const Case cases[] = {
      {"(-32768)::smallint", "int16", "-32768"},
      {"2147483647::int", "int32", "2147483647"},
      {"9223372036854775807::bigint", "int64", "9223372036854775807"},
      {"1.5::real", "float", "1.5"},
      {"0.1::double precision", "double", "0.1"},
      {"'NaN'::double precision", "double", "nan"},
      {"12345678901234567890.1234567890::numeric", "string", "12345678901234567890.1234567890"},
      {"0.10::numeric(10,2)", "string", "0.10"},
      {"'NaN'::numeric", "string", "nan"},
      {"'Infinity'::numeric", "string", "inf"},
      {"true", "bool", "true"},
      {"'ä'::text", "string", "ä"},
      {"'x'::varchar(3)", "string", "x"},
      {"'x'::char(3)", "string", "x  "},
      {"'x'::name", "string", "x"},
      {"'<a/>'::text::xml", "string", "<a/>"},
      {"'\\x00ff'::bytea", "binary", nullptr},
      {"date '0044-03-15 BC'", "date32[day]", nullptr},
      {"date '2026-11-22'", "date32[day]", "2026-11-22"},
      {"time '23:59:59.999999'", "time64[us]", "23:59:59.999999"},
      {"timestamp '2026-11-22 13:45:00.123456'", "timestamp[us]", "2026-11-22 13:45:00.123456"},
      {"timestamptz '2026-11-22 13:45:00+02'", "timestamp[us, tz=UTC]", nullptr},
      {"interval '1 month 2 days 3 seconds'", "month_day_nano_interval", "1M2d3000000000ns"},
      {"'{\"a\": 1}'::json", "extension<arrow.json>", nullptr},
      {"'{\"a\": 1}'::jsonb", "extension<arrow.json>", nullptr},
      {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "extension<arrow.uuid>", nullptr},
      {"4294967295::oid", "uint32", "4294967295"},
      {"NULL", "string", "NULL"},
      {"'{1,2,NULL}'::int[]", "list<item: int32>", nullptr},
      {"ARRAY[0.10::numeric]", "list<item: string>", nullptr},
      {"pg_sleep(0)", "string", ""},
  };
  for (const auto& expected : cases) {
    auto drained = run({.text = std::string("SELECT ") + expected.expression});
    ASSERT_TRUE(drained) << expected.expression << ": " << drained.error().message;
    EXPECT_EQ(drained->schema->field(0)->type()->ToString(), expected.type) << expected.expression;
    EXPECT_TRUE(drained->batches.front()->ValidateFull().ok()) << expected.expression;
    if (expected.value != nullptr) {
      EXPECT_EQ(value(drained), expected.value) << expected.expression;
    }
    auto nothing = run({.text = std::string("SELECT x FROM (SELECT ") + expected.expression + " AS x LIMIT 0) t"});
    ASSERT_TRUE(nothing) << expected.expression;
    EXPECT_TRUE(nothing->schema->field(0)->type()->Equals(*drained->schema->field(0)->type())) << expected.expression;
    const auto null_text = std::string("SELECT CASE WHEN false THEN ") + expected.expression + " END";
    if (std::string(expected.expression) == "pg_sleep(0)") continue;
    EXPECT_EQ(value({.text = null_text}), "NULL") << expected.expression;
  }
}

TEST_F(AdbcPostgresqlTest, types_of_which_the_driver_yields_raw_bytes_are_refused_with_a_way_out) {
  for (const auto* expression : {"'10.0.0.1'::inet", "point(1, 2)", "int4range(1, 5)", "5::money", "ROW(1, 'a')",
                                 "B'101'", "'12:00+01'::timetz", "'1 a'::tsvector", "ARRAY[point(1, 2)]"}) {
    auto drained = run({.text = std::string("SELECT ") + expression + " AS odd"});
    ASSERT_FALSE(drained) << expression;
    EXPECT_EQ(drained.error().category, FailureCategory::statement) << expression;
    EXPECT_EQ(drained.error().sqlstate, "0A000") << expression;
    EXPECT_NE(drained.error().message.find("Cast it to text"), std::string::npos) << drained.error().message;
    EXPECT_TRUE(run({.text = std::string("SELECT (") + expression + ")::text AS odd"})) << expression;
  }
}

TEST_F(AdbcPostgresqlTest, types_that_users_made_before_are_known) {
  ASSERT_TRUE(run({.text = "CREATE TYPE mood AS ENUM ('sad', 'ok')"}));
  ASSERT_TRUE(run({.text = "CREATE TYPE pair AS (a int, b text)"}));
  auto later = open(options_for("postgres"));
  EXPECT_EQ(value(*later, "SELECT 'ok'::mood"), "ok");
  auto drained = drain(loop_, *later, {.text = "SELECT ROW(1, 'x')::pair"});
  ASSERT_TRUE(drained) << drained.error().message;
  EXPECT_EQ(drained->schema->field(0)->type()->ToString(), "struct<a: int32, b: string>");
}

}  // namespace
}  // namespace coatcheck::warehouse
