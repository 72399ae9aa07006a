#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <algorithm>
#include <vector>

#include "rows/encoders.hpp"
#include "rows/sink.hpp"
#include "rows/text_column.hpp"

namespace coatcheck::rows {
namespace {

Error failed(const arrow::Status& status) { return {Errc::invalid_argument, "Parquet: " + status.message()}; }

Result<void> outcome(const arrow::Status& status) {
  if (!status.ok()) return failed(status);
  return Result<void>::ok();
}

arrow::Result<std::unique_ptr<parquet::arrow::FileWriter>> open(const arrow::Schema& schema,
                                                                std::shared_ptr<StringSink> sink) {
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->created_by("coatcheck")->build();
  // The Arrow schema is kept in the file, so that Arrow readers get back the types Parquet has no word for.
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  return parquet::arrow::FileWriter::Open(schema, arrow::default_memory_pool(), std::move(sink), properties,
                                          arrow_properties);
}

// A column that Parquet has no type for, and what is written in its place.
struct Replaced {
  int index;
  TextColumn text;
};

// Writes batches into a row group that is held back, encoded and compressed, until it is full.
class ParquetEncoder final : public Encoder {
 public:
  // Batches are of `schema`, the file of `file_schema`.
  ParquetEncoder(Schema schema, Schema file_schema, std::vector<Replaced> replaced, RowGroupBounds bounds)
      : schema_(std::move(schema)),
        file_schema_(std::move(file_schema)),
        replaced_(std::move(replaced)),
        bounds_(bounds) {}

  Result<void> begin(std::string& out) override {
    const StringSink::Loan loan(*sink_, out);
    auto writer = open(*file_schema_, sink_);
    if (!writer.ok()) return failed(writer.status());
    writer_ = *std::move(writer);
    return Result<void>::ok();
  }

  Result<void> append(const arrow::RecordBatch& batch, std::string& out) override {
    if (Result<void> checked = check_batch(batch, *schema_); !checked) return checked;
    if (batch.num_rows() == 0) return Result<void>::ok();
    const StringSink::Loan loan(*sink_, out);
    arrow::ArrayVector columns = batch.columns();
    for (Replaced& each : replaced_) {
      Result<std::shared_ptr<arrow::Array>> text = each.text.convert(*batch.column_data(each.index));
      if (!text) return std::move(text).error();
      columns[static_cast<std::size_t>(each.index)] = std::move(*text);
    }
    const auto to_write = arrow::RecordBatch::Make(file_schema_, batch.num_rows(), std::move(columns));
    const auto bytes = arrow::util::ReferencedBufferSize(*to_write);
    if (!bytes.ok()) return failed(bytes.status());
    const std::int64_t row_bytes = std::max<std::int64_t>(1, *bytes / batch.num_rows());
    const std::int64_t slice_rows = std::clamp<std::int64_t>(bounds_.bytes_max / row_bytes, 1, bounds_.rows_max);
    for (std::int64_t row = 0; row < batch.num_rows(); row += slice_rows) {
      const auto slice = to_write->Slice(row, slice_rows);
      if (Result<void> written = write(*slice, slice->num_rows() * row_bytes); !written) return written;
    }
    return Result<void>::ok();
  }

  Result<void> finish(std::string& out) override {
    const StringSink::Loan loan(*sink_, out);
    return outcome(writer_->Close());
  }

 private:
  Result<void> write(const arrow::RecordBatch& slice, std::int64_t bytes) {
    const bool is_full =
        rows_ > 0 && (rows_ + slice.num_rows() > bounds_.rows_max || bytes_ + bytes > bounds_.bytes_max);
    if (rows_ == 0 || is_full) {
      if (const arrow::Status begun = writer_->NewBufferedRowGroup(); !begun.ok()) return failed(begun);
      rows_ = 0;
      bytes_ = 0;
    }
    rows_ += slice.num_rows();
    bytes_ += bytes;
    return outcome(writer_->WriteRecordBatch(slice));
  }

  Schema schema_;
  Schema file_schema_;
  std::vector<Replaced> replaced_;
  RowGroupBounds bounds_;
  std::shared_ptr<StringSink> sink_ = std::make_shared<StringSink>();
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  std::int64_t rows_ = 0;
  std::int64_t bytes_ = 0;
};

// Arrow says what Parquet cannot hold only on the way, so a column of one NULL is written on trial.
arrow::Status try_column(const std::shared_ptr<arrow::Field>& field) {
  const Schema schema = arrow::schema({field->WithNullable(true)});
  ARROW_ASSIGN_OR_RAISE(auto nulls, arrow::MakeArrayOfNull(field->type(), 1));
  std::string out;
  const auto sink = std::make_shared<StringSink>();
  const StringSink::Loan loan(*sink, out);
  ARROW_ASSIGN_OR_RAISE(const auto writer, open(*schema, sink));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*arrow::RecordBatch::Make(schema, 1, {std::move(nulls)})));
  return writer->Close();
}

}  // namespace

Result<std::unique_ptr<Encoder>> make_parquet_encoder(const Schema& schema, RowGroupBounds bounds) {
  std::vector<Replaced> replaced;
  arrow::FieldVector fields = schema->fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (try_column(fields[i]).ok()) continue;
    Result<TextColumn> text = TextColumn::create(*fields[i]->type());
    if (!text) {
      return Error{text.error().code, fmt::format("column \"{}\": {}", fields[i]->name(), text.error().message),
                   fields[i]->name()};
    }
    replaced.push_back({static_cast<int>(i), std::move(*text)});
    fields[i] = arrow::field(fields[i]->name(), arrow::utf8());
  }
  const Schema file_schema = arrow::schema(std::move(fields), schema->metadata());
  return std::unique_ptr<Encoder>(std::make_unique<ParquetEncoder>(schema, file_schema, std::move(replaced), bounds));
}

}  // namespace coatcheck::rows
