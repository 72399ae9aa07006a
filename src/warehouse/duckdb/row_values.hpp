#pragma once

#include <duckdb.h>

#include <cstddef>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

// The values of rows of parameters, as DuckDB holds them. Texts of a type are read for many rows at a time, for a query
// that reads one of them costs as much as the statement it is for.
class RowValues {
 public:
  // `expected`: the types that the statement expects, column by column. Texts are read in a connection of their own,
  // for one that cannot be read would abort the transaction of this one.
  RowValues(duckdb_connection connection, const ParameterRows& rows, std::vector<duckdb_type> expected);

  // The value at this place, good until another row is asked for; a failure says what is wrong with it. Rows are best
  // asked for in their order.
  Result<duckdb_value, Failure> at(std::size_t row, std::size_t column);

 private:
  void load(std::size_t first);
  void load_column(std::size_t column);

  Connection reading_;
  const ParameterRows& rows_;
  std::vector<duckdb_type> expected_;
  std::size_t window_;  // In rows.
  std::size_t first_ = 0;
  std::size_t loaded_ = 0;
  std::vector<Value> values_;  // Row after row; without a handle where the text cannot be read.
};

}  // namespace coatcheck::warehouse::duckdb
