#include "warehouse/adbc/secrets.hpp"

#include <gtest/gtest.h>

namespace coatcheck::warehouse::adbc {
namespace {

using Options = std::map<std::string, std::string>;

TEST(Secrets, a_value_whose_key_says_so_is_hidden) {
  const Secrets secrets(Options{{"password", "hush"}, {"adbc.flight.sql.authorization_header_token", "abc123"}});
  EXPECT_EQ(secrets.hide("login with hush and abc123 failed"), "login with *** and *** failed");
}

TEST(Secrets, users_and_hosts_stay_readable) {
  const Secrets secrets(Options{{"uri", "postgresql://reader:hush@db.example:5432/sales"}, {"username", "reader"}});
  EXPECT_EQ(secrets.hide("connection of reader to db.example, port 5432 failed: hush"),
            "connection of reader to db.example, port 5432 failed: ***");
}

TEST(Secrets, a_password_is_hidden_as_it_is_written_and_as_it_is_meant) {
  const Secrets secrets(Options{{"uri", "postgresql://u:a%20b%2Bc@h/d"}});
  EXPECT_EQ(secrets.hide("'a%20b%2Bc' is 'a b+c'"), "'***' is '***'");
}

TEST(Secrets, a_password_that_a_driver_cuts_elsewhere_is_hidden_in_its_pieces) {
  const Secrets secrets(Options{{"uri", "postgresql://u:top/sec:ret@pw@h/d"}});
  const auto words = secrets.hide("invalid port \"sec\", host \"pw\", user \"top\", rest \"ret@pw\"");
  for (const auto* piece : {"sec\"", "ret", "pw", "top"}) EXPECT_EQ(words.find(piece), words.npos) << words;
}

TEST(Secrets, keys_within_a_connection_string_count_too) {
  const Secrets secrets(Options{{"uri", "postgresql://h/d?sslmode=require&password=hush&application_name=x"},
                                {"conn", "host=h password='hu sh2' user=u"}});
  EXPECT_EQ(secrets.hide("hush, hu sh2, require, x, u"), "***, ***, require, x, u");
}

}  // namespace
}  // namespace coatcheck::warehouse::adbc
