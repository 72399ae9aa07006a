#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <optional>
#include <utility>
#include <vector>

#include "rows/encoders.hpp"
#include "rows/names.hpp"
#include "rows/snowflake/arrow_column.hpp"
#include "rows/snowflake/cell.hpp"
#include "rows/snowflake/encoders.hpp"
#include "rows/snowflake/kind.hpp"

namespace coatcheck::rows::snowflake {
namespace {

struct RowsetColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> plain;  // What the cell reads.
  Cell cell;
  std::optional<ArrowColumn> unusual;      // Makes `plain` of binaries that are laid out in another way.
  std::shared_ptr<arrow::ArrayData> data;  // The current batch's.
};

Result<RowsetColumn> make_column(const arrow::Field& field, Dialect dialect) {
  RowsetColumn column{.name = field.name(), .plain = plain_type(field.type()), .cell = {}, .unusual = {}, .data = {}};
  if (shape_of(*column.plain).kind == Kind::binary && column.plain->id() != arrow::Type::BINARY) {
    Result<ArrowColumn> unusual = ArrowColumn::create(field.type());
    if (!unusual) return std::move(unusual).error();
    column.plain = unusual->type();
    column.unusual = std::move(*unusual);
  }
  Result<Cell> cell = make_cell(*column.plain, dialect);
  if (!cell) return std::move(cell).error();
  column.cell = std::move(*cell);
  return column;
}

std::size_t row_bytes(const std::vector<RowsetColumn>& columns) {
  std::size_t bytes = 3;
  for (const RowsetColumn& column : columns) bytes += column.cell.bound() + 1;
  return bytes;
}

class RowsetEncoder final : public Encoder {
 public:
  RowsetEncoder(Schema schema, std::vector<RowsetColumn> columns)
      : schema_(std::move(schema)), scratch_(row_bytes(columns)), columns_(std::move(columns)) {}

  Result<void> begin(std::string&) override { return Result<void>::ok(); }

  Result<void> append(const arrow::RecordBatch& batch, std::string& out) override {
    if (Result<void> checked = check_batch(batch, *schema_); !checked) return checked;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (Result<void> bound = bind(columns_[i], *batch.column_data(static_cast<int>(i))); !bound) return bound;
    }
    write_rows(batch.num_rows(), out);
    for (RowsetColumn& column : columns_) column.data.reset();
    if (scratch_.is_corrupt()) return Error{Errc::corrupt, "a value of a batch lies outside its buffers"};
    return Result<void>::ok();
  }

  Result<void> finish(std::string&) override { return Result<void>::ok(); }

 private:
  static Result<void> bind(RowsetColumn& column, const arrow::ArrayData& data) {
    if (column.unusual) {
      auto converted = column.unusual->convert(data);
      if (!converted) return in_column(column.name, converted.error());
      column.data = std::move(*converted);
    } else {
      column.data = data.Copy();
      column.data->type = column.plain;
    }
    text::bind(column.cell.column, *column.data);
    return check_moments(*column.data, column.name);
  }

  void write_rows(std::int64_t rows, std::string& out) {
    const std::size_t out_before = out.size();
    char* at = scratch_.begin();
    for (std::int64_t row = 0; row < rows; ++row) {
      at = write_row(row, at);
      if (!scratch_.is_full(at)) [[likely]]
        continue;
      flush(at, out);
      at = scratch_.begin();
      // Rows are much alike, so the first ones tell how much room all of them take.
      out.reserve(out.size() + (out.size() - out_before) / static_cast<std::size_t>(row + 1) *
                                   static_cast<std::size_t>(rows - row) / 16 * 17);
    }
    flush(at, out);
  }

  char* write_row(std::int64_t row, char* at) {
    *at++ = ',';
    char before = '[';
    for (RowsetColumn& column : columns_) {
      *at++ = before;
      at = write_cell(column.cell, row, at, scratch_);
      before = ',';
    }
    if (columns_.empty()) *at++ = before;
    *at = ']';
    return at + 1;
  }

  void flush(const char* end, std::string& out) {
    const char* begin = scratch_.begin();
    if (begin == end) return;
    if (!has_rows_) ++begin;
    has_rows_ = true;
    out.append(begin, static_cast<std::size_t>(end - begin));
  }

  Schema schema_;
  text::Scratch scratch_;
  std::vector<RowsetColumn> columns_;
  bool has_rows_ = false;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_rowset_encoder(const Schema& schema, Dialect dialect) {
  const Schema unique = with_unique_names(schema);
  std::vector<RowsetColumn> columns;
  for (const auto& field : unique->fields()) {
    Result<RowsetColumn> column = make_column(*field, dialect);
    if (!column) return in_column(field->name(), column.error());
    columns.push_back(std::move(*column));
  }
  return std::unique_ptr<Encoder>(std::make_unique<RowsetEncoder>(unique, std::move(columns)));
}

}  // namespace coatcheck::rows::snowflake
