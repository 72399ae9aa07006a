#pragma once

#include <duckdb.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "warehouse/duckdb/handles.hpp"
#include "warehouse/duckdb/row_values.hpp"

namespace coatcheck::warehouse::duckdb {

// Runs a statement that changes rows once for each row of its parameters, in one transaction. Blocks.
//
// A plain INSERT runs for many rows at a time: 50 µs for each run would be most of its time. If that fails, all of it
// is done again and those rows one by one, so that the failure names the row.
class RowRun {
 public:
  // Runs a prepared statement to its end, or says why not. It knows of cancels, and a cancel stays one.
  using Execute = std::function<std::optional<Failure>(duckdb_prepared_statement prepared, QueryResult& result)>;

  // `statement` is the one that is prepared, with rows as wide as it has parameters; it must outlive this. `rows_done`
  // is kept up to date.
  RowRun(duckdb_connection connection, duckdb_prepared_statement prepared, const Statement& statement, Execute execute,
         std::atomic<std::size_t>& rows_done);

  // Returns how many rows were changed in all. After a failure nothing is changed.
  Result<std::int64_t, Failure> run();

 private:
  // A statement that takes so many rows at once, and where their parameters are, row after row.
  struct Taker {
    duckdb_prepared_statement prepared = nullptr;
    std::size_t rows = 1;
    std::vector<idx_t> places;
  };

  Result<std::int64_t, Failure> run_in_transaction(std::size_t one_by_one_from);
  std::optional<Failure> run_all(std::size_t one_by_one_from);
  std::optional<Failure> run_once(const Taker& taker);
  std::optional<Failure> bind(const Taker& taker);
  std::optional<Failure> command(const char* sql);
  bool find_places(Taker& taker) const;
  void prepare_many();

  duckdb_connection connection_;
  const Statement& statement_;
  Execute execute_;
  std::atomic<std::size_t>& rows_done_;
  RowValues values_;
  Taker one_;
  Prepared many_prepared_;
  std::optional<Taker> many_;
  std::int64_t changed_ = 0;
  bool wants_one_by_one_ = false;  // Many rows at once have failed.
};

}  // namespace coatcheck::warehouse::duckdb
