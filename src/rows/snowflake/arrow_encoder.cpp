#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "rows/encoders.hpp"
#include "rows/names.hpp"
#include "rows/snowflake/arrow_column.hpp"
#include "rows/snowflake/column.hpp"
#include "rows/snowflake/encoders.hpp"
#include "rows/snowflake/kind.hpp"

namespace coatcheck::rows::snowflake {
namespace {

std::string in_capitals(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// All values are text. The drivers ask for `logicalType` of every field and for `scale` and `precision` where the kind
// has them; they take the numbers for granted, so every field has all of them. `finalType` as Snowflake has it.
std::shared_ptr<const arrow::KeyValueMetadata> metadata_of(const Column& column, const arrow::DataType& type) {
  const std::int64_t bytes = type.id() == arrow::Type::STRING || type.id() == arrow::Type::BINARY
                                 ? column.byte_length.value_or(16'777'216)
                                 : std::max(type.byte_width(), 1);
  const bool is_text = column.type == "text";
  return arrow::key_value_metadata(
      {"logicalType", "precision", "scale", "charLength", "byteLength", "finalType"},
      {in_capitals(column.type), fmt::to_string(column.precision.value_or(0)), fmt::to_string(column.scale.value_or(0)),
       fmt::to_string(is_text ? column.length.value_or(0) : 0), fmt::to_string(bytes), "T"});
}

class ArrowEncoder final : public Encoder {
 public:
  ArrowEncoder(Schema given, Schema sent, std::vector<ArrowColumn> columns, std::unique_ptr<Encoder> stream)
      : given_(std::move(given)), sent_(std::move(sent)), columns_(std::move(columns)), stream_(std::move(stream)) {}

  Result<void> begin(std::string& out) override { return stream_->begin(out); }

  Result<void> append(const arrow::RecordBatch& batch, std::string& out) override {
    if (Result<void> checked = check_batch(batch, *given_); !checked) return checked;
    if (batch.num_rows() == 0) return Result<void>::ok();
    std::vector<std::shared_ptr<arrow::ArrayData>> converted;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      auto column = convert(i, *batch.column_data(static_cast<int>(i)));
      if (!column) return std::move(column).error();
      converted.push_back(std::move(*column));
    }
    return stream_->append(*arrow::RecordBatch::Make(sent_, batch.num_rows(), std::move(converted)), out);
  }

  Result<void> finish(std::string& out) override { return stream_->finish(out); }

 private:
  Result<std::shared_ptr<arrow::ArrayData>> convert(std::size_t i, const arrow::ArrayData& data) {
    const std::string& name = given_->field(static_cast<int>(i))->name();
    auto plain = data.Copy();
    plain->type = plain_type(data.type);
    if (Result<void> checked = check_moments(*plain, name); !checked) return std::move(checked).error();
    auto converted = columns_[i].convert(data);
    if (!converted) return in_column(name, converted.error());
    return converted;
  }

  Schema given_;
  Schema sent_;
  std::vector<ArrowColumn> columns_;
  std::unique_ptr<Encoder> stream_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_arrow_encoder(const Schema& schema) {
  const Schema given = with_unique_names(schema);
  const std::vector<Column> described = describe(given);
  arrow::FieldVector fields;
  std::vector<ArrowColumn> columns;
  for (const auto& field : given->fields()) {
    Result<ArrowColumn> column = ArrowColumn::create(field->type());
    if (!column) return in_column(field->name(), column.error());
    const Column& description = described[columns.size()];
    fields.push_back(
        arrow::field(field->name(), column->type(), field->nullable(), metadata_of(description, *column->type())));
    columns.push_back(std::move(*column));
  }
  Schema sent = arrow::schema(std::move(fields));
  auto stream = rows::make_arrow_encoder(sent);
  if (!stream) return std::move(stream).error();
  return std::unique_ptr<Encoder>(
      std::make_unique<ArrowEncoder>(given, std::move(sent), std::move(columns), std::move(*stream)));
}

}  // namespace coatcheck::rows::snowflake
