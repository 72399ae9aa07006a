#include <arrow/extension/uuid.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "rows/snowflake/encoders.hpp"
#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows::snowflake {
namespace {

using testing::array;
using testing::batch;
using testing::check;
using testing::value_or_throw;

using Values = std::shared_ptr<arrow::Array>;

Result<std::string> encode(const std::vector<Batch>& batches) {
  auto encoder = snowflake::make_arrow_encoder(batches.front()->schema());
  if (!encoder) return std::move(encoder).error();
  std::string out;
  if (auto begun = (*encoder)->begin(out); !begun) return begun.error();
  for (const Batch& each : batches) {
    if (auto appended = (*encoder)->append(*each, out); !appended) return appended.error();
  }
  if (auto finished = (*encoder)->finish(out); !finished) return finished.error();
  return out;
}

arrow::RecordBatchVector read(const std::string& bytes) {
  const auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  const auto reader = value_or_throw(arrow::ipc::RecordBatchStreamReader::Open(source));
  arrow::RecordBatchVector batches;
  for (;;) {
    const auto next = value_or_throw(reader->Next());
    if (next == nullptr) return batches;
    check(next->ValidateFull());
    batches.push_back(next);
  }
}

Batch sent(const Values& values) {
  const auto bytes = encode({batch({{"v", values}})});
  if (!bytes) throw std::runtime_error(bytes.error().message);
  return read(*bytes).at(0);
}

void expect_sent(const Values& values, const Values& expected) {
  // All of it, and a slice that begins in the middle of a byte of its bitmap.
  EXPECT_TRUE(sent(values)->column(0)->Equals(*expected)) << sent(values)->column(0)->ToString();
  const Values slice = sent(values->Slice(1))->column(0);
  EXPECT_TRUE(slice->Equals(*expected->Slice(1))) << slice->ToString();
}

std::string metadata(const std::shared_ptr<arrow::DataType>& type) {
  const Batch rows = sent(value_or_throw(arrow::MakeArrayOfNull(type, 1)));
  std::string text;
  const auto pairs = rows->schema()->field(0)->metadata();
  for (std::int64_t i = 0; i < pairs->size(); ++i) text += (i == 0 ? "" : " ") + pairs->value(i);
  return text;
}

TEST(SnowflakeArrow, fields_say_what_they_are) {
  const auto rows = sent(array(arrow::int32(), "[1]"));
  EXPECT_EQ(rows->schema()->field(0)->metadata()->keys(),
            (std::vector<std::string>{"logicalType", "precision", "scale", "charLength", "byteLength", "finalType"}));
  EXPECT_EQ(metadata(arrow::int32()), "FIXED 38 0 0 4 T");
  EXPECT_EQ(metadata(arrow::decimal128(10, 2)), "FIXED 10 2 0 16 T");
  EXPECT_EQ(metadata(arrow::float32()), "REAL 0 0 0 8 T");
  EXPECT_EQ(metadata(arrow::boolean()), "BOOLEAN 0 0 0 1 T");
  EXPECT_EQ(metadata(arrow::date32()), "DATE 0 0 0 4 T");
  EXPECT_EQ(metadata(arrow::time64(arrow::TimeUnit::MICRO)), "TIME 0 6 0 8 T");
  EXPECT_EQ(metadata(arrow::timestamp(arrow::TimeUnit::MILLI)), "TIMESTAMP_NTZ 0 3 0 8 T");
  EXPECT_EQ(metadata(arrow::timestamp(arrow::TimeUnit::NANO, "UTC")), "TIMESTAMP_LTZ 0 9 0 8 T");
  EXPECT_EQ(metadata(arrow::utf8()), "TEXT 0 0 16777216 16777216 T");
  EXPECT_EQ(metadata(arrow::binary()), "BINARY 0 0 0 8388608 T");
  EXPECT_EQ(metadata(arrow::list(arrow::int8())), "ARRAY 0 0 0 16777216 T");
  EXPECT_EQ(metadata(arrow::struct_({arrow::field("x", arrow::int8())})), "OBJECT 0 0 0 16777216 T");
}

TEST(SnowflakeArrow, integers_are_signed) {
  for (const auto& type : {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64()}) {
    expect_sent(array(type, "[1, null, -3, 4]"), array(type, "[1, null, -3, 4]"));
  }
  expect_sent(array(arrow::uint8(), "[255, null, 1]"), array(arrow::int16(), "[255, null, 1]"));
  expect_sent(array(arrow::uint16(), "[65535, null, 1]"), array(arrow::int32(), "[65535, null, 1]"));
  expect_sent(array(arrow::uint32(), "[4294967295, null, 1]"), array(arrow::int64(), "[4294967295, null, 1]"));
  expect_sent(array(arrow::uint64(), "[18446744073709551615, null, 1]"),
              array(arrow::decimal128(38, 0), R"(["18446744073709551615", null, "1"])"));
}

TEST(SnowflakeArrow, decimals_are_128_bits_wide) {
  const std::string json = R"(["1.10", null, "-0.05"])";
  for (const auto& type :
       {arrow::decimal32(5, 2), arrow::decimal64(5, 2), arrow::decimal128(5, 2), arrow::decimal256(5, 2)}) {
    expect_sent(array(type, json), array(arrow::decimal128(5, 2), json));
  }
  expect_sent(array(arrow::decimal256(39, 1), R"(["1.5", null])"), array(arrow::utf8(), R"(["1.5", null])"));
}

TEST(SnowflakeArrow, floats_are_doubles) {
  for (const auto& type : {arrow::float16(), arrow::float32(), arrow::float64()}) {
    expect_sent(array(type, "[0.5, null, -2, Inf]"), array(arrow::float64(), "[0.5, null, -2, Inf]"));
  }
  expect_sent(array(arrow::boolean(), "[true, null, false]"), array(arrow::boolean(), "[true, null, false]"));
}

TEST(SnowflakeArrow, moments_are_integers_of_their_scale) {
  expect_sent(array(arrow::date32(), "[1, null, -1]"), array(arrow::date32(), "[1, null, -1]"));
  expect_sent(array(arrow::date64(), "[86400000, null]"), array(arrow::date32(), "[1, null]"));
  expect_sent(array(arrow::time32(arrow::TimeUnit::MILLI), "[1500, null, 0]"),
              array(arrow::int32(), "[1500, null, 0]"));
  expect_sent(array(arrow::time64(arrow::TimeUnit::MICRO), "[1500, null, 0]"),
              array(arrow::int64(), "[1500, null, 0]"));
  for (const auto unit :
       {arrow::TimeUnit::SECOND, arrow::TimeUnit::MILLI, arrow::TimeUnit::MICRO, arrow::TimeUnit::NANO}) {
    expect_sent(array(arrow::timestamp(unit), "[1500, null, -1]"), array(arrow::int64(), "[1500, null, -1]"));
    expect_sent(array(arrow::timestamp(unit, "UTC"), "[1500, null, -1]"), array(arrow::int64(), "[1500, null, -1]"));
  }
}

TEST(SnowflakeArrow, moments_without_a_form_are_refused_by_the_name_of_their_column) {
  const auto refused = [](const Values& values) {
    const auto bytes = encode({batch({{"v", values}})});
    return !bytes && bytes.error().code == Errc::invalid_argument && bytes.error().field == "v";
  };
  EXPECT_TRUE(refused(array(arrow::date32(), "[null, 2147483647]")));
  EXPECT_TRUE(refused(array(arrow::timestamp(arrow::TimeUnit::MICRO), "[-9223372036854775807]")));
  EXPECT_TRUE(refused(array(arrow::time64(arrow::TimeUnit::MICRO), "[86400000000]")));
}

TEST(SnowflakeArrow, text_is_utf8_and_dictionaries_are_unpacked) {
  const std::string json = R"(["a", null, "longer than twelve bytes"])";
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    expect_sent(array(type, json), array(arrow::utf8(), json));
    if (type->id() == arrow::Type::STRING_VIEW) continue;
    for (const auto& indices : {arrow::int8(), arrow::uint8(), arrow::uint32()}) {
      expect_sent(
          value_or_throw(arrow::DictionaryArray::FromArrays(array(indices, "[2, 0, null, 1]"), array(type, json))),
          array(arrow::utf8(), R"(["longer than twelve bytes", "a", null, null])"));
    }
  }
  for (const auto& type : {arrow::binary(), arrow::large_binary(), arrow::binary_view()}) {
    expect_sent(array(type, json), array(arrow::binary(), json));
  }
  expect_sent(array(arrow::fixed_size_binary(2), R"(["ab", null])"), array(arrow::binary(), R"(["ab", null])"));
  expect_sent(array(arrow::null(), "[null, null]"), array(arrow::utf8(), "[null, null]"));
}

