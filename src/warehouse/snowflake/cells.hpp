#pragma once

#include <optional>
#include <string_view>

namespace coatcheck::warehouse::snowflake {

// Is told the cells of an answer, in order. Each returns whether it wants more.
class CellReader {
 public:
  virtual ~CellReader() = default;
  virtual bool begin_row() = 0;
  virtual bool cell(
      std::optional<std::string_view> text) = 0;  // Valid UTF-8, good until this returns; nothing for NULL.
  virtual bool end_row() = 0;
};

// Reads the rows in the member `data` of a JSON object, without a tree of it, for they may be hundreds of megabytes.
// Returns whether the text was whole and of the form, and the reader content. No `data` is no rows.
bool read_cells(std::string_view body, CellReader& reader);

}  // namespace coatcheck::warehouse::snowflake
