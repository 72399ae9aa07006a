#include "api/snowflake_sql_api/partitions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coatcheck::api::snowflake_sql_api {
namespace {

using testing::ElementsAre;

struct Stored {
  std::uint64_t rows;
  std::uint64_t bytes;
};

results::Manifest manifest_of(std::vector<Stored> stored) {
  results::Manifest manifest;
  for (const Stored& chunk : stored) {
    manifest.chunks.push_back({.first_row = manifest.rows, .rows = chunk.rows, .bytes = chunk.bytes});
    manifest.rows += chunk.rows;
  }
  return manifest;
}

std::vector<std::uint64_t> rows_of(const results::Manifest& manifest) {
  std::vector<std::uint64_t> rows;
  for (const Partition& partition : partitions_of(manifest)) rows.push_back(partition.rows);
  return rows;
}

TEST(Partitions, a_result_without_rows_has_one) {
  EXPECT_THAT(partitions_of(manifest_of({})), ElementsAre(Partition{}));
  EXPECT_THAT(partitions_of(manifest_of({{0, 400}})), ElementsAre(Partition{}));
}

TEST(Partitions, a_small_result_is_one) { EXPECT_THAT(rows_of(manifest_of({{10'000, 262'144}})), ElementsAre(10'000)); }

TEST(Partitions, the_first_is_short_and_the_others_are_the_stored_chunks) {
  EXPECT_THAT(rows_of(manifest_of({{131'072, 200'000}, {131'072, 200'000}, {5, 900}})),
              ElementsAre(10'000, 121'072, 131'072, 5));
}

TEST(Partitions, wide_rows_make_the_first_shorter_still) {
  EXPECT_THAT(rows_of(manifest_of({{1'000, 2'621'440}, {10, 100}})), ElementsAre(100, 900, 10));
  // A row that is larger than all that the first should be is the first by itself.
  EXPECT_THAT(rows_of(manifest_of({{2, 8'000'000}})), ElementsAre(1, 1));
  EXPECT_THAT(rows_of(manifest_of({{1, 80'000'000}})), ElementsAre(1));
}

TEST(Partitions, together_are_the_whole_result_without_gaps) {
  const results::Manifest manifest = manifest_of({{131'072, 9'000'000}, {7, 3}, {131'072, 1}, {1, 1}});
  std::uint64_t next = 0;
  std::uint64_t bytes = 0;
  for (const Partition& partition : partitions_of(manifest)) {
    EXPECT_EQ(partition.first, next);
    EXPECT_GT(partition.rows, 0U);
    next += partition.rows;
    bytes += partition.stored_bytes;
  }
  EXPECT_EQ(next, manifest.rows);
  EXPECT_NEAR(static_cast<double>(bytes), 9'000'005, 2);
}

TEST(Partitions, link_to_their_neighbours) {
  const QueryId id = *QueryId::parse("01b056d5-0001-75f6-8000-6bb504856e2e");
  const std::string url = "/api/v2/statements/01b056d5-0001-75f6-8000-6bb504856e2e";
  EXPECT_EQ(statement_url(id), url);
  EXPECT_EQ(link_value(id, 0, 1), "<" + url + "?partition=0>; rel=\"first\",<" + url + "?partition=0>; rel=\"last\"");
  EXPECT_EQ(link_value(id, 0, 3), "<" + url + "?partition=0>; rel=\"first\",<" + url + "?partition=1>; rel=\"next\",<" +
                                      url + "?partition=2>; rel=\"last\"");
  EXPECT_EQ(link_value(id, 1, 3), "<" + url + "?partition=0>; rel=\"first\",<" + url + "?partition=0>; rel=\"prev\",<" +
                                      url + "?partition=2>; rel=\"next\",<" + url + "?partition=2>; rel=\"last\"");
  EXPECT_EQ(link_value(id, 2, 3), "<" + url + "?partition=0>; rel=\"first\",<" + url + "?partition=1>; rel=\"prev\",<" +
                                      url + "?partition=2>; rel=\"last\"");
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
