#pragma once

#include <duckdb.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "rows/batch.hpp"

namespace coatcheck::warehouse::duckdb {

// Gathers what DuckDB yields, chunk by chunk, into Arrow batches, so that no digit of a value changes. What has
// no exact form in Arrow becomes text, at any depth (docs/duckdb.md has the table).
class ToArrow {
 public:
  // Reads the result's columns. The result need not stay, the connection must.
  static Result<ToArrow, Failure> create(duckdb_connection connection, duckdb_result& result);
  // Reads those of a statement that has not run; its parameters are bound.
  static Result<ToArrow, Failure> create(duckdb_connection connection, duckdb_prepared_statement prepared);
  ToArrow(ToArrow&&) noexcept;
  ToArrow& operator=(ToArrow&&) noexcept;
  ~ToArrow();

  const rows::Schema& schema() const { return schema_; }

  // Copies the chunk to the end of the batch in the making.
  std::optional<Failure> append(duckdb_data_chunk chunk);

  // Of the batch in the making.
  std::size_t rows() const { return rows_; }
  std::uint64_t bytes() const { return bytes_; }

  // Returns the batch and begins the next one.
  Result<rows::Batch, Failure> take();

 private:
  struct Columns;
  ToArrow();
  template <class Type, class Name>
  static Result<ToArrow, Failure> create(duckdb_connection connection, idx_t count, Type type, Name name);

  std::unique_ptr<Columns> columns_;
  rows::Schema schema_;
  std::size_t rows_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace coatcheck::warehouse::duckdb
