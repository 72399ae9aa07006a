#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/outcome.hpp"

namespace coatcheck::client {

// The first rows of a result, as texts.
struct Rows {
  struct Column {
    std::string name;
    std::string type;  // "BIGINT", "DECIMAL(10,2)", …
  };
  // Numbers stand as the server wrote them, with every digit; lists and structs as compact JSON.
  struct Cell {
    std::string text = {};
    bool is_null = false;
    bool is_text = false;  // It was a JSON string.
  };
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

// Reads a result in the format `rows`, {"columns":[{"name":…,"type":…}],"rows":[[…]]}, while it comes in.
// Of a value at most 4 KiB are kept, and of the rows `rows_max`: a table shows no more.
class RowsReader {
 public:
  explicit RowsReader(std::size_t rows_max);
  ~RowsReader();

  Outcome<void> feed(std::string_view piece);
  // After the last piece.
  Outcome<Rows> finish();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace coatcheck::client
