#include "api/snowflake_sql_api/partition_encoder.hpp"

#include <arrow/array/builder_binary.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <gtest/gtest.h>

#include <optional>

namespace coatcheck::api::snowflake_sql_api {
namespace {

rows::Batch texts(const std::vector<std::optional<std::string>>& values) {
  arrow::StringBuilder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("t", arrow::utf8())}),
                                  static_cast<std::int64_t>(values.size()), {builder.Finish().ValueOrDie()});
}

std::string document(const rows::Batch& batch, AnswerForm form, std::string prefix, std::string suffix) {
  auto encoder = make_partition_encoder(batch->schema(), form, std::move(prefix), std::move(suffix));
  EXPECT_TRUE(encoder);
  std::string out;
  EXPECT_TRUE((*encoder)->begin(out));
  EXPECT_TRUE((*encoder)->append(*batch, out));
  EXPECT_TRUE((*encoder)->append(*batch->Slice(0, 1), out));
  EXPECT_TRUE((*encoder)->finish(out));
  return out;
}

TEST(PartitionEncoder, puts_rows_between_what_is_given) {
  EXPECT_EQ(document(texts({"a", std::nullopt}), {}, R"({"data":[)", "]}"), R"({"data":[["a"],[null],["a"]]})");
  EXPECT_EQ(document(texts({"a"}), {}, "", ""), R"(["a"],["a"])");
}

TEST(PartitionEncoder, writes_null_as_a_text_if_asked_to) {
  EXPECT_EQ(document(texts({std::nullopt, "null", "x"}), {.nullable = false}, "<", ">"),
            R"(<["null"],["null"],["x"],["null"]>)");
}

TEST(PartitionEncoder, null_inside_a_text_stays_as_it_is) {
  const auto replaced = [](std::string_view rows) {
    std::string out = ">";
    append_with_null_texts(rows, out);
    return out;
  };
  EXPECT_EQ(replaced(""), ">");
  EXPECT_EQ(replaced(R"([null,null])"), R"(>["null","null"])");
  EXPECT_EQ(replaced(R"(["a\",null,",null],["\\",null])"), R"(>["a\",null,","null"],["\\","null"])");
  EXPECT_EQ(replaced(R"([],[])"), R"(>[],[])");
}

}  // namespace
}  // namespace coatcheck::api::snowflake_sql_api
