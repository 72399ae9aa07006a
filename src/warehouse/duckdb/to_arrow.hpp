#pragma once

#include <duckdb.h>

#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "rows/batch.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

// Turns what DuckDB yields into Arrow, so that no value changes. Types that have no exact form in Arrow are
// refused by name, at any depth, rather than passed on wrong.
class ToArrow {
 public:
  // Reads the result's columns; the result need not stay.
  static Result<ToArrow, Failure> create(duckdb_result& result);

  const rows::Schema& schema() const { return schema_; }

  // Copies the chunk. Fails if a HUGEINT has more than 38 digits.
  Result<rows::Batch, Failure> batch(duckdb_data_chunk chunk) const;

  // Joins batches of one schema; there must be at least one.
  static Result<rows::Batch, Failure> join(const std::vector<rows::Batch>& batches);

 private:
  ArrowOptions options_;
  rows::Schema schema_;
  std::vector<int> hugeint_columns_;
};

}  // namespace coatcheck::warehouse::duckdb
