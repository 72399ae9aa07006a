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

// The code of a failure (category `unavailable`) that says that a detached warehouse no longer has a query's rows.
inline constexpr const char* result_gone_code = "RESULT_GONE";

// The code of a failure (category `unavailable`, retryable) of an attached warehouse's run() that says that the
// statement has certainly not got there: it may wait for the warehouse and be run then, whatever it does.
inline constexpr const char* not_begun_code = "NOT_BEGUN";

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
  std::string traceparent = {};  // The caller's (W3C Trace Context), for warehouses that keep such; empty for none.
  std::optional<std::uint64_t> row_limit = {};            // More rows than that are not kept.
  std::optional<std::chrono::milliseconds> timeout = {};  // After which it will be canceled.
  bool describe_only = false;                             // It will not run: parameters may be missing.
  std::vector<Input> inputs = {};  // What the statement may read besides the warehouse's own tables.

  // For a detached warehouse, from the record of an earlier attempt at the same query. With the handle by which the
  // warehouse knows it, it is found again and not submitted. Without one it may have been submitted all the same: then
  // submit() is to be a repetition that the warehouse does not run twice.
  std::string handle = {};
  bool may_be_submitted = false;
  // Whether somebody waits for its end at this moment, so that it is worth to look more often. On the loop's thread;
  // may be empty.
  std::function<bool()> is_awaited = {};
};

// The rows of an execution, pulled once, from front to back.
class Cursor {
 public:
  virtual ~Cursor() = default;

  // Known from the beginning. A statement that yields no rows (DDL) has no fields.
  virtual rows::Schema schema() const = 0;

  // Returns the next batch, nothing at the end. One call at a time.
  virtual async::Task<Outcome<std::optional<rows::Batch>>> next() = 0;

  // Rows that a detached warehouse keeps, so that they need not be fetched before somebody claims them.
  struct Kept {
    std::uint64_t rows = 0;
    std::chrono::milliseconds for_time{0};  // From now on.
  };
  // Nothing if they are to be fetched now. The same execution, or a later one with its handle, fetches them.
  virtual std::optional<Kept> kept() const { return std::nullopt; }
};

// One statement that the warehouse has understood and may run.
//
// Used on the loop's thread. Destroy it only when no call is under way; that also ends the statement in
// the warehouse, if it is attached. In a detached warehouse it goes on.
class Execution {
 public:
  virtual ~Execution() = default;

  // Whether the statement only reads, as the engine says; decides if a crash may run it again.
  virtual StatementKind kind() const = 0;

  // What run() will yield, if the warehouse knows before it runs: for who wants a statement described only. Blocks for
  // a moment at most; not while run() or next() is under way.
  virtual std::optional<rows::Schema> description() { return std::nullopt; }

  // Has a detached warehouse take the statement, and returns the handle by which it knows it. Called once, before
  // run(), when it is on record that the statement may have been submitted; with Request::handle it returns that at
  // once. A failure is final: the warehouse has refused the statement; but for one that is `unavailable` and retryable:
  // it could not be reached, and the same is asked again later, as a repetition. `interrupted` after leave(): nobody
  // knows whether it was taken.
  virtual async::Task<Outcome<std::string>> submit() {
    co_return Failure{.category = FailureCategory::internal, .message = "not a detached warehouse"};
  }

  // Starts it, once, and returns when the schema is known; in a detached warehouse, when it has succeeded. The cursor
  // must not outlive the execution.
  virtual async::Task<Outcome<std::unique_ptr<Cursor>>> run() = 0;

  // How much is done, from 0 to 1; nothing if the warehouse does not say. Never blocks.
  virtual std::optional<double> progress() const = 0;

  // Asks the warehouse to stop; returns at once. A run() or next() under way then ends, as soon as the
  // warehouse has confirmed, with category `canceled`; so does every later one. Idempotent.
  virtual void cancel() = 0;

  // Ends a submit(), run() or next() under way, and every later one, with category `interrupted`. In a detached
  // warehouse the statement goes on; elsewhere this is a cancel.
  virtual void leave() { cancel(); }
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
  // `unavailable` and retryable if it cannot be reached: then the statement has not begun.
  virtual async::Task<Outcome<std::unique_ptr<Execution>>> prepare(Request request) = 0;

  // Has the warehouse answer something that costs next to nothing. Returns what answered, in words for people
  // ("PostgreSQL 15.14, database sales, user reader"); empty if there is nothing to say. Ends soon when the coroutine
  // that waits for it is canceled, whatever the warehouse does.
  virtual async::Task<Outcome<std::string>> check() { co_return std::string(); }

  // Has `told` called on the loop's thread when a detached warehouse does not answer for statements that run there, of
  // which nobody else hears: with why, perhaps again and again; and with nothing when it answers again. At most until
  // the connector ends, or this is called anew; nobody is told with an empty one.
  virtual void tell_of_trouble(std::function<void(const std::optional<Failure>&)> told) { static_cast<void>(told); }

  // How often a detached warehouse was asked about statements that run there.
  virtual std::uint64_t status_requests() const { return 0; }
};

}  // namespace coatcheck::warehouse