TEST(SnowflakeArrow, text_of_other_types) {
  expect_sent(arrow::ExtensionType::WrapArray(arrow::extension::uuid(),
                                              array(arrow::fixed_size_binary(16), R"(["0123456789abcdef", null])")),
              array(arrow::utf8(), R"(["30313233-3435-3637-3839-616263646566", null])"));
  expect_sent(array(arrow::duration(arrow::TimeUnit::SECOND), "[-60, null]"),
              array(arrow::utf8(), R"(["PT-1M", null])"));
  expect_sent(array(arrow::month_day_nano_interval(), "[[14, 3, 0], null]"),
              array(arrow::utf8(), R"(["P1Y2M3D", null])"));
}

TEST(SnowflakeArrow, containers_are_json) {
  expect_sent(array(arrow::list(arrow::utf8()), R"([["a\"b", null], [], null])"),
              array(arrow::utf8(), R"(["[\"a\\\"b\",null]", "[]", null])"));
  expect_sent(array(arrow::struct_({arrow::field("n", arrow::int32())}), R"([{"n": 1}, null])"),
              array(arrow::utf8(), R"(["{\"n\":1}", null])"));
  expect_sent(array(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1]], null])"),
              array(arrow::utf8(), R"(["{\"k\":1}", null])"));
  const auto type = arrow::sparse_union({arrow::field("n", arrow::int32()), arrow::field("s", arrow::utf8())}, {0, 1});
  expect_sent(array(type, R"([[0, 5], [1, "null"], [0, null]])"), array(arrow::utf8(), R"(["5", "\"null\"", null])"));
}

