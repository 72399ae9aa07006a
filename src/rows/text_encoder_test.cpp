#include <gtest/gtest.h>

#include "rows/encoders.hpp"
#include "rows/names.hpp"
#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows {
namespace {

using testing::array;
using testing::batch;
using testing::encode;

Batch two_rows() {
  return batch({{"A", array(arrow::int64(), "[1, null]")}, {"B", array(arrow::utf8(), R"(["x", ""])")}});
}

TEST(TextEncoder, json_has_the_shape_of_the_contract) {
  EXPECT_EQ(encode(Format::json, {two_rows()}),
            R"({"columns":{"total":2,"columns":["A","B"]},"items":[{"A":1,"B":"x"},{"A":null,"B":""}]})");
}

TEST(TextEncoder, rows_have_names_types_and_arrays) {
  EXPECT_EQ(encode(Format::rows, {two_rows()}),
            R"({"columns":[{"name":"A","type":"BIGINT"},{"name":"B","type":"VARCHAR"}],"rows":[[1,"x"],[null,""]]})");
}

TEST(TextEncoder, ndjson_has_one_object_a_line) {
  EXPECT_EQ(encode(Format::ndjson, {two_rows()}), "{\"A\":1,\"B\":\"x\"}\n{\"A\":null,\"B\":\"\"}\n");
}

TEST(TextEncoder, csv_tells_null_from_the_empty_string) {
  EXPECT_EQ(encode(Format::csv, {two_rows()}), "A,B\r\n1,x\r\n,\"\"\r\n");
}

TEST(TextEncoder, batches_follow_each_other_as_one_document) {
  const Batch none = two_rows()->Slice(0, 0);
  EXPECT_EQ(
      encode(Format::json, {none, two_rows(), none, two_rows()->Slice(0, 1)}),
      R"({"columns":{"total":2,"columns":["A","B"]},"items":[{"A":1,"B":"x"},{"A":null,"B":""},{"A":1,"B":"x"}]})");
  EXPECT_EQ(encode(Format::json, {none}), R"({"columns":{"total":2,"columns":["A","B"]},"items":[]})");
}

TEST(TextEncoder, rows_without_columns_are_still_rows) {
  const Batch rows = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 2, arrow::ArrayVector{});
  EXPECT_EQ(encode(Format::json, {rows}), R"({"columns":{"total":0,"columns":[]},"items":[{},{}]})");
  EXPECT_EQ(encode(Format::rows, {rows}), R"({"columns":[],"rows":[[],[]]})");
  EXPECT_EQ(encode(Format::ndjson, {rows}), "{}\n{}\n");
}

TEST(TextEncoder, names_are_made_different_and_escaped) {
  const auto one = array(arrow::int32(), "[1]");
  const Batch names = batch({{"a", one}, {"a", one}, {"a_1", one}, {"q\"\n,", one}});
  EXPECT_EQ(encode(Format::ndjson, {names}), "{\"a\":1,\"a_2\":1,\"a_1\":1,\"q\\\"\\n,\":1}\n");
  EXPECT_EQ(encode(Format::csv, {names}), "a,a_2,a_1,\"q\"\"\n,\"\r\n1,1,1,1\r\n");
}

TEST(TextEncoder, long_names_and_long_values_outgrow_the_scratch) {
  const std::string name(100'000, 'n');
  arrow::StringBuilder builder;
  const std::string value = std::string(300'000, '\x01') + "\xE2\x82\xAC";
  testing::check(builder.Append(value));
  testing::check(builder.Append("x"));
  const auto values = testing::value_or_throw(builder.Finish());
  std::string escaped;
  for (int i = 0; i < 300'000; ++i) escaped += "\\u0001";
  EXPECT_EQ(encode(Format::ndjson, {batch({{name, values}})}),
            "{\"" + name + "\":\"" + escaped + "\xE2\x82\xAC\"}\n{\"" + name + "\":\"x\"}\n");
}

TEST(TextEncoder, many_rows_come_out_in_order_across_flushes) {
  arrow::Int64Builder builder;
  std::string expected = "v\r\n";
  for (int i = 0; i < 100'000; ++i) {
    testing::check(builder.Append(i));
    expected += std::to_string(i) + "\r\n";
  }
  EXPECT_EQ(encode(Format::csv, {batch({{"v", testing::value_or_throw(builder.Finish())}})}), expected);
}

TEST(TextEncoder, a_type_nested_without_end_is_refused_by_column) {
  auto type = arrow::int8();
  for (int i = 0; i < 100; ++i) type = arrow::list(type);
  const auto encoder = make_encoder(Format::json, arrow::schema({arrow::field("deep", type)}));
  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().code, Errc::invalid_argument);
  EXPECT_EQ(encoder.error().field, "deep");
}

TEST(TextEncoder, a_batch_of_another_schema_is_corrupt) {
  auto encoder = make_encoder(Format::json, arrow::schema({arrow::field("A", arrow::int64())}));
  std::string out;
  const auto other = batch({{"A", array(arrow::int32(), "[1]")}});
  EXPECT_EQ((*encoder)->append(*other, out).error().code, Errc::corrupt);
  EXPECT_EQ((*encoder)->append(*two_rows(), out).error().code, Errc::corrupt);
}

TEST(TextEncoder, values_outside_their_buffers_are_corrupt) {
  const auto data = array(arrow::utf8(), R"(["abc", "def"])")->data()->Copy();
  std::vector<std::int32_t> offsets = {0, 1'000'000, 6};
  data->buffers[1] = arrow::Buffer::Wrap(offsets);
  const auto indices = array(arrow::int8(), "[0, 7]");
  const auto dictionary = std::make_shared<arrow::DictionaryArray>(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                                                   indices, array(arrow::utf8(), R"(["a"])"));
  for (const auto& values : {arrow::MakeArray(data), std::shared_ptr<arrow::Array>(dictionary)}) {
    for (const Format format : {Format::json, Format::csv}) {
      const Batch hostile = batch({{"v", values}});
      auto encoder = make_encoder(format, hostile->schema());
      std::string out;
      const auto outcome = (*encoder)->append(*hostile, out);
      ASSERT_FALSE(outcome);
      EXPECT_EQ(outcome.error().code, Errc::corrupt);
    }
  }
}

TEST(Format, names_and_media_types_go_both_ways) {
  for (const Format format : all_formats) {
    EXPECT_EQ(parse_format(to_string(format)), format);
    EXPECT_NE(media_type(format).find('/'), std::string_view::npos);
    EXPECT_FALSE(extension(format).empty());
  }
  EXPECT_EQ(parse_format("JSON"), std::nullopt);
  EXPECT_EQ(parse_format(""), std::nullopt);
  EXPECT_EQ(media_type(Format::parquet), "application/vnd.apache.parquet");
}

}  // namespace
}  // namespace coatcheck::rows
