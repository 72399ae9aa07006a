#include "rows/snowflake/cell.hpp"

#include <arrow/type.h>

#include <string_view>
#include <utility>

#include "rows/text/digits.hpp"

namespace coatcheck::rows::snowflake {
namespace {

using text::Scratch;
using text::Style;

char* write_bit(text::Column& column, std::int64_t row, char* at, Scratch&) {
  const auto bit = static_cast<std::uint64_t>(row + column.base);
  *at = static_cast<char>('0' + (static_cast<const std::uint8_t*>(column.values)[bit / 8] >> (bit % 8) & 1));
  return at + 1;
}

char* write_days(text::Column& column, std::int64_t row, char* at, Scratch&) {
  return text::write_signed(at, column.value<std::int32_t>(row));
}

char* write_days_of_milliseconds(text::Column& column, std::int64_t row, char* at, Scratch&) {
  constexpr std::int64_t day = 86'400'000;
  const auto value = column.value<std::int64_t>(row);
  return text::write_signed(at, value / day - static_cast<std::int64_t>(value % day < 0));
}

// Seconds as a decimal number, "-0.500000" for half a second before 1970: the sign is that of the whole. So
// Snowflake writes them, and so its drivers read them. (gosnowflake takes the fraction as going forward, so what it
// shows of such moments is wrong with Snowflake too; in Arrow it reads them well.)
template <class T, unsigned scale, unsigned digits>
char* write_seconds(text::Column& column, std::int64_t row, char* at, Scratch&) {
  constexpr std::uint64_t parts = text::powers_of_ten[scale];
  const auto value = static_cast<std::int64_t>(column.value<T>(row));
  const auto bits = static_cast<std::uint64_t>(value);
  const std::uint64_t magnitude = value < 0 ? 0 - bits : bits;
  *at = '-';
  at += value < 0;
  at = text::write_unsigned(at, magnitude / parts);
  if constexpr (digits == 0) return at;
  *at = '.';
  return text::write_padded(at + 1, magnitude % parts * text::powers_of_ten[digits - scale], digits);
}

constexpr std::size_t seconds_bytes = text::int64_bytes + 1 + 9;

// The drivers expect as many digits as the column's scale, the SQL API always nine.
template <class T, unsigned scale>
text::Column::Write seconds_writer(Dialect dialect) {
  return dialect == Dialect::driver ? write_seconds<T, scale, scale> : write_seconds<T, scale, 9>;
}

// Seconds and milliseconds of a day are 32 bits wide, everything else 64.
text::Column::Write seconds_writer(const arrow::DataType& type, Dialect dialect) {
  const bool is_narrow = type.id() == arrow::Type::TIME32;
  switch (shape_of(type).scale) {
    case 0: return is_narrow ? seconds_writer<std::int32_t, 0>(dialect) : seconds_writer<std::int64_t, 0>(dialect);
    case 3: return is_narrow ? seconds_writer<std::int32_t, 3>(dialect) : seconds_writer<std::int64_t, 3>(dialect);
    case 6: return seconds_writer<std::int64_t, 6>(dialect);
    default: return seconds_writer<std::int64_t, 9>(dialect);
  }
}

// Capital letters: the Python driver decodes no others.
char* write_hex(text::Column& column, std::int64_t row, char* at, Scratch& scratch) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::int32_t range[2];
  std::memcpy(range, static_cast<const char*>(column.offsets) + row * static_cast<std::int64_t>(sizeof(range[0])),
              sizeof(range));
  if (range[0] < 0 || range[1] < range[0] || range[1] > column.limit) [[unlikely]] {
    scratch.mark_corrupt();
    return at;
  }
  at = scratch.room(at, static_cast<std::size_t>(range[1] - range[0]) * 2);
  const auto* bytes = static_cast<const unsigned char*>(column.values);
  for (std::int32_t i = range[0]; i < range[1]; ++i) {
    *at++ = digits[bytes[i] >> 4];
    *at++ = digits[bytes[i] & 15];
  }
  return at;
}

// Strings are JSON strings already, also those of an ENUM.
bool is_quoted(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::DICTIONARY: return true;
    default: return false;
  }
}

Cell::Form form_of(const arrow::DataType& type, Kind kind) {
  if (kind == Kind::variant || kind == Kind::array || kind == Kind::object) return Cell::Form::nested;
  return kind == Kind::text && is_quoted(type) ? Cell::Form::quoted : Cell::Form::bare;
}

void write_with(Cell& cell, text::Column::Write write, std::size_t bound) {
  cell.column.write = write;
  cell.column.bound = bound;
}

}  // namespace

Result<Cell> make_cell(const arrow::DataType& type, Dialect dialect) {
  const Kind kind = shape_of(type).kind;
  Cell cell;
  cell.form = form_of(type, kind);
  // A CSV field has no quotes, and numbers, moments and the like are then plain characters.
  Result<text::Column> column = text::make_column(type, cell.form == Cell::Form::bare ? Style::csv : Style::json);
  if (!column) return std::move(column).error();
  cell.column = std::move(*column);
  if (cell.form == Cell::Form::nested) cell.document = std::make_unique<Scratch>(cell.column.bound);

  switch (kind) {
    case Kind::boolean:
      if (dialect == Dialect::driver) write_with(cell, write_bit, 1);
      break;
    case Kind::date:
      write_with(cell, type.id() == arrow::Type::DATE32 ? write_days : write_days_of_milliseconds, text::int64_bytes);
      break;
    case Kind::time:
    case Kind::timestamp_ntz:
    case Kind::timestamp_ltz: write_with(cell, seconds_writer(type, dialect), seconds_bytes); break;
    case Kind::binary: write_with(cell, write_hex, 0); break;
    default: break;
  }
  return cell;
}

}  // namespace coatcheck::rows::snowflake
