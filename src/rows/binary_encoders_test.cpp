#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include "rows/encoders.hpp"
#include "rows/testing/rows_of.hpp"

namespace coatcheck::rows {
namespace {

using testing::array;
using testing::batch;
using testing::check;
using testing::encode;
using testing::value_or_throw;

std::shared_ptr<arrow::io::RandomAccessFile> reader_of(const std::string& bytes) {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
}

std::shared_ptr<arrow::Table> read_arrow(const std::string& bytes) {
  const auto reader = value_or_throw(arrow::ipc::RecordBatchStreamReader::Open(reader_of(bytes)));
  return value_or_throw(reader->ToTable());
}

struct ParquetFile {
  std::shared_ptr<arrow::Table> table;
  int row_groups = 0;
};

ParquetFile read_parquet(const std::string& bytes) {
  const auto reader = value_or_throw(parquet::arrow::OpenFile(reader_of(bytes), arrow::default_memory_pool()));
  ParquetFile file;
  file.row_groups = reader->num_row_groups();
  file.table = value_or_throw(reader->ReadTable());
  return file;
}

Batch some_rows() {
  return batch({{"a", array(arrow::int64(), "[1, null, 3]")},
                {"a", array(arrow::utf8(), R"(["x", "", null])")},
                {"l", array(arrow::list(arrow::decimal128(10, 2)), R"([["1.10"], [], null])")}});
}

std::shared_ptr<arrow::Table> expected_table(const std::vector<Batch>& batches) {
  return value_or_throw(value_or_throw(arrow::Table::FromRecordBatches(batches))->RenameColumns({"a", "a_1", "l"}));
}

TEST(ArrowEncoder, batches_and_slices_read_back_under_unique_names) {
  const std::vector<Batch> batches = {some_rows(), some_rows()->Slice(1)};
  EXPECT_TRUE(read_arrow(encode(Format::arrow, batches))->Equals(*expected_table(batches)));
}

TEST(ArrowEncoder, no_rows_are_a_schema_alone) {
  const auto table = read_arrow(encode(Format::arrow, {some_rows()->Slice(0, 0)}));
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(table->num_columns(), 3);
}

TEST(ArrowEncoder, a_dictionary_may_change_between_batches) {
  const auto words = [](const std::string& json) {
    return batch({{"e", value_or_throw(arrow::DictionaryArray::FromArrays(array(arrow::int8(), "[0, 1, 0]"),
                                                                          array(arrow::utf8(), json)))}});
  };
  const std::vector<Batch> batches = {words(R"(["a", "b"])"), words(R"(["c", "d"])")};
  for (const Format format : {Format::arrow, Format::parquet}) {
    const std::string bytes = encode(format, batches);
    const auto table = format == Format::arrow ? read_arrow(bytes) : read_parquet(bytes).table;
    std::string values;
    for (const auto& chunk : table->column(0)->chunks()) values += testing::in_csv(chunk);
    EXPECT_EQ(values, "a\nb\na\nc\nd\nc\n");
  }
}

TEST(ParquetEncoder, batches_and_slices_read_back_under_unique_names) {
  const std::vector<Batch> batches = {some_rows(), some_rows()->Slice(1)};
  const auto table = read_parquet(encode(Format::parquet, batches)).table;
  EXPECT_TRUE(table->Equals(*expected_table(batches))) << table->ToString();
}

TEST(ParquetEncoder, row_groups_are_bounded_and_leave_as_they_fill) {
  arrow::Int64Builder builder;
  for (int i = 0; i < 1000; ++i) check(builder.Append(i));
  const Batch rows = batch({{"v", value_or_throw(builder.Finish())}});
  for (const RowGroupBounds bounds : {RowGroupBounds{.rows_max = 100}, RowGroupBounds{.bytes_max = 800}}) {
    auto encoder = make_parquet_encoder(rows->schema(), bounds);
    std::string out;
    ASSERT_TRUE((*encoder)->begin(out));
    const std::size_t head = out.size();
    ASSERT_TRUE((*encoder)->append(*rows, out));
    EXPECT_GT(out.size(), head);
    ASSERT_TRUE((*encoder)->finish(out));
    const ParquetFile file = read_parquet(out);
    EXPECT_EQ(file.row_groups, 10);
    EXPECT_EQ(file.table->num_rows(), 1000);
  }
}

TEST(ParquetEncoder, a_type_without_a_place_in_parquet_becomes_text) {
  const auto type = arrow::sparse_union({arrow::field("n", arrow::int32()), arrow::field("s", arrow::utf8())});
  arrow::MonthDayNanoIntervalBuilder interval;
  check(interval.Append({14, 0, 0}));
  check(interval.AppendNull());
  check(interval.Append({0, 1, 0}));
  const Batch rows = batch({{"u", array(type, R"([[0, 7], [1, "s"], [0, null]])")},
                            {"i", value_or_throw(interval.Finish())},
                            {"n", array(arrow::int32(), "[1, 2, 3]")}});
  const auto table = read_parquet(encode(Format::parquet, {rows->Slice(0, 1), rows->Slice(1)})).table;
  const auto combined = value_or_throw(table->CombineChunksToBatch());
  EXPECT_TRUE(combined->column(0)->Equals(array(arrow::utf8(), R"(["7", "\"s\"", null])"))) << table->ToString();
  EXPECT_TRUE(combined->column(1)->Equals(array(arrow::utf8(), R"(["P1Y2M", null, "P1D"])"))) << table->ToString();
  EXPECT_TRUE(combined->column(2)->Equals(rows->column(2)));
}

TEST(ParquetEncoder, a_type_nested_without_end_is_refused_by_column) {
  auto type = arrow::month_day_nano_interval();
  for (int i = 0; i < 100; ++i) type = arrow::list(type);
  const auto encoder = make_encoder(Format::parquet, arrow::schema({arrow::field("deep", type)}));
  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().code, Errc::invalid_argument);
  EXPECT_EQ(encoder.error().field, "deep");
}

TEST(BinaryEncoders, one_that_is_abandoned_writes_nowhere) {
  for (const Format format : {Format::arrow, Format::parquet}) {
    auto encoder = make_encoder(format, some_rows()->schema());
    auto out = std::make_unique<std::string>();
    ASSERT_TRUE((*encoder)->begin(*out));
    ASSERT_TRUE((*encoder)->append(*some_rows(), *out));
    out.reset();
    // The sanitizer watches that closing the writer does not reach the string.
    encoder->reset();
    EXPECT_EQ(encoder->get(), nullptr);
  }
}

}  // namespace
}  // namespace coatcheck::rows
