#pragma once

#include <arrow/type_fwd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rows/text/calendar.hpp"
#include "rows/text/scratch.hpp"

namespace coatcheck::rows::text {

// json: as in a JSON document. csv: as a whole CSV field.
enum class Style { json, csv };

// How the values of one type are written, and where those of the current batch lie.
//
// What to call is decided once, from the type; bind() points the column at each batch's buffers. After that
// writing a value is one indirect call, the same in every row, with nothing left to decide but the value.
struct Column {
  // Writes the value in `row`, which is not null, and returns the end.
  using Write = char* (*)(Column& column, std::int64_t row, char* at, Scratch& scratch);
  using Bind = void (*)(Column& column, const arrow::ArrayData& data);

  Write write = nullptr;
  Bind bind_buffers = nullptr;
  // The most that write() puts down without asking for room.
  std::size_t bound = 0;

  // The current batch, all of it advanced to row 0 of this column. `validity` is null if no value is.
  const std::uint8_t* validity = nullptr;
  std::int64_t validity_offset = 0;
  const void* values = nullptr;   // Fixed-width values, bits, views or indices.
  const void* offsets = nullptr;  // Of strings, lists and dense unions.
  const void* sizes = nullptr;    // Of list views.
  std::int64_t base = 0;          // Row 0 here is row `base` of a child, or bit `base` of a bitmap.
  std::int64_t limit = 0;         // How many bytes or child rows there are to point at.
  const arrow::ArrayData* data = nullptr;

  // Facts of the type.
  std::int64_t width = 0;  // Bytes of a fixed-size binary, length of a fixed-size list, scale of a decimal.
  std::vector<Column> children;
  std::vector<std::string> labels;      // "\"a\":" before each member of a struct.
  std::vector<std::int8_t> type_codes;  // From a union's type code to its child, -1 for none.

  DateText date;
  std::unique_ptr<Scratch> nested;  // The JSON text of a value that becomes a CSV field.

  bool is_null(std::int64_t row) const {
    if (validity == nullptr) return false;
    const auto bit = static_cast<std::uint64_t>(row + validity_offset);
    return (validity[bit / 8] >> (bit % 8) & 1) == 0;
  }

  template <class T>
  T value(std::int64_t row) const {
    T value;
    std::memcpy(&value, static_cast<const char*>(values) + row * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
    return value;
  }
};

// Returns a column for values of `type`. Errc::invalid_argument if it is of a kind that cannot be written,
// has a scale out of all reason, or is nested more than 64 deep.
Result<Column> make_column(const arrow::DataType& type, Style style, int depth = 0);

// Points the column at `data`, which must stay alive and be of the column's type.
void bind(Column& column, const arrow::ArrayData& data);

// Writes the value in `row`, or what stands for NULL: the word in JSON, nothing in CSV.
template <Style style>
char* write_value(Column& column, std::int64_t row, char* at, Scratch& scratch) {
  if (column.is_null(row)) {
    if constexpr (style == Style::csv) return at;
    std::memcpy(at, "null", 4);
    return at + 4;
  }
  return column.write(column, row, at, scratch);
}

}  // namespace coatcheck::rows::text