TEST(SnowflakeArrow, batches_without_rows_are_left_out) {
  const Batch rows = batch({{"a", array(arrow::int8(), "[1, 2]")}, {"a", array(arrow::utf8(), R"(["x", "y"])")}});
  const auto bytes = encode({rows->Slice(0, 0), rows, rows->Slice(2), rows->Slice(1)});
  ASSERT_TRUE(bytes);
  const auto batches = read(*bytes);
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0]->num_rows(), 2);
  EXPECT_EQ(batches[1]->num_rows(), 1);
  EXPECT_EQ(batches[0]->schema()->field_names(), (std::vector<std::string>{"a", "a_1"}));
}

TEST(SnowflakeArrow, indices_outside_a_dictionary_are_corrupt) {
  auto data =
      value_or_throw(arrow::DictionaryArray::FromArrays(array(arrow::int8(), "[0]"), array(arrow::utf8(), R"(["a"])")))
          ->data()
          ->Copy();
  data->buffers[1] = arrow::Buffer::FromString("\x63");
  EXPECT_EQ(encode({batch({{"v", arrow::MakeArray(data)}})}).error().code, Errc::corrupt);
}

TEST(SnowflakeArrow, offsets_outside_a_buffer_are_corrupt) {
  const auto offsets = arrow::Buffer::FromVector(std::vector<std::int64_t>{0, 9'999'999, 3});
  for (const auto& type : {arrow::large_utf8(), arrow::large_binary()}) {
    const auto data = arrow::ArrayData::Make(type, 2, {nullptr, offsets, arrow::Buffer::FromString("abc")});
    EXPECT_EQ(encode({batch({{"v", arrow::MakeArray(data)}})}).error().code, Errc::corrupt) << *type;
  }
}

}  // namespace
}  // namespace coatcheck::rows::snowflake
