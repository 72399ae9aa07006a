#include <arrow/api.h>
#include <zlib.h>

#include <set>
#include <stdexcept>

#include "warehouse/snowflake/snowflake_test.hpp"

// Results of more than one partition.
namespace coatcheck::warehouse {
namespace {

using namespace std::chrono_literals;
using S = ScriptedSnowflake;

// As Snowflake sends partitions (RFC 1952).
Said gzipped(Said said) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error("gzip");
  std::string packed(deflateBound(&stream, static_cast<uLong>(said.body.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(said.body.data());
  stream.avail_in = static_cast<uInt>(said.body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  said.body = std::move(packed);
  said.headers.emplace_back("Content-Encoding", "gzip");
  return said;
}

class SnowflakePartitionsTest : public SnowflakeTest {
 protected:
  // A result of so many partitions of one row each, with the partition's number.
  void has_result(int partitions) {
    snowflake_.on("STATUS h1", S::result(one_number, R"([["0"]])", std::vector<int>(std::size_t(partitions), 1)));
    for (int i = 1; i < partitions; ++i) {
      snowflake_.on("PARTITION h1 " + std::to_string(i), gzipped(S::partition("[[\"" + std::to_string(i) + "\"]]")));
    }
  }
  Outcome<std::vector<std::int64_t>> numbers(Cursor& cursor) {
    auto batches = read(cursor);
    if (!batches) return std::move(batches).error();
    std::vector<std::int64_t> numbers;
    for (const auto& batch : *batches) {
      const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
      for (std::int64_t i = 0; i < column.length(); ++i) numbers.push_back(column.Value(i));
    }
    return numbers;
  }
  Outcome<std::vector<std::int64_t>> all_numbers(SnowflakeOptions options = {}) {
    auto connector = open(std::move(options));
    auto ran = run(*connector, found_again("h1"));
    if (!ran.cursor) return ran.cursor.error();
    return numbers(**ran.cursor);
  }
  // How the fetching of a partition ends that does not come, when `what` is done.
  FailureCategory ending_of(void (*what)(Execution&)) {
    has_result(3);
    snowflake_.on("PARTITION h1 1", Said{.status = 503});
    auto connector = open();
    auto ran = run(*connector, found_again("h1"));
    EXPECT_TRUE(run_task(loop_, (*ran.cursor)->next()));
    snowflake_.before(
        [this, what, running = ran.execution.get()](const std::string&) { post([what, running] { what(*running); }); });
    const auto batch = run_task(loop_, (*ran.cursor)->next());
    EXPECT_FALSE(batch);
    EXPECT_EQ(snowflake_.count("CANCEL h1"), 0);
    return batch ? FailureCategory::internal : batch.error().category;
  }
};

TEST_F(SnowflakePartitionsTest, come_in_their_order) {
  has_result(9);
  const auto numbers = all_numbers({.partitions_ahead_max = 3});
  ASSERT_TRUE(numbers) << numbers.error().message;
  EXPECT_EQ(*numbers, (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(SnowflakePartitionsTest, are_fetched_some_at_a_time_and_not_before_they_are_wanted) {
  has_result(9);
  auto connector = open({.partitions_ahead_max = 3});
  auto ran = run(*connector, found_again("h1"));
  ASSERT_TRUE(ran.cursor);
  EXPECT_EQ(snowflake_.asked().size(), 1U);
  ASSERT_TRUE(run_task(loop_, (*ran.cursor)->next()));
  ASSERT_TRUE(run_task(loop_, (*ran.cursor)->next()));
  const auto asked = snowflake_.asked();
  EXPECT_LE(asked.size(), 1U + 3U);  // 1, 2 and 3: the second pull begins the third.
  ASSERT_TRUE(numbers(**ran.cursor));
  EXPECT_EQ(snowflake_.asked().size(), 9U);
}

TEST_F(SnowflakePartitionsTest, that_break_off_are_fetched_again) {
  has_result(3);
  const auto whole = gzipped(S::partition(R"([["1"]])"));
  auto half = whole;
  half.end = Said::End::half;
  snowflake_.on("PARTITION h1 1", {half, Said{.end = Said::End::nothing}, Said{.status = 503},
                                   S::error(429, "", "", ""), S::partition(R"([["1"])"), whole});
  const auto numbers = all_numbers();
  ASSERT_TRUE(numbers) << numbers.error().message;
  EXPECT_EQ(*numbers, (std::vector<std::int64_t>{0, 1, 2}));
}

TEST_F(SnowflakePartitionsTest, that_break_off_for_too_long_fail) {
  has_result(3);
  snowflake_.on("PARTITION h1 1", Said{.status = 503});
  const auto numbers = all_numbers({.retry_for = 40ms});
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().category, FailureCategory::unavailable);
  EXPECT_TRUE(numbers.error().retryable);
}

TEST_F(SnowflakePartitionsTest, that_are_never_whole_fail) {
  has_result(3);
  snowflake_.on("PARTITION h1 1", S::partition("[]"));
  const auto numbers = all_numbers();
  ASSERT_FALSE(numbers);
  EXPECT_EQ(numbers.error().category, FailureCategory::internal);
  EXPECT_EQ(snowflake_.count("PARTITION h1 1"), 3);
}

TEST_F(SnowflakePartitionsTest, that_snowflake_keeps_no_more_are_gone) {
  has_result(3);
  snowflake_.on("PARTITION h1 1", S::error(422, "000710", "02000", "Result for query h1 has expired"));
  auto connector = open();
  auto ran = run(*connector, found_again("h1"));
  ASSERT_TRUE(run_task(loop_, (*ran.cursor)->next()));
  for (int i = 0; i < 2; ++i) {  // Nothing comes behind what is missing.
    const auto batch = run_task(loop_, (*ran.cursor)->next());
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().category, FailureCategory::unavailable);
    EXPECT_EQ(batch.error().code, result_gone_code);
    EXPECT_FALSE(batch.error().retryable);
  }
}

TEST_F(SnowflakePartitionsTest, are_kept_until_somebody_claims_them) {
  has_result(3);
  auto connector = open();
  auto ran = run(*connector, found_again("h1"));
  ASSERT_TRUE(ran.cursor);
  const auto kept = (*ran.cursor)->kept();
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->rows, 3U);
  EXPECT_EQ(kept->for_time, 24h);
}

TEST_F(SnowflakePartitionsTest, are_kept_from_when_the_statement_began) {
  has_result(3);
  auto said = S::result(one_number, R"([["0"]])", {1, 1});
  const auto began = std::chrono::floor<std::chrono::milliseconds>(system_clock().now()) - 23h;
  said.body.insert(1, "\"createdOn\":" + std::to_string(began.time_since_epoch().count()) + ",");
  snowflake_.on("STATUS h1", said);
  auto connector = open();
  auto ran = run(*connector, found_again("h1"));
  ASSERT_TRUE(ran.cursor);
  EXPECT_GT((*ran.cursor)->kept()->for_time, 59min);
  EXPECT_LE((*ran.cursor)->kept()->for_time, 1h);
}

TEST_F(SnowflakePartitionsTest, are_not_kept_if_they_are_to_be_fetched_at_once) {
  has_result(3);
  auto connector = open({.spool = SnowflakeOptions::Spool::at_once});
  auto ran = run(*connector, found_again("h1"));
  ASSERT_TRUE(ran.cursor);
  EXPECT_EQ((*ran.cursor)->kept(), std::nullopt);
}

TEST_F(SnowflakePartitionsTest, end_with_a_cancel) {
  EXPECT_EQ(ending_of([](Execution& execution) { execution.cancel(); }), FailureCategory::canceled);
}

TEST_F(SnowflakePartitionsTest, end_when_they_are_left) {
  EXPECT_EQ(ending_of([](Execution& execution) { execution.leave(); }), FailureCategory::interrupted);
}

}  // namespace
}  // namespace coatcheck::warehouse
