#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace coatcheck::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using namespace std::chrono_literals;

constexpr const char* adbc = "[[warehouse]]\nkind = \"adbc\"\ndriver = \"d.so\"\n";
constexpr const char* trino = "[[warehouse]]\nkind = \"trino\"\nurl = \"https://t\"\nuser = \"u\"\n";

Loaded loaded(std::string_view toml, const Sources& rest = {}) {
  auto result = load_text(toml, "test.toml", rest);
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

std::string mistake(std::string_view toml, std::vector<std::string> overrides = {}) {
  const auto result = load_text(toml, "test.toml", {.overrides = std::move(overrides)});
  return result ? "no mistake was found" : result.error().message;
}

TEST(WarehouseSettings, of_kind_adbc_are_read) {
  const auto warehouse = loaded(R"(
    [[warehouse]]
    name = "sales"
    max_running = 7
    reset_statement = ""
    only_reads = true
    driver = "libadbc_driver_postgresql.so"
    kind = "adbc"
    database_options = {uri = "postgresql://reader@db/sales", "a.b c" = "x"}
    credentials.password = {file = "/etc/p"}
    [warehouse.credentials.token]
    environment = "TOKEN"
    [warehouse.connection_options]
    "adbc.connection.autocommit" = "true"
  )")
                             .settings.warehouses[0];
  EXPECT_EQ(warehouse.kind, "adbc");
  EXPECT_EQ(warehouse.max_running, 7U);
  EXPECT_EQ(warehouse.adbc.driver, "libadbc_driver_postgresql.so");
  EXPECT_EQ(warehouse.adbc.entrypoint, "");
  EXPECT_EQ(warehouse.adbc.reset_statement, "");
  EXPECT_TRUE(warehouse.adbc.only_reads);
  EXPECT_EQ(warehouse.adbc.batch_rows, 65'536U);
  EXPECT_THAT(warehouse.adbc.database_options,
              ElementsAre(Pair("a.b c", "x"), Pair("uri", "postgresql://reader@db/sales")));
  EXPECT_THAT(warehouse.adbc.credentials, ElementsAre(Pair("password", CredentialSource{.file = "/etc/p"}),
                                                      Pair("token", CredentialSource{.environment = "TOKEN"})));
  EXPECT_THAT(warehouse.adbc.connection_options, ElementsAre(Pair("adbc.connection.autocommit", "true")));
}

TEST(WarehouseSettings, of_kind_trino_are_read) {
  const auto settings = loaded(R"(
    [[warehouse]]
    kind = "trino"
    url = "https://trino.example:8443"
    user = "coatcheck"
    authentication = "basic"
    secret_environment = "TRINO_PASSWORD"
    client_tags = ["a", "b"]
    session_properties = {query_max_run_time = "1h", "memory.spill" = "true"}
    retry_for = "7s"
    page_bytes_max = "1GiB"
    compression = false
    [[warehouse]]
    name = "other"
    kind = "trino"
    url = "https://t"
    authentication = "jwt"
    secret_file = "/token"
  )")
                            .settings;
  const auto& first = settings.warehouses[0].trino;
  EXPECT_EQ(first.url, "https://trino.example:8443");
  EXPECT_EQ(first.secret, CredentialSource{.environment = "TRINO_PASSWORD"});
  EXPECT_THAT(first.client_tags, ElementsAre("a", "b"));
  EXPECT_THAT(first.session_properties, ElementsAre(Pair("memory.spill", "true"), Pair("query_max_run_time", "1h")));
  EXPECT_EQ(first.retry_for, 7s);
  EXPECT_EQ(first.request_timeout, 2min);
  EXPECT_EQ(first.page_bytes_max, 1U << 30U);
  EXPECT_TRUE(first.spooling);
  EXPECT_FALSE(first.compression);
  EXPECT_FALSE(first.queries_only_read);
  EXPECT_EQ(settings.warehouses[1].trino.secret, CredentialSource{.file = "/token"});
}

TEST(WarehouseSettings, of_kind_snowflake_are_read) {
  const auto settings = loaded(R"(
    [[warehouse]]
    kind = "snowflake"
    url = "https://a.snowflakecomputing.com"
    account = "ORG-A"
    user = "U"
    secret_file = "/key"
    passphrase_environment = "PHRASE"
    warehouse = "WH"
    status = "history"
    spool = "at_once"
    poll_max = "1m"
  )")
                            .settings;
  const auto& read = settings.warehouses[0].snowflake;
  EXPECT_EQ(read.authentication, "key_pair");
  EXPECT_EQ(read.secret, CredentialSource{.file = "/key"});
  EXPECT_EQ(read.passphrase, CredentialSource{.environment = "PHRASE"});
  EXPECT_EQ(read.warehouse, "WH");
  EXPECT_EQ(read.status, "history");
  EXPECT_EQ(read.spool, "at_once");
  EXPECT_EQ(read.timestamps, "by_value");
  EXPECT_EQ(read.poll_min, 250ms);
  EXPECT_EQ(read.poll_max, 1min);
}

TEST(WarehouseSettings, of_kind_snowflake_fit_each_other) {
  const std::string snowflake = "[[warehouse]]\nkind = \"snowflake\"\nurl = \"https://a\"\n";
  EXPECT_THAT(mistake(snowflake), HasSubstr("needs a secret"));
  EXPECT_THAT(mistake(snowflake + "secret_file = \"/k\""), HasSubstr("needs account and user"));
  EXPECT_THAT(mistake(snowflake + "authentication = \"none\"\nsecret_file = \"/k\""), HasSubstr("would not be used"));
  EXPECT_THAT(mistake(snowflake + "authentication = \"token\"\nsecret_file = \"/k\"\npassphrase_file = \"/p\""),
              HasSubstr("no use for a passphrase"));
  EXPECT_THAT(mistake(snowflake + "authentication = \"none\"\npoll_min = \"1h\"\npoll_max = \"1s\""),
              HasSubstr("poll_min"));
  EXPECT_THAT(mistake(snowflake + "authentication = \"token\"\nsecret_file = \"/k\"\nsecret_environment = \"K\""),
              HasSubstr("only one of them can hold"));
}

TEST(WarehouseSettings, of_another_kind_are_a_mistake_that_says_so) {
  EXPECT_EQ(mistake("[[warehouse]]\nurl = \"https://t\""),
            "test.toml:2:1: \"warehouse[0].url\": is a setting of warehouses of kind \"trino\" and \"snowflake\"; this "
            "one is of kind \"duckdb\"");
  EXPECT_THAT(
      mistake(std::string(adbc) + "database = \"x\""),
      HasSubstr("is a setting of warehouses of kind \"duckdb\" and \"snowflake\"; this one is of kind \"adbc\""));
  EXPECT_THAT(mistake(std::string(trino) + "[[warehouse.table]]\nname = \"t\"\npath = \"p\""),
              HasSubstr("is a section of warehouses of kind \"duckdb\"; this one is of kind \"trino\""));
  EXPECT_THAT(mistake("", {"warehouse.main.driver=x"}), HasSubstr("of kind \"adbc\"; this one is of kind \"duckdb\""));
  EXPECT_THAT(mistake(std::string(trino) + "uurl = 1"), HasSubstr("there is no such setting"));
}

TEST(WarehouseSettings, with_an_unknown_kind_are_one_mistake_and_not_one_for_each) {
  EXPECT_EQ(mistake("[[warehouse]]\nkind = \"oracle\"\nurl = \"x\"\ndriver = \"y\""),
            "test.toml:2:8: warehouse[0].kind: \"oracle\" is not allowed; allowed is \"duckdb\" or \"adbc\" or "
            "\"trino\" or \"snowflake\"");
}

TEST(WarehouseSettings, that_are_needed_and_missing_are_mistakes) {
  EXPECT_EQ(mistake("[[warehouse]]\nkind = \"adbc\""),
            "test.toml:2:8: warehouse[0].driver: is missing; a warehouse of kind \"adbc\" needs it");
  const std::string both = mistake("[[warehouse]]\nkind = \"trino\"");
  EXPECT_THAT(both, HasSubstr("warehouse[0].url: is missing"));
  EXPECT_THAT(both, HasSubstr("warehouse[0].user: is missing"));
}

TEST(WarehouseSettings, of_tables_and_credentials_have_their_shapes) {
  for (const auto& [toml, part] : std::vector<std::pair<std::string, std::string>>{
           {"database_options = 1", "database_options: the value has the wrong type; allowed is a table of texts"},
           {"database_options.port = 5432", "\"port\" must be a text, in quotes"},
           {"database_options.\"\" = \"x\"", "an entry has no name"},
           {"database_options.x = \"a\\u0000b\"", "\"x\" has control characters"},
           {"database_options.x = \"" + std::string(5000, 'x') + "\"", "\"x\" is too long"},
           {"credentials = \"x\"", "credentials: the value has the wrong type"},
           {"credentials.x = {}", "\"x\" needs a file or an environment, and not both"},
           {"credentials.x = {file = \"f\", environment = \"E\"}",
            "\"x\" needs a file or an environment, and not both"},
           {"credentials.x = {path = \"f\"}", "\"x\" must have a file or an environment, and nothing else"},
           {"credentials.uri.file = \"f\"\ndatabase_options.uri = \"u\"", "\"uri\" stands in database_options too"},
       }) {
    EXPECT_THAT(mistake(adbc + toml), HasSubstr(part)) << toml;
  }
}

TEST(WarehouseSettings, hold_no_secrets_and_show_none_that_was_put_there) {
  for (const std::string toml :
       {"database_options.password = \"hunter2\"",
        "database_options.\"adbc.flight.sql.oauth.client_secret\" = \"hunter2\"",
        "database_options.uri = \"postgresql://me:hunter2@db/sales\"",
        "database_options.uri = \"postgresql://db/?password=hunter2\"",
        "database_options.uri = \"Server=db;Pwd=hunter2\"", "connection_options.auth_token = \"hunter2\"",
        "credentials.password = \"hunter2\"", "credentials.password = {value = \"hunter2\"}",
        "credentials.password = {file = \"hunter2\", environment = 1}",
        "credentials.password = {environment = \"hunter2!\"}", "password = \"hunter2\""}) {
    EXPECT_THAT(mistake(adbc + toml), AllOf(HasSubstr("test.toml:4:"), Not(HasSubstr("hunter2")))) << toml;
  }
  EXPECT_THAT(mistake(adbc + std::string("database_options.password = \"hunter2\"")),
              HasSubstr("give it as credentials.password = {file = \"…\"}"));
  EXPECT_THAT(mistake(adbc, {"warehouse.main.database_options.password=hunter2"}),
              AllOf(HasSubstr("would hold a secret"), Not(HasSubstr("hunter2"))));
  EXPECT_THAT(mistake(trino + std::string("secret_environment = \"hunter2!\"")),
              AllOf(HasSubstr("this is not the name of a variable"), Not(HasSubstr("hunter2"))));
  for (const char* toml :
       {"database_options.uri = \"postgresql://me@db:5432/sales\"", "database_options.uri = \"file:/a?mode=ro\"",
        "database_options.token_uri = \"https://x:1/@me\"", "database_options.jwt_private_key = \"/etc/key.p8\""}) {
    EXPECT_EQ(mistake(adbc + std::string(toml)), "no mistake was found");
  }
}

TEST(WarehouseSettings, of_trino_have_a_secret_exactly_if_it_is_used) {
  for (const auto& [toml, part] : std::vector<std::pair<std::string, std::string>>{
           {"authentication = \"basic\"", "test.toml:5:18: warehouse[0].authentication: needs a secret"},
           {"secret_file = \"/x\"", "warehouse[0].authentication: is \"none\", so that the secret would not be used"},
           {"authentication = \"jwt\"\nsecret_file = \"/x\"\nsecret_environment = \"X\"", "are both set"},
           {"authentication = \"kerberos\"", "allowed is \"none\" or \"basic\" or \"jwt\""},
       }) {
    EXPECT_THAT(mistake(trino + toml), HasSubstr(part)) << toml;
  }
}

TEST(WarehouseSettings, can_be_overridden_entry_by_entry) {
  const auto settings =
      loaded(std::string(adbc) + "name = \"a\"\ndatabase_options = {uri = \"u\", x = \"1\"}\n" + trino + "name = \"t\"",
             {.overrides = {"warehouse.a.database_options.x=2=3", "warehouse.a.database_options.y.z=4",
                            "warehouse.a.credentials.adbc.token.file=/f", "warehouse.a.only_reads=true",
                            "warehouse.t.session_properties.memory.spill=true"}})
          .settings;
  EXPECT_THAT(settings.warehouses[0].adbc.database_options,
              ElementsAre(Pair("uri", "u"), Pair("x", "2=3"), Pair("y.z", "4")));
  EXPECT_THAT(settings.warehouses[0].adbc.credentials, ElementsAre(Pair("adbc.token", CredentialSource{.file = "/f"})));
  EXPECT_TRUE(settings.warehouses[0].adbc.only_reads);
  EXPECT_THAT(settings.warehouses[1].trino.session_properties, ElementsAre(Pair("memory.spill", "true")));
  EXPECT_THAT(mistake(adbc, {"warehouse.main.database_options=x"}), HasSubstr("one by one: setting.entry=value"));
  EXPECT_THAT(mistake(adbc, {"warehouse.main.driver.x=y"}), HasSubstr("it has no entries"));
  EXPECT_THAT(mistake(adbc, {"warehouse.main.credentials.password=hunter2"}),
              AllOf(HasSubstr("write credentials.<option>.file=…"), Not(HasSubstr("hunter2"))));
}

TEST(WarehouseSettings, of_a_kind_follow_the_kind_also_in_overrides) {
  const auto settings =
      loaded("", {.overrides = {"warehouse.main.kind=trino", "warehouse.main.url=https://t", "warehouse.main.user=u"}})
          .settings;
  EXPECT_EQ(settings.warehouses[0].trino.url, "https://t");
  EXPECT_THAT(mistake("[[warehouse]]\nthreads = 1", {"warehouse.main.kind=trino"}),
              HasSubstr("warehouse[0].kind: comes too late: settings of kind \"duckdb\" were given before"));
}

TEST(WarehouseSettings, that_are_effective_are_those_of_the_kind_and_read_back_as_the_same) {
  const auto given = loaded(std::string(adbc) + R"(name = "a"
    database_options = {uri = "file:\"x\"", "a.b" = "c"}
    credentials = {password = {file = "/p"}, "adbc.token" = {environment = "T"}}
  )" + trino + R"(
    authentication = "basic"
    secret_file = "/s"
    session_properties = {"memory.spill" = "true"}
  )");
  const std::string text = effective(given);
  EXPECT_EQ(loaded(text).settings, given.settings) << text;
  EXPECT_THAT(
      text,
      HasSubstr("credentials = {\"adbc.token\" = {environment = \"T\"}, password = {file = \"/p\"}}  # test.toml:6:"));
  EXPECT_THAT(text, HasSubstr("retry_for = \"2m\"  # default\n"));
  EXPECT_THAT(text, Not(HasSubstr("data_directories")));
}

}  // namespace
}  // namespace coatcheck::config
