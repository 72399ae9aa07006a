#include "api/snowflake/errors.hpp"

#include <gtest/gtest.h>

#include "query/stored_bytes.hpp"

namespace coatcheck::api::snowflake {
namespace {

using Category = FailureCategory;

Failure failure(Category category, std::string code, std::string sqlstate, std::string message = "words") {
  return {
      .category = category, .code = std::move(code), .sqlstate = std::move(sqlstate), .message = std::move(message)};
}

TEST(Errors, failures_of_duckdb_have_snowflakes_codes) {
  struct Case {
    Failure failure;
    const char* code;
    const char* sqlstate;
  };
  const auto statement = Category::statement;
  for (const Case& c : {
           Case{failure(statement, "Parser Error", "42601"), "001003", "42000"},
           Case{failure(statement, "Catalog Error", "42P01", "Table with name x does not exist!"), "002003", "42S02"},
           Case{failure(statement, "Catalog Error", "3F000", "Schema with name x does not exist!"), "002003", "42S02"},
           Case{failure(statement, "Binder Error", "42000", "Catalog \"x\" does not exist!"), "002003", "42S02"},
           Case{failure(statement, "Catalog Error", "42P01", "Table with name \"t\" already exists!"), "002002",
                "42710"},
           Case{failure(statement, "Binder Error", "42703"), "000904", "42000"},
           Case{failure(statement, "Catalog Error", "42883", "Table Function with name x does not exist!"), "002139",
                "42601"},
           Case{failure(statement, "Divide by Zero Error", "22012"), "100051", "22012"},
           Case{failure(statement, "Conversion Error", "22018"), "100038", "22018"},
           Case{failure(statement, "Conversion Error", "22003"), "100039", "22003"},
           Case{failure(statement, "Not implemented Error", "0A000"), "000002", "0A000"},
           Case{failure(statement, "Constraint Error", "23505"), "200001", "22000"},
           Case{failure(statement, "Constraint Error", "23000", "NOT NULL constraint failed: t.a"), "100072", "22000"},
           Case{failure(statement, "Invalid Input Error", ""), "990001", "42000"},
           Case{failure(statement, "TransactionContext Error", "40001"), "990001", "40001"},
           Case{failure(Category::permission, "Permission Error", "42501"), "003001", "42501"},
           Case{failure(Category::resources, "Out of Memory Error", "53200"), "990002", "53000"},
           Case{failure(Category::timeout, "", ""), "000630", "57014"},
           Case{failure(Category::queue_timeout, "", ""), "990003", "57014"},
           Case{failure(Category::interrupted, "", ""), "990004", "57P01"},
           Case{failure(Category::unavailable, "HTTP Error", ""), "990005", "08004"},
           Case{failure(Category::internal, "", ""), "000603", "XX000"},
       }) {
    const SnowflakeError error = from_failure(c.failure);
    EXPECT_EQ(error.code, c.code) << c.failure.message;
    EXPECT_EQ(error.sqlstate, c.sqlstate) << c.failure.message;
    EXPECT_EQ(error.message, c.failure.message) << "the warehouse's own words";
    EXPECT_EQ(error.http_status, 0U);
  }
}

TEST(Errors, a_cancel_says_what_clients_look_for) {
  const SnowflakeError expected{"000604", "57014", "SQL execution canceled", 0};
  EXPECT_EQ(from_failure(failure(Category::canceled, "", "57014", "The query was canceled.")), expected);
  EXPECT_EQ(from_error({Errc::canceled, "canceled"}), expected);
}

TEST(Errors, a_failure_with_a_code_of_snowflake_passes_as_it_is) {
  const SnowflakeError expected{"000709", "02000", "Statement x not found", 0};
  EXPECT_EQ(from_failure(failure(Category::statement, "000709", "02000", "Statement x not found")), expected);
  EXPECT_EQ(from_failure(failure(Category::canceled, "000709", "02000", "Statement x not found")), expected);
  EXPECT_NE(from_failure(failure(Category::statement, "00070a", "02000")).code, "00070a");
}

TEST(Errors, a_full_queue_and_a_draining_server_are_conditions_of_the_transport) {
  EXPECT_EQ(from_error({Errc::resource_exhausted, "the queue is full"}),
            (SnowflakeError{"390505", "53000", "the queue is full", 429}));
  EXPECT_EQ(from_error({Errc::resource_exhausted, "too much is stored", query::storage_full}),
            (SnowflakeError{"990002", "53000", "too much is stored", 0}))
      << "to come again is of no use";
  EXPECT_EQ(from_error({Errc::unavailable, "shutting down"}),
            (SnowflakeError{"990005", "08004", "shutting down", 503}));
}

TEST(Errors, words_of_internal_trouble_stay_with_us) {
  for (const Errc code : {Errc::io_error, Errc::corrupt, Errc::no_outcome}) {
    const SnowflakeError error = from_error({code, "/var/lib/secret/path"});
    EXPECT_EQ(error.code, "000603");
    EXPECT_EQ(error.message.find("/var"), std::string::npos);
  }
}

TEST(Errors, what_is_about_authentication_is_known) {
  for (const SnowflakeError& error :
       {wrong_credentials(), missing_token(), unusable_token(), session_gone(), session_expired(),
        missing_master_token(), master_token_expired(), invalid_master_token(), SnowflakeError{"394304", "", ""}}) {
    EXPECT_TRUE(is_authentication(error)) << error.code;
  }
  for (const SnowflakeError& error : {invalid_payload(), too_many_requests(), canceled(), not_executing()}) {
    EXPECT_FALSE(is_authentication(error)) << error.code;
  }
}

}  // namespace
}  // namespace coatcheck::api::snowflake
