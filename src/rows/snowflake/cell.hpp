#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "rows/snowflake/encoders.hpp"
#include "rows/snowflake/kind.hpp"
#include "rows/text/column.hpp"
#include "rows/text/strings.hpp"

namespace coatcheck::rows::snowflake {

// How the values of one column become JSON strings: the writers of rows/text where Snowflake spells a value as we do,
// writers of our own where not.
struct Cell {
  enum class Form : std::uint8_t {
    bare,    // The writer puts down plain characters, which go between quotes as they are.
    quoted,  // The writer puts down a JSON string, or null.
    nested,  // The writer puts down a JSON document, which becomes a string.
  };

  text::Column column;
  Form form = Form::bare;
  std::unique_ptr<text::Scratch> document;  // Where a nested value is written first.

  // The most that write_cell() puts down without asking for room.
  std::size_t bound() const { return form == Form::nested ? 4 : column.bound + 4; }
};

// Returns a cell for values of `type`, a plain type, and a binary one only with 32-bit offsets.
Result<Cell> make_cell(const arrow::DataType& type, Dialect dialect);

inline char* write_null(char* at) {
  std::memcpy(at, "null", 4);
  return at + 4;
}

inline char* write_nested(Cell& cell, std::int64_t row, char* at, text::Scratch& scratch) {
  text::Scratch& document = *cell.document;
  const char* const end = cell.column.write(cell.column, row, document.begin(), document);
  if (document.is_corrupt()) scratch.mark_corrupt();
  const std::string_view json(document.begin(), static_cast<std::size_t>(end - document.begin()));
  // A union whose member in use is NULL, or a run of NULLs.
  return json == "null" ? write_null(at) : text::write_json_string(at, scratch, json);
}

inline char* write_cell(Cell& cell, std::int64_t row, char* at, text::Scratch& scratch) {
  if (cell.column.is_null(row)) return write_null(at);
  if (cell.form == Cell::Form::bare) [[likely]] {
    *at++ = '"';
    at = cell.column.write(cell.column, row, at, scratch);
    *at = '"';
    return at + 1;
  }
  if (cell.form == Cell::Form::quoted) return cell.column.write(cell.column, row, at, scratch);
  return write_nested(cell, row, at, scratch);
}

}  // namespace coatcheck::rows::snowflake
