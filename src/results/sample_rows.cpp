#include "results/sample_rows.hpp"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace coatcheck::results {

namespace {

void check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> build(const std::shared_ptr<arrow::DataType>& type, std::int64_t first,
                                    std::int64_t count, Value value) {
  std::unique_ptr<arrow::ArrayBuilder> made;
  check(arrow::MakeBuilder(arrow::default_memory_pool(), type, &made));
  auto& builder = static_cast<Builder&>(*made);
  for (std::int64_t row = first; row != first + count; ++row) {
    check(row % 7 == 3 ? builder.AppendNull() : builder.Append(value(row)));
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> build_lists(std::int64_t first, std::int64_t count) {
  auto values = std::make_shared<arrow::Int32Builder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (std::int64_t row = first; row != first + count; ++row) {
    if (row % 5 == 1) {
      check(builder.AppendNull());
      continue;
    }
    check(builder.Append());
    for (std::int64_t i = 0; i != row % 4; ++i) check(values->Append(static_cast<std::int32_t>(row + i)));
  }
  return builder.Finish().ValueOrDie();
}

}  // namespace

rows::Schema sample_schema() {
  return arrow::schema({
      arrow::field("flag", arrow::boolean()),
      arrow::field("tiny", arrow::int8()),
      arrow::field("number", arrow::int64()),
      arrow::field("real", arrow::float64()),
      arrow::field("price", arrow::decimal128(10, 2)),
      arrow::field("huge", arrow::decimal256(60, 3)),
      arrow::field("day", arrow::date32()),
      arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
      arrow::field("text", arrow::utf8()),
      arrow::field("long_text", arrow::large_utf8()),
      arrow::field("view", arrow::utf8_view()),
      arrow::field("blob", arrow::binary()),
      arrow::field("list", arrow::list(arrow::int32())),
      arrow::field("pair", arrow::struct_({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())})),
      arrow::field("nothing", arrow::null()),
  });
}

rows::Batch sample_rows(std::int64_t first, std::int64_t count) {
  const auto schema = sample_schema();
  const auto type = [&schema](int column) { return schema->field(column)->type(); };
  const auto text = [](std::int64_t row) { return "row " + std::to_string(row) + " is longer than twelve bytes"; };
  const auto numbers_column = build<arrow::Int64Builder>(type(2), first, count, [](auto row) { return row; });
  const auto text_column = build<arrow::StringBuilder>(type(8), first, count, text);
  return arrow::RecordBatch::Make(
      schema, count,
      {
          build<arrow::BooleanBuilder>(type(0), first, count, [](auto row) { return row % 2 == 0; }),
          build<arrow::Int8Builder>(type(1), first, count,
                                    [](auto row) { return static_cast<std::int8_t>(row % 100); }),
          numbers_column,
          build<arrow::DoubleBuilder>(type(3), first, count, [](auto row) { return static_cast<double>(row) / 3; }),
          build<arrow::Decimal128Builder>(type(4), first, count, [](auto row) { return arrow::Decimal128(row * 99); }),
          build<arrow::Decimal256Builder>(type(5), first, count, [](auto row) { return arrow::Decimal256(row * -7); }),
          build<arrow::Date32Builder>(type(6), first, count, [](auto row) { return static_cast<std::int32_t>(row); }),
          build<arrow::TimestampBuilder>(type(7), first, count, [](auto row) { return row * 1'000'003; }),
          text_column,
          build<arrow::LargeStringBuilder>(type(9), first, count, text),
          build<arrow::StringViewBuilder>(type(10), first, count, text),
          build<arrow::BinaryBuilder>(type(11), first, count, text),
          build_lists(first, count),
          arrow::StructArray::Make({numbers_column, text_column}, type(13)->fields()).ValueOrDie(),
          std::make_shared<arrow::NullArray>(count),
      });
}

rows::Schema number_schema() { return arrow::schema({arrow::field("n", arrow::int64())}); }

rows::Batch numbers(std::int64_t first, std::int64_t count) {
  arrow::Int64Builder builder;
  for (std::int64_t row = first; row != first + count; ++row) check(builder.Append(row));
  return arrow::RecordBatch::Make(number_schema(), count, {builder.Finish().ValueOrDie()});
}

rows::Batch words(const std::vector<std::string>& words, std::int64_t count) {
  arrow::StringBuilder dictionary;
  for (const std::string& word : words) check(dictionary.Append(word));
  arrow::Int8Builder indices;
  for (std::int64_t row = 0; row != count; ++row) {
    check(indices.Append(static_cast<std::int8_t>(row % static_cast<std::int64_t>(words.size()))));
  }
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  auto column =
      arrow::DictionaryArray::FromArrays(type, indices.Finish().ValueOrDie(), dictionary.Finish().ValueOrDie());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("word", type)}), count, {column.ValueOrDie()});
}

QueryId query_id(int n) {
  QueryId id = *QueryId::parse("01890a5d-ac96-774b-bcce-b302099a8000");
  id.bytes[14] = static_cast<std::uint8_t>(n >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(n);
  return id;
}

rows::Batch read_all(RowStream& stream, const rows::Schema& schema) {
  std::vector<rows::Batch> batches;
  for (;;) {
    auto next = stream.next();
    if (!next) throw std::runtime_error(next.error().message + ": " + next.error().detail);
    if (!*next) break;
    check((**next)->ValidateFull());
    EXPECT_NE((**next)->num_rows(), 0);
    batches.push_back(**next);
  }
  if (batches.empty()) return arrow::RecordBatch::MakeEmpty(schema).ValueOrDie();
  return arrow::ConcatenateRecordBatches(batches).ValueOrDie();
}

Result<Manifest> store(Spool& spool, QueryId query, const rows::Schema& schema, const std::vector<rows::Batch>& batches,
                       bool truncated) {
  auto writer = spool.create(query, schema);
  if (!writer) return std::move(writer).error();
  for (const rows::Batch& batch : batches) {
    if (auto appended = (*writer)->append(batch); !appended) return std::move(appended).error();
  }
  return (*writer)->seal(truncated);
}

}  // namespace coatcheck::results
