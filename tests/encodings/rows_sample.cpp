// Writes one fixed table in every format: rows_sample FOLDER
//
//   all.*     a column of every Arrow type, in json, rows, ndjson, csv and arrow
//   common.*  those of its columns that Parquet can hold and every Arrow reader knows, in all six formats
//
// test_encodings.py has the same table by hand, as each reader should see it.

#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <fmt/format.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "rows/testing/rows_of.hpp"

namespace {

using coatcheck::rows::Format;
using coatcheck::rows::testing::array;
using coatcheck::rows::testing::check;
using coatcheck::rows::testing::NamedArray;
using coatcheck::rows::testing::value_or_throw;
using Array = std::shared_ptr<arrow::Array>;

template <class Type>
Array raw(const std::shared_ptr<arrow::DataType>& type, typename Type::c_type first, typename Type::c_type second) {
  arrow::NumericBuilder<Type> builder(type, arrow::default_memory_pool());
  check(builder.Append(first));
  check(builder.Append(second));
  check(builder.AppendNull());
  return value_or_throw(builder.Finish());
}

Array strings(const std::string& first, const std::string& second) {
  arrow::StringBuilder builder;
  check(builder.Append(first));
  check(builder.Append(second));
  check(builder.AppendNull());
  return value_or_throw(builder.Finish());
}

Array bytes() {
  arrow::BinaryBuilder builder;
  check(builder.Append(std::string("\x00\xFF\x80", 3)));
  check(builder.Append(""));
  check(builder.AppendNull());
  return value_or_throw(builder.Finish());
}

Array hugeint() {
  arrow::Decimal128Builder builder(arrow::decimal128(38, 0));
  check(builder.Append(arrow::Decimal128("-99999999999999999999999999999999999999")));
  check(builder.Append(arrow::Decimal128("99999999999999999999999999999999999999")));
  check(builder.AppendNull());
  return value_or_throw(builder.Finish());
}

Array intervals() {
  arrow::MonthDayNanoIntervalBuilder builder;
  check(builder.Append({14, 3, 14'706'789'000'000}));
  check(builder.Append({0, 0, 0}));
  check(builder.AppendNull());
  return value_or_throw(builder.Finish());
}

Array extension(const std::shared_ptr<arrow::DataType>& type, const Array& storage) {
  return arrow::ExtensionType::WrapArray(type, storage);
}

Array words() {
  return value_or_throw(arrow::DictionaryArray::FromArrays(array(arrow::int8(), "[1, 0, null]"),
                                                           array(arrow::utf8(), R"(["low", "high"])")));
}

std::vector<NamedArray> common_columns() {
  const auto micros = arrow::TimeUnit::MICRO;
  const auto pair = arrow::struct_({arrow::field("x", arrow::int64()), arrow::field("y", arrow::utf8())});
  return {
      {"boolean", array(arrow::boolean(), "[true, false, null]")},
      {"int8", raw<arrow::Int8Type>(arrow::int8(), INT8_MIN, INT8_MAX)},
      {"int16", raw<arrow::Int16Type>(arrow::int16(), INT16_MIN, INT16_MAX)},
      {"int32", raw<arrow::Int32Type>(arrow::int32(), INT32_MIN, INT32_MAX)},
      {"int64", raw<arrow::Int64Type>(arrow::int64(), INT64_MIN, INT64_MAX)},
      {"uint8", raw<arrow::UInt8Type>(arrow::uint8(), 0, UINT8_MAX)},
      {"uint16", raw<arrow::UInt16Type>(arrow::uint16(), 0, UINT16_MAX)},
      {"uint32", raw<arrow::UInt32Type>(arrow::uint32(), 0, UINT32_MAX)},
      {"uint64", raw<arrow::UInt64Type>(arrow::uint64(), 0, UINT64_MAX)},
      {"float", raw<arrow::FloatType>(arrow::float32(), 0.1F, -3.0F)},
      {"double", raw<arrow::DoubleType>(arrow::float64(), 0.1, 1e300)},
      {"decimal", array(arrow::decimal128(10, 2), R"(["10.10", "-0.05", null])")},
      {"hugeint", hugeint()},
      {"string", strings("a \"quoted\", line\r\nwith \xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80 and \\ \x01", "")},
      {"binary", bytes()},
      {"date", raw<arrow::Date32Type>(arrow::date32(), 20779, -1)},
      {"time", raw<arrow::Time64Type>(arrow::time64(micros), 49'500'123'456, 0)},
      {"timestamp", raw<arrow::TimestampType>(arrow::timestamp(micros), 1'795'355'100'123'456, -1)},
      {"timestamp_zone", raw<arrow::TimestampType>(arrow::timestamp(micros, "UTC"), 1'795'355'100'000'000, 500'000)},
      {"enum", words()},
      {"list", array(arrow::list(arrow::int32()), "[[1, null, 3], [], null]")},
      {"struct", array(pair, R"([[1, "a,b"], [null, ""], null])")},
      {"map", array(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1], ["l", null]], [], null])")},
      {"string", strings("the second column of this name", "x")},
  };
}

std::vector<NamedArray> rare_columns() {
  const arrow::FieldVector members = {arrow::field("n", arrow::int32()), arrow::field("s", arrow::utf8())};
  return {
      {"null", array(arrow::null(), "[null, null, null]")},
      {"half", array(arrow::float16(), "[0.5, -2, null]")},
      {"decimal32", array(arrow::decimal32(9, 3), R"(["-1.234", "0.001", null])")},
      {"decimal64", array(arrow::decimal64(18, 2), R"(["-1234567890123456.78", "0.00", null])")},
      {"decimal256",
       array(arrow::decimal256(76, 1), R"(["-123456789012345678901234567890123456789012345.6", "0.0", null])")},
      {"large_string", array(arrow::large_utf8(), R"(["large", "", null])")},
      {"string_view", array(arrow::utf8_view(), R"(["longer than twelve bytes", "short", null])")},
      {"fixed_binary", array(arrow::fixed_size_binary(3), R"(["foo", "bar", null])")},
      {"uuid", extension(arrow::extension::uuid(),
                         array(arrow::fixed_size_binary(16), R"(["0123456789abcdef", "ABCDEFGHIJKLMNOP", null])"))},
      {"json", extension(arrow::extension::json(), array(arrow::utf8(), R"(["{\"a\": 1}", "[]", null])"))},
      {"date64", raw<arrow::Date64Type>(arrow::date64(), 86'400'000, -86'400'000)},
      {"time32", raw<arrow::Time32Type>(arrow::time32(arrow::TimeUnit::MILLI), 1500, 0)},
      {"timestamp_ns", raw<arrow::TimestampType>(arrow::timestamp(arrow::TimeUnit::NANO), 1, 1000)},
      {"duration", raw<arrow::DurationType>(arrow::duration(arrow::TimeUnit::SECOND), 90'061, -60)},
      {"interval", intervals()},
      {"large_list", array(arrow::large_list(arrow::utf8()), R"([["a"], [], null])")},
      {"fixed_list", array(arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], [3, null], null]")},
      {"map_of_numbers", array(arrow::map(arrow::int32(), arrow::utf8()), R"([[[1, "x"]], [], null])")},
      {"sparse_union", array(arrow::sparse_union(members, {0, 1}), R"([[0, 7], [1, "s"], [0, null]])")},
      {"dense_union", array(arrow::dense_union(members, {0, 1}), R"([[0, 7], [1, "s"], [0, null]])")},
      {"runs", value_or_throw(arrow::RunEndEncodedArray::Make(3, array(arrow::int32(), "[2, 3]"),
                                                              array(arrow::utf8(), R"(["run", null])")))},
  };
}

void write(const std::string& folder, const std::string& name, Format format, const std::vector<NamedArray>& columns) {
  const auto rows = coatcheck::rows::testing::batch(columns);
  // Two batches, the second one a slice that does not begin at the start of its buffers.
  const std::string bytes = coatcheck::rows::testing::encode(format, {rows->Slice(0, 1), rows->Slice(1)});
  std::ofstream file(fmt::format("{}/{}.{}", folder, name, to_string(format)), std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error("cannot write to " + folder);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) throw std::runtime_error("usage: rows_sample FOLDER");
  const std::vector<NamedArray> common = common_columns();
  std::vector<NamedArray> all = common;
  for (const NamedArray& column : rare_columns()) all.push_back(column);
  for (const Format format : coatcheck::rows::all_formats) {
    write(argv[1], "common", format, common);
    if (format != Format::parquet) write(argv[1], "all", format, all);
  }
  return 0;
} catch (const std::exception& error) {
  fmt::print(stderr, "rows_sample: {}\n", error.what());
  return 1;
}
