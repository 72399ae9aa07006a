#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/failure.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "base/statement.hpp"
#include "rows/batch.hpp"

namespace coatcheck::warehouse {

// What went well, or the query's failure in the warehouse's own words.
template <class T>
using Outcome = Result<T, Failure>;

// Reads the rows of an input, once, from front to back. Blocks; one call at a time, on any thread.
class InputRows {
 public:
  virtual ~InputRows() = default;

  // Returns the next rows, nothing at the end.
  virtual Outcome<std::optional<rows::Batch>> next() = 0;
};

// Rows from elsewhere that one statement may read as a table, in a warehouse that can do that
// (DuckdbOptions::inputs).
struct Input {
  std::string name;                        // By which the statement calls it.
  rows::Schema schema;                     // At least one column; their names differ.
  std::optional<std::uint64_t> rows = {};  // How many, if that is known.
  // Begins to read it; called once for every time that the statement scans it, on any thread.
  std::function<std::unique_ptr<InputRows>()> open = {};
};

// One attempt at one query.
struct Request {
  QueryId query;
  int attempt = 1;
  Statement statement;
  std::string principal = {};  // Whose query it is.
  std::uint64_t session = 0;   // In which it was submitted; 0 for none.
  std::string warehouse = {};  // The name by which the warehouse is configured.
  std::string query_tag = {};
  std::optional<std::uint64_t> row_limit = {};            // More rows than that are not kept.
  std::optional<std::chrono::milliseconds> timeout = {};  // After which it will be canceled.
  bool describe_only = false;                             // It will not run: parameters may be missing.
  std::vector<Input> inputs = {};  // What the statement may read besides the warehouse's own tables.
};

// The rows of an execution, pulled once, from front to back.
class Cursor {
 public:
  virtual ~Cursor() = default;

  // Known from the beginning. A statement that yields no rows (DDL) has no fields.
  virtual rows::Schema schema() const = 0;

  // Returns the next batch, nothing at the end. One call at a time.
  virtual async::Task<Outcome<std::optional<rows::Batch>>> next() = 0;
};

// One statement that the warehouse has understood and may run.
//
// Used on the loop's thread. Destroy it only when no call is under way; that also ends the statement in
// the warehouse, if it is attached.
class Execution {
 public:
  virtual ~Execution() = default;

  // Whether the statement only reads, as the engine says; decides if a crash may run it again.
  virtual StatementKind kind() const = 0;

  // What run() will yield, if the warehouse knows before it runs: for who wants a statement described only. Blocks for
  // a moment at most; not while run() or next() is under way.
  virtual std::optional<rows::Schema> description() { return std::nullopt; }

  // Starts it, once, and returns when the schema is known. The cursor must not outlive the execution.
  virtual async::Task<Outcome<std::unique_ptr<Cursor>>> run() = 0;

  // How much is done, from 0 to 1; nothing if the warehouse does not say. Never blocks.
  virtual std::optional<double> progress() const = 0;

  // Asks the warehouse to stop; returns at once. A run() or next() under way then ends, as soon as the
  // warehouse has confirmed, with category `canceled`; so does every later one. Idempotent.
  virtual void cancel() = 0;
};

// What a warehouse of some kind can do.
struct Capabilities {
  // The query runs on without us, and can be found again after a restart.
  bool detached = false;
};

// One configured warehouse. Lives as long as the server; used on the loop's thread.
class Connector {
 public:
  virtual ~Connector() = default;

  virtual Capabilities capabilities() const = 0;

  // Has the warehouse parse and check the statement; runs nothing. The execution must not outlive this.
  virtual async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) = 0;
};

}  // namespace coatcheck::warehouse
