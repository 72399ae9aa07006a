#include "client/table.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "client/width.hpp"

namespace coatcheck::client {

namespace {

constexpr std::size_t text_floor = 8;
constexpr std::size_t number_floor = 24;
// Each column has a blank on both sides and a line before it; one more line ends the table.
constexpr std::size_t column_frame = 3;
constexpr std::size_t table_frame = 1;
// A last column that only says that there are more.
constexpr std::size_t more_columns_width = column_frame + 1;

bool is_number(std::string_view type) {
  constexpr std::array words = {"TINYINT",  "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT",
                                "UINTEGER", "UBIGINT",  "UHUGEINT", "FLOAT",  "DOUBLE",  "REAL",     "NUMERIC"};
  if (type.ends_with(']')) return false;
  return type.starts_with("DECIMAL") || std::find(words.begin(), words.end(), type) != words.end();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

std::string shown(const Rows::Cell& cell) {
  if (cell.is_null) return "NULL";
  if (cell.is_text && cell.text == "NULL") return "'NULL'";
  return visible(cell.text);
}

// One rule of the frame: "├──┼──┤".
std::string rule(const std::vector<std::size_t>& widths, std::array<const char*, 3> joints) {
  std::string line = joints[0];
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i != 0) line += joints[1];
    for (std::size_t n = 0; n < widths[i] + 2; ++n) line += "─";
  }
  return line + joints[2];
}

// The table with everything to be drawn made visible.
struct Drawing {
  struct Column {
    std::string name;
    std::string type;
    Align align = Align::left;
    std::vector<std::string> cells;
  };
  std::vector<Column> columns;
  std::size_t rows = 0;
};

Drawing prepare(const Rows& rows) {
  Drawing drawing;
  drawing.rows = rows.rows.size();
  for (std::size_t i = 0; i < rows.columns.size(); ++i) {
    Drawing::Column column{.name = visible(rows.columns[i].name),
                           .type = lower(visible(rows.columns[i].type)),
                           .align = is_number(rows.columns[i].type) ? Align::right : Align::left,
                           .cells = {}};
    for (const auto& row : rows.rows) column.cells.push_back(i < row.size() ? shown(row[i]) : std::string());
    drawing.columns.push_back(std::move(column));
  }
  return drawing;
}

ColumnWidth width_of(const Drawing::Column& column) {
  std::size_t cells = 0;
  for (const std::string& cell : column.cells) cells = std::max(cells, display_width(cell));
  const std::size_t natural =
      std::max({cells, display_width(column.name), std::min<std::size_t>(display_width(column.type), 24)});
  const std::size_t floor =
      column.align == Align::right ? std::max(text_floor, std::min(cells, number_floor)) : text_floor;
  return {natural, std::min(natural, floor)};
}

}  // namespace

std::vector<std::size_t> fit_columns(const std::vector<ColumnWidth>& columns, std::size_t width) {
  const auto used = [&](std::size_t count, std::size_t level) {
    std::size_t sum = table_frame + (count < columns.size() ? more_columns_width : 0);
    for (std::size_t i = 0; i < count; ++i) {
      sum += column_frame + std::max(columns[i].floor, std::min(columns[i].natural, level));
    }
    return sum;
  };
  // As many columns as fit when all are as narrow as they may be, but one in any case.
  std::size_t count = columns.size();
  while (count > 1 && used(count, 0) > width) --count;
  // Then the highest level at which they still fit.
  std::size_t low = 0;
  std::size_t high = 0;
  for (std::size_t i = 0; i < count; ++i) high = std::max(high, columns[i].natural);
  while (low < high) {
    const std::size_t middle = low + (high - low + 1) / 2;
    if (used(count, middle) <= width) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < count; ++i)
    widths.push_back(std::max(columns[i].floor, std::min(columns[i].natural, low)));
  return widths;
}

Table draw_table(const Rows& rows, std::size_t width, Style style) {
  Drawing drawing = prepare(rows);
  std::vector<ColumnWidth> wanted;
  for (const Drawing::Column& column : drawing.columns) wanted.push_back(width_of(column));
  std::vector<std::size_t> widths = fit_columns(wanted, width);

  Table table;
  table.hidden_columns = drawing.columns.size() - widths.size();
  drawing.columns.resize(widths.size());
  if (table.hidden_columns > 0) {
    drawing.columns.push_back({.name = "…", .type = "…", .cells = std::vector<std::string>(drawing.rows, "…")});
    widths.push_back(1);
  }

  const std::string bar = style.dim("│");
  const auto line = [&](auto text_of) {
    for (std::size_t i = 0; i < widths.size(); ++i) table.text += bar + " " + text_of(i) + " ";
    table.text += bar + "\n";
  };
  table.text += style.dim(rule(widths, {"┌", "┬", "┐"})) + "\n";
  line([&](std::size_t i) { return style.bold(padded(drawing.columns[i].name, widths[i], drawing.columns[i].align)); });
  line([&](std::size_t i) { return style.dim(padded(drawing.columns[i].type, widths[i], drawing.columns[i].align)); });
  table.text += style.dim(rule(widths, {"├", "┼", "┤"})) + "\n";
  for (std::size_t row = 0; row < drawing.rows; ++row) {
    line([&](std::size_t i) {
      std::string cell = padded(drawing.columns[i].cells[row], widths[i], drawing.columns[i].align);
      const bool is_null = i < rows.rows[row].size() && rows.rows[row][i].is_null;
      return is_null ? style.dim(cell) : cell;
    });
  }
  table.text += style.dim(rule(widths, {"└", "┴", "┘"})) + "\n";
  return table;
}

}  // namespace coatcheck::client
