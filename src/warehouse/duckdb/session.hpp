#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "rows/batch.hpp"
#include "warehouse/duckdb/handles.hpp"
#include "warehouse/duckdb/to_arrow.hpp"

namespace coatcheck::warehouse::duckdb {

// One statement in a connection of its own. Blocks; so every call but interrupt() is made on a thread of a
// pool, one at a time.
class Session {
 public:
  Session(Connection connection, Statement statement, std::size_t batch_rows);

  // Parses, checks and binds; runs nothing. With `describe_only` parameters may be missing, and it must not be started.
  // `sequences` says whether the database may hold sequences, and
  // is set if this statement may make one.
  std::optional<Failure> prepare(std::atomic<bool>& sequences, bool describe_only);

  // The schema that it will have, if the engine can tell before it runs.
  std::optional<rows::Schema> description() const;

  // Starts it and reads the schema.
  Result<rows::Schema, Failure> start();

  // The next batch, of about `batch_rows` rows or 8 MiB, nothing at the end.
  Result<std::optional<rows::Batch>, Failure> next();

  StatementKind kind() const { return kind_; }

  // How far it is, from 0 to 1, if the engine says. Safe from any thread at any time.
  std::optional<double> progress() const;

  // Ends what is under way and whatever comes later. Safe from any thread at any time.
  void interrupt();

 private:
  std::optional<Failure> prepare_last(bool describe_only);
  std::optional<Failure> run_before_last();
  std::optional<Failure> execute(duckdb_prepared_statement prepared, QueryResult& result);
  Failure read_failure(const char* words) const;
  Result<rows::Schema, Failure> run_rows();

  Connection connection_;
  Statement statement_;
  std::size_t batch_rows_;
  std::atomic<bool> interrupted_ = false;
  StatementKind kind_ = StatementKind::unknown;
  bool is_count_ = false;  // It changes rows and yields how many.
  Extracted extracted_;
  idx_t statements_ = 0;
  std::vector<Prepared> before_last_;  // What DuckDB does first for a PIVOT.
  Prepared prepared_;
  QueryResult result_;
  std::optional<ToArrow> to_arrow_;         // Nothing if the statement yields no rows.
  std::atomic<std::size_t> rows_done_ = 0;  // Of its rows of parameters.
  rows::Batch count_;                       // What they came to, until it is read.
};

}  // namespace coatcheck::warehouse::duckdb
