#include "rows/names.hpp"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "rows/sql_type.hpp"

namespace coatcheck::rows {
namespace {

using Names = std::vector<std::string>;

TEST(UniqueNames, names_that_differ_stay_as_they_are) {
  EXPECT_EQ(unique_names({"a", "A", ""}), (Names{"a", "A", ""}));
}

TEST(UniqueNames, repeated_names_are_counted) {
  EXPECT_EQ(unique_names({"a", "b", "a", "a", "b"}), (Names{"a", "b", "a_1", "a_2", "b_1"}));
}

TEST(UniqueNames, a_suffix_never_takes_the_name_of_another_column) {
  EXPECT_EQ(unique_names({"a", "a", "a_1", "a"}), (Names{"a", "a_2", "a_1", "a_3"}));
  EXPECT_EQ(unique_names({"a", "a", "a_1", "a_1"}), (Names{"a", "a_2", "a_1", "a_1_1"}));
}

TEST(UniqueNames, a_schema_of_different_names_is_returned_itself) {
  const Schema schema = arrow::schema({arrow::field("a", arrow::int32()), arrow::field("b", arrow::int32())});
  EXPECT_EQ(with_unique_names(schema), schema);
}

TEST(SqlTypeName, nested_types_are_spelled_out) {
  const auto type = arrow::list(arrow::struct_({arrow::field("a \"x\"", arrow::decimal128(10, 2)),
                                                arrow::field("m", arrow::map(arrow::utf8(), arrow::int64()))}));
  EXPECT_EQ(sql_type_name(*type), "STRUCT(\"a \"\"x\"\"\" DECIMAL(10,2), \"m\" MAP(VARCHAR, BIGINT))[]");
  EXPECT_EQ(sql_type_name(*arrow::fixed_size_list(arrow::float32(), 3)), "FLOAT[3]");
  EXPECT_EQ(sql_type_name(*arrow::dictionary(arrow::uint8(), arrow::utf8())), "VARCHAR");
  EXPECT_EQ(sql_type_name(*arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Berlin")), "TIMESTAMP WITH TIME ZONE");
}

}  // namespace
}  // namespace coatcheck::rows
