#include <gtest/gtest.h>

#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows {
namespace {

using testing::array;
using testing::in_csv;
using testing::in_json;
using testing::value_or_throw;

TEST(Nested, lists_of_every_kind) {
  const std::string json = R"([[1, null, 3], [], null, [4]])";
  for (const auto& type : {arrow::list(arrow::int32()), arrow::large_list(arrow::int32()),
                           arrow::list_view(arrow::int32()), arrow::large_list_view(arrow::int32())}) {
    EXPECT_EQ(in_json(array(type, json)), "[1,null,3]\n[]\nnull\n[4]\n") << type->ToString();
    EXPECT_EQ(in_json(array(type, json)->Slice(2)), "null\n[4]\n") << type->ToString();
  }
  const auto fixed = array(arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], null, [3, 4]]");
  EXPECT_EQ(in_json(fixed->Slice(1)), "null\n[3,4]\n");
  EXPECT_EQ(in_csv(fixed), "\"[1,2]\"\n\n\"[3,4]\"\n");
}

TEST(Nested, structs_are_objects_with_names_made_different) {
  const auto type = arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("a", arrow::list(arrow::int8()))});
  const auto values = array(type, R"([["x", [1]], null, [null, []]])");
  EXPECT_EQ(in_json(values), "{\"a\":\"x\",\"a_1\":[1]}\nnull\n{\"a\":null,\"a_1\":[]}\n");
  EXPECT_EQ(in_json(values->Slice(2)), "{\"a\":null,\"a_1\":[]}\n");
  EXPECT_EQ(in_csv(values->Slice(0, 1)), "\"{\"\"a\"\":\"\"x\"\",\"\"a_1\"\":[1]}\"\n");
}

TEST(Nested, maps_with_string_keys_are_objects) {
  const auto values = array(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1], ["\"", null]], [], null])");
  EXPECT_EQ(in_json(values), "{\"k\":1,\"\\\"\":null}\n{}\nnull\n");
  EXPECT_EQ(in_json(values->Slice(1)), "{}\nnull\n");
}

TEST(Nested, maps_with_other_keys_are_pairs) {
  EXPECT_EQ(in_json(array(arrow::map(arrow::int32(), arrow::utf8()), R"([[[1, "x"], [2, null]], []])")),
            "[{\"key\":1,\"value\":\"x\"},{\"key\":2,\"value\":null}]\n[]\n");
}

TEST(Nested, unions_are_the_value_of_the_member) {
  const arrow::FieldVector members = {arrow::field("n", arrow::int32()), arrow::field("s", arrow::utf8())};
  const std::string json = R"([[5, 1], [9, "x,y"], [5, null]])";
  for (const auto& type : {arrow::sparse_union(members, {5, 9}), arrow::dense_union(members, {5, 9})}) {
    EXPECT_EQ(in_json(array(type, json)), "1\n\"x,y\"\nnull\n");
    EXPECT_EQ(in_json(array(type, json)->Slice(1)), "\"x,y\"\nnull\n");
    EXPECT_EQ(in_csv(array(type, json)), "1\n\"\"\"x,y\"\"\"\n\n");
  }
}

TEST(Nested, dictionaries_are_their_values) {
  const auto values = value_or_throw(arrow::DictionaryArray::FromArrays(array(arrow::int8(), "[1, 0, null, 2]"),
                                                                        array(arrow::utf8(), R"(["a", "b", null])")));
  EXPECT_EQ(in_json(values), "\"b\"\n\"a\"\nnull\nnull\n");
  EXPECT_EQ(in_csv(values->Slice(1)), "a\n\n\n");
}

TEST(Nested, runs_are_their_values) {
  const auto values = value_or_throw(
      arrow::RunEndEncodedArray::Make(5, array(arrow::int32(), "[2, 5]"), array(arrow::utf8(), R"(["a", null])")));
  EXPECT_EQ(in_json(values), "\"a\"\n\"a\"\nnull\nnull\nnull\n");
  EXPECT_EQ(in_json(values->Slice(1, 2)), "\"a\"\nnull\n");
}

TEST(Nested, deep_values_with_wide_children_find_room) {
  const auto type = arrow::list(arrow::struct_(
      {arrow::field(std::string(5000, 'f'), arrow::decimal256(76, 2)), arrow::field("l", arrow::list(arrow::utf8()))}));
  std::string json = "[[";
  std::string expected = "[";
  for (int i = 0; i < 400; ++i) {
    const std::string separator = i == 0 ? "" : ",";
    json += separator + R"(["1.25", ["abc", "\n"]])";
    expected += separator + "{\"" + std::string(5000, 'f') + R"(":1.25,"l":["abc","\n"]})";
  }
  EXPECT_EQ(in_json(array(type, json + "]]")), expected + "]\n");
}

TEST(Nested, nulls_are_null_and_booleans_words) {
  EXPECT_EQ(in_json(array(arrow::null(), "[null, null]")), "null\nnull\n");
  EXPECT_EQ(in_csv(array(arrow::null(), "[null]")), "\n");
  EXPECT_EQ(in_json(array(arrow::boolean(), "[true, false, null, true]")->Slice(1)), "false\nnull\ntrue\n");
}

}  // namespace
}  // namespace coatcheck::rows
