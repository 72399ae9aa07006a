#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "rows/encoders.hpp"
#include "rows/sql_type.hpp"
#include "rows/text/column.hpp"
#include "rows/text/strings.hpp"

namespace coatcheck::rows {
namespace {

using text::Column;
using text::Scratch;
using text::Style;

// What stands around the values.
struct Layout {
  std::string head;
  std::string tail;
  std::vector<std::string> before;  // Before the value of each column, beginning with what opens a row.
  std::string after;                // After the last value.
  std::string bare;                 // A whole row where there are no columns.
  bool has_separators = false;      // Rows begin with a comma, which the first one does without.
};

Layout object_layout(const std::vector<std::string>& names, bool has_separators) {
  Layout layout;
  layout.has_separators = has_separators;
  const std::string open = has_separators ? ",{" : "{";
  layout.after = has_separators ? "}" : "}\n";
  for (const std::string& name : names) {
    layout.before.push_back((layout.before.empty() ? open : ",") + text::json_string(name) + ":");
  }
  layout.bare = open + layout.after;
  return layout;
}

Layout json_layout(const std::vector<std::string>& names) {
  Layout layout = object_layout(names, true);
  layout.head = fmt::format("{{\"columns\":{{\"total\":{},\"columns\":[", names.size());
  for (std::size_t i = 0; i < names.size(); ++i) layout.head += (i == 0 ? "" : ",") + text::json_string(names[i]);
  layout.head += "]},\"items\":[";
  layout.tail = "]}";
  return layout;
}

Layout rows_layout(const std::vector<std::string>& names, const arrow::Schema& schema) {
  Layout layout;
  layout.has_separators = true;
  layout.head = "{\"columns\":[";
  for (std::size_t i = 0; i < names.size(); ++i) {
    layout.head += i == 0 ? "" : ",";
    layout.head += "{\"name\":" + text::json_string(names[i]) +
                   ",\"type\":" + text::json_string(sql_type_name(*schema.field(static_cast<int>(i))->type())) + "}";
    layout.before.emplace_back(i == 0 ? ",[" : ",");
  }
  layout.head += "],\"rows\":[";
  layout.tail = "]}";
  layout.after = "]";
  layout.bare = ",[]";
  return layout;
}

Layout csv_layout(const std::vector<std::string>& names) {
  Layout layout;
  for (std::size_t i = 0; i < names.size(); ++i) {
    layout.head += (i == 0 ? "" : ",") + text::csv_field(names[i]);
    layout.before.emplace_back(i == 0 ? "" : ",");
  }
  layout.after = "\r\n";
  layout.head += layout.after;
  layout.bare = layout.after;
  return layout;
}

Layout make_layout(Format format, const arrow::Schema& schema) {
  const std::vector<std::string> names = schema.field_names();
  switch (format) {
    case Format::json: return json_layout(names);
    case Format::rows: return rows_layout(names, schema);
    case Format::csv: return csv_layout(names);
    case Format::ndjson:
    case Format::arrow:
    case Format::parquet: break;
  }
  return object_layout(names, false);
}

// A constant piece of a row. Short ones are copied as one block of known size.
class Piece {
 public:
  explicit Piece(std::string text) : text_(std::move(text)) {
    std::copy_n(text_.begin(), std::min(text_.size(), block_.size()), block_.begin());
  }

  char* put(char* at) const {
    std::memcpy(at, block_.data(), block_.size());
    if (text_.size() > block_.size()) [[unlikely]]
      std::memcpy(at, text_.data(), text_.size());
    return at + text_.size();
  }

 private:
  std::array<char, 16> block_{};
  std::string text_;
};
static_assert(sizeof(std::array<char, 16>) <= Scratch::overshoot);

std::size_t row_bytes(const Layout& layout, const std::vector<Column>& columns) {
  std::size_t bytes = layout.after.size() + layout.bare.size();
  for (const Column& column : columns) bytes += column.bound;
  for (const std::string& piece : layout.before) bytes += piece.size();
  return bytes;
}

template <Style style>
class TextEncoder final : public Encoder {
 public:
  TextEncoder(Schema schema, Layout layout, std::vector<Column> columns)
      : schema_(std::move(schema)),
        head_(std::move(layout.head)),
        tail_(std::move(layout.tail)),
        scratch_(row_bytes(layout, columns)),
        columns_(std::move(columns)),
        before_(layout.before.begin(), layout.before.end()),
        after_(columns_.empty() ? layout.bare : layout.after),
        has_separators_(layout.has_separators) {}

  Result<void> begin(std::string& out) override {
    out += head_;
    return Result<void>::ok();
  }

  Result<void> append(const arrow::RecordBatch& batch, std::string& out) override {
    if (Result<void> checked = check_batch(batch, *schema_); !checked) return checked;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      text::bind(columns_[i], *batch.column_data(static_cast<int>(i)));
    }
    write_rows(batch.num_rows(), out);
    if (scratch_.is_corrupt()) return Error{Errc::corrupt, "a value of a batch lies outside its buffers"};
    return Result<void>::ok();
  }

  Result<void> finish(std::string& out) override {
    out += tail_;
    return Result<void>::ok();
  }

 private:
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
    const Piece* piece = before_.data();
    for (Column& column : columns_) at = text::write_value<style>(column, row, (piece++)->put(at), scratch_);
    return after_.put(at);
  }

  void flush(const char* end, std::string& out) {
    const char* begin = scratch_.begin();
    if (begin == end) return;
    if (has_separators_ && !has_rows_) ++begin;
    has_rows_ = true;
    out.append(begin, static_cast<std::size_t>(end - begin));
  }

  Schema schema_;
  std::string head_;
  std::string tail_;
  Scratch scratch_;
  std::vector<Column> columns_;
  std::vector<Piece> before_;
  Piece after_;
  bool has_separators_;
  bool has_rows_ = false;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_text_encoder(Format format, const Schema& schema) {
  const Style style = format == Format::csv ? Style::csv : Style::json;
  std::vector<Column> columns;
  for (const auto& field : schema->fields()) {
    Result<Column> column = text::make_column(*field->type(), style);
    if (!column) {
      return Error{column.error().code, fmt::format("column \"{}\": {}", field->name(), column.error().message),
                   field->name()};
    }
    columns.push_back(std::move(*column));
  }
  Layout layout = make_layout(format, *schema);
  std::unique_ptr<Encoder> encoder;
  if (style == Style::csv) {
    encoder = std::make_unique<TextEncoder<Style::csv>>(schema, std::move(layout), std::move(columns));
  } else {
    encoder = std::make_unique<TextEncoder<Style::json>>(schema, std::move(layout), std::move(columns));
  }
  return encoder;
}

}  // namespace coatcheck::rows
