#include "warehouse/snowflake/units.hpp"

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "warehouse/snowflake/snowflake_test.hpp"

// What timestamps of Snowflake's default scale, 9, are read as.
namespace coatcheck::warehouse {
namespace {

using S = ScriptedSnowflake;
using Timestamps = SnowflakeOptions::Timestamps;

constexpr auto due =
    R"([{"name":"DUE","type":"timestamp_ntz","scale":9},{"name":"AT","type":"timestamp_tz","scale":9}])";
constexpr auto end_of_time = R"(["253402300799.000000000","-62135596800.000000000 1440"])";
constexpr auto exact = R"(["1616173619.123456789","1616173619.000000000 960"])";
constexpr auto usual = R"(["1616173619.123456000",null])";

class SnowflakeUnitsTest : public SnowflakeTest {
 protected:
  struct Read {
    std::string types;
    std::string values;
    std::string sqlstate;  // If it failed.
    std::string message;
  };

  // Two partitions of one row each.
  Read read_both(const std::string& first, const std::string& second, Timestamps timestamps = Timestamps::by_value) {
    snowflake_.on("SUBMIT", S::running("h1"));
    snowflake_.on("STATUS h1", S::result(due, "[" + first + "]", {1, 1}));
    snowflake_.on("PARTITION h1 1", S::partition("[" + second + "]"));
    auto connector = open({.timestamps = timestamps});
    auto ran = run(*connector, request());
    EXPECT_TRUE(ran.cursor) << ran.cursor.error().message;
    const auto schema = (*ran.cursor)->schema();
    Read got;
    got.types = schema->field(0)->type()->ToString() + ", " + schema->field(1)->type()->ToString();
    auto batches = read(**ran.cursor);
    if (!batches) {
      got.sqlstate = batches.error().sqlstate;
      got.message = batches.error().message;
      return got;
    }
    for (const auto& batch : *batches) {
      EXPECT_TRUE(batch->schema()->Equals(*schema));
      for (const auto& column : batch->columns()) got.values += column->GetScalar(0).ValueOrDie()->ToString() + "|";
    }
    return got;
  }
};

constexpr auto micro = "timestamp[us], timestamp[us, tz=UTC]";
constexpr auto nano_first = "timestamp[ns], timestamp[us, tz=UTC]";
constexpr auto nano = "timestamp[ns], timestamp[ns, tz=UTC]";

TEST_F(SnowflakeUnitsTest, the_end_of_time_is_read_though_the_scale_is_nine) {
  const auto got = read_both(usual, end_of_time);
  EXPECT_EQ(got.types, micro);
  EXPECT_EQ(got.values, "2021-03-19 17:06:59.123456|null|9999-12-31 23:59:59.000000|0001-01-01 00:00:00.000000Z|");
}

TEST_F(SnowflakeUnitsTest, nanoseconds_are_kept_where_there_are_any) {
  const auto got = read_both(exact, usual);
  EXPECT_EQ(got.types, nano_first) << "each column for itself";
  EXPECT_EQ(got.values,
            "2021-03-19 17:06:59.123456789|2021-03-19 17:06:59.000000Z|2021-03-19 17:06:59.123456000|null|");
}

TEST_F(SnowflakeUnitsTest, nothing_is_lost_in_silence_where_values_do_not_fit_together) {
  const auto too_far = read_both(exact, end_of_time);
  EXPECT_EQ(too_far.sqlstate, "22008");
  EXPECT_NE(too_far.message.find("'DUE' is out of the years 1677 to 2262"), std::string::npos) << too_far.message;
  const auto too_fine = read_both(end_of_time, exact);
  EXPECT_EQ(too_fine.sqlstate, "22008");
  EXPECT_NE(too_fine.message.find("'DUE' has nanoseconds"), std::string::npos) << too_fine.message;
}

TEST_F(SnowflakeUnitsTest, the_operator_may_want_one_unit_whatever_comes) {
  const auto cut = read_both(exact, end_of_time, Timestamps::microseconds);
  EXPECT_EQ(cut.types, micro);
  EXPECT_EQ(cut.values,
            "2021-03-19 17:06:59.123456|2021-03-19 17:06:59.000000Z|9999-12-31 23:59:59.000000|"
            "0001-01-01 00:00:00.000000Z|");
  EXPECT_EQ(read_both(usual, usual, Timestamps::nanoseconds).types, nano);
  EXPECT_EQ(read_both(usual, end_of_time, Timestamps::nanoseconds).sqlstate, "22008");
}

}  // namespace
}  // namespace coatcheck::warehouse
