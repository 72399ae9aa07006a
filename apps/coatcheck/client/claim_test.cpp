#include "client/claim.hpp"

#include <gtest/gtest.h>

namespace coatcheck::client {
namespace {

TEST(ChosenFormat, a_person_gets_a_table_and_a_program_csv) {
  EXPECT_EQ(*chosen_format({}, true), "table");
  EXPECT_EQ(*chosen_format({}, false), "csv");
  EXPECT_EQ(*chosen_format({.format = "ndjson", .output = ""}, true), "ndjson");
}

TEST(ChosenFormat, follows_the_files_ending) {
  EXPECT_EQ(*chosen_format({.format = "", .output = "x.parquet"}, true), "parquet");
  EXPECT_EQ(*chosen_format({.format = "", .output = "x.jsonl"}, true), "ndjson");
  EXPECT_EQ(*chosen_format({.format = "", .output = "data/x"}, true), "csv");
  EXPECT_EQ(*chosen_format({.format = "json", .output = "x.csv"}, true), "json");
}

TEST(ChosenFormat, binary_formats_stay_away_from_terminals) {
  EXPECT_FALSE(chosen_format({.format = "parquet", .output = ""}, true));
  EXPECT_FALSE(chosen_format({.format = "arrow", .output = "-"}, true));
  EXPECT_TRUE(chosen_format({.format = "arrow", .output = ""}, false));
  EXPECT_TRUE(chosen_format({.format = "arrow", .output = "x.arrow"}, true));
}

}  // namespace
}  // namespace coatcheck::client
