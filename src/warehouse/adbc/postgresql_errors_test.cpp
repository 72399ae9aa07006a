#include "warehouse/adbc/postgresql_test.hpp"

namespace coatcheck::warehouse {
namespace {

struct Case {
  const char* text;
  FailureCategory category;
  const char* sqlstate;
  const char* message;
};

class AdbcPostgresqlErrorsTest : public AdbcPostgresqlTest {
 protected:
  Failure failure_of(std::string text) {
    auto drained = run({.text = text});
    EXPECT_FALSE(drained) << text;
    return drained ? Failure{} : std::move(drained).error();
  }
};

TEST_F(AdbcPostgresqlErrorsTest, every_class_of_error_arrives_as_what_it_is) {
  const Case cases[] = {
      {"SELEC 1", FailureCategory::statement, "42601", "syntax error at or near \"SELEC\""},
      {"SELECT 1; SELECT 2", FailureCategory::statement, "42601",
       "cannot insert multiple commands into a prepared statement"},
      {"SELECT * FROM nope", FailureCategory::statement, "42P01", "relation \"nope\" does not exist"},
      {"SELECT nope()", FailureCategory::statement, "42883", "function nope() does not exist"},
      {"SELECT 1/0", FailureCategory::statement, "22012", "division by zero"},
      {"SELECT 10/(5-g) FROM generate_series(1, 10) g", FailureCategory::statement, "22012", "division by zero"},
      {"SELECT 'x'::int", FailureCategory::statement, "22P02", "invalid input syntax for type integer: \"x\""},
      {"DO $$ BEGIN RAISE SQLSTATE '53200' USING MESSAGE = 'out of memory'; END $$", FailureCategory::resources,
       "53200", "out of memory"},
      {"DO $$ BEGIN RAISE SQLSTATE '40001' USING MESSAGE = 'serialize'; END $$", FailureCategory::statement, "40001",
       "serialize"},
      {"COPY pg_class TO STDOUT", FailureCategory::statement, "0A000",
       "The driver cannot run a statement of this kind."},
      {"COPY pg_class FROM STDIN", FailureCategory::statement, "0A000",
       "The driver cannot run a statement of this kind."},
      {"-- nothing", FailureCategory::statement, "0A000", "The driver cannot run a statement of this kind."},
  };
  for (const auto& expected : cases) {
    const Failure failure = failure_of(expected.text);
    EXPECT_EQ(failure.category, expected.category) << expected.text;
    EXPECT_EQ(failure.sqlstate, expected.sqlstate) << expected.text;
    EXPECT_EQ(failure.message.substr(0, failure.message.find('\n')), expected.message) << expected.text;
    // What follows a failure is not harmed by it.
    EXPECT_EQ(value({.text = "SELECT 1"}), "1") << expected.text;
  }
}

TEST_F(AdbcPostgresqlErrorsTest, a_limit_of_the_warehouses_own_is_a_timeout) {
  auto options = options_for("postgres");
  options.database_options["uri"] += "&options=-c%20statement_timeout%3D50";
  auto limited = open(std::move(options));
  for (const auto* text : {"SELECT pg_sleep(100)", "DO $$ BEGIN PERFORM pg_sleep(100); END $$"}) {
    auto drained = drain(loop_, *limited, {.text = text});
    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().category, FailureCategory::timeout) << drained.error().message;
    EXPECT_EQ(drained.error().sqlstate, "57014");
  }
}

TEST_F(AdbcPostgresqlErrorsTest, a_mistake_has_its_place_in_bytes) {
  EXPECT_EQ(failure_of("SELECT * FROM nope").position, 14U);
  EXPECT_EQ(failure_of("  SELECT 'äöü', nope").position, 19U);
  EXPECT_FALSE(failure_of("SELECT 1/0").position);
}

TEST_F(AdbcPostgresqlErrorsTest, hints_and_details_of_the_warehouse_are_kept) {
  ASSERT_TRUE(run({.text = "CREATE TABLE unique_a (a int PRIMARY KEY)"}));
  const Failure failure = failure_of("INSERT INTO unique_a VALUES (1), (1)");
  EXPECT_EQ(failure.message,
            "duplicate key value violates unique constraint \"unique_a_pkey\"\nKey (a)=(1) already exists.");
  EXPECT_EQ(failure.code, "INTEGRITY");
}

TEST_F(AdbcPostgresqlErrorsTest, what_the_user_may_not_is_a_matter_of_permission) {
  ASSERT_TRUE(run({.text = "CREATE ROLE visitor LOGIN"}));
  auto visiting = open(options_for("visitor"));
  auto drained = drain(loop_, *visiting, {.text = "SELECT * FROM pg_authid"});
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().category, FailureCategory::permission);
  EXPECT_EQ(drained.error().sqlstate, "42501");
}

TEST_F(AdbcPostgresqlErrorsTest, a_login_that_is_refused_is_the_warehouses_affair_and_shows_no_secret) {
  for (const auto* uri : {"&user=nobody_here&password=hush1", "&user=nobody_here&passwort=hush1&password=hush2",
                          "&user=nobody_here&password=hu sh3"}) {
    auto options = options_for("postgres");
    options.database_options["uri"] = server().uri() + uri;
    auto refused = open(std::move(options));
    auto drained = drain(loop_, *refused, {.text = "SELECT 1"});
    ASSERT_FALSE(drained);
    EXPECT_EQ(drained.error().category, FailureCategory::unavailable);
    EXPECT_TRUE(drained.error().retryable);
    EXPECT_EQ(drained.error().message.find("hu"), std::string::npos) << drained.error().message;
  }
}

TEST_F(AdbcPostgresqlErrorsTest, credentials_are_read_again_after_a_login_that_failed) {
  auto options = options_for("postgres");
  std::atomic<int> asked = 0;
  options.credentials = [&]() -> Result<AdbcOptions::Values> {
    if (++asked == 1) return Error{Errc::unavailable, "the password file is not there"};
    return AdbcOptions::Values{{"uri", server().uri(asked == 2 ? "nobody_here" : "postgres")}};
  };
  auto connector = open(std::move(options));
  EXPECT_EQ(value(*connector, "SELECT 1"), "failed: the password file is not there");
  EXPECT_NE(value(*connector, "SELECT 1").find("nobody_here"), std::string::npos);
  EXPECT_EQ(value(*connector, "SELECT 1"), "1");
  EXPECT_EQ(value(*connector, "SELECT 1"), "1");
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace coatcheck::warehouse
