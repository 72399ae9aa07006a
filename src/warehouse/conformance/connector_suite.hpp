#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "warehouse/connector.hpp"
#include "warehouse/testing/drain.hpp"
#include "warehouse/testing/gate.hpp"

namespace coatcheck::warehouse {

// One kind of warehouse as the suite sees it: how to get one, and how it says what every warehouse can do. What it
// cannot do is left empty.
struct Subject {
  std::string name;
  std::function<Result<std::unique_ptr<Connector>>(async::Loop&)> open;

  // Of a warehouse that is a server. One in the test's own process has nobody to ask, and no line that could break.
  struct Server {
    std::function<std::string()> address;  // As a Gate takes it.
    // Reaches it by this port of this machine, and gives up after a second at most.
    std::function<Result<std::unique_ptr<Connector>>(async::Loop&, std::uint16_t port)> open_by;
    // A statement that yields how many statements with this text in them the server itself knows to be under way.
    std::function<std::string(const std::string& mark)> running;
  };
  std::optional<Server> server = {};

  // Quirks.
  std::string one_row = "SELECT 42 AS answer";
  std::string no_rows = "SELECT 42 AS answer WHERE 1 = 0";
  std::string many_rows = {};  // Of `many_rows_count` rows.
  std::int64_t many_rows_count = 0;
  // Runs much longer than a test may, and yields nothing meanwhile. Where a cancel is heard only when the statement has
  // ended: runs for a second or so.
  std::string endless = {};
  std::string stream =
      {};  // Yields rows much longer than a test may. In a detached warehouse, where rows follow the end: many_rows.
  std::string write = {};   // DDL.
  int fields_of_ddl = 0;    // Some say in a row that it is done.
  bool tells_reads = true;  // Otherwise it never says of a statement that it only reads.

  // As many rows as are asked for, each with a number and a text of 120 characters, and how much of them may be in
  // memory.
  std::function<std::string(std::int64_t rows)> plenty = {};
  std::size_t plenty_mib_max = 64;

  // How a text, made a value of `type`, arrives: as the Arrow type and as Arrow writes it.
  struct Value {
    std::string type;
    std::string text;
    std::string arrow_type;
    std::string arrow_text;
  };
  std::vector<Value> values = {};
  std::string arrow_type_of_null = {};  // If a column of a NULL alone is not of its type.

  // A statement that yields its one parameter as a text; one that yields it as a 64-bit number.
  std::string echo_text = "SELECT CAST(? AS VARCHAR) AS echo";
  std::string echo_number = "SELECT CAST(? AS BIGINT) AS echo";

  // Statements in their order, and how many rows each says that it wrote; nothing where it does not count.
  struct Counted {
    std::string text;
    std::optional<std::int64_t> rows = {};
  };
  std::vector<Counted> counted = {};

  // Statements that fail, and as what.
  struct Failing {
    std::string what;
    std::string text;
    FailureCategory category = FailureCategory::statement;
    std::optional<std::chrono::milliseconds> timeout = {};
  };
  std::vector<Failing> failing = {};

  // For ConnectorRowsConformance: a statement that makes a table, one that writes its one parameter, a number, into it,
  // and one that yields these numbers. A number that is there already is refused.
  struct Rows {
    std::string make = {};
    std::string insert = {};
    std::string read = {};
  };
  Rows rows = {};

  // How GoogleTest names it.
  friend void PrintTo(const Subject& subject, std::ostream* out) { *out << subject.name; }
};

// What every connector does: in general (connector_suite.cpp), with values (values_suite.cpp), when it is ended early
// (endings_suite.cpp), and with more rows than there is memory (memory_suite.cpp).
// INSTANTIATE_TEST_SUITE_P(X, ConnectorConformance, Values(Subject{…})) runs it for a connector.
class ConnectorConformance : public ::testing::TestWithParam<Subject> {
 protected:
  using Next = Outcome<std::optional<rows::Batch>>;

  void SetUp() override;

  static std::int64_t rows_in(const Drained& drained);
  // The values of the first column, as Arrow writes them.
  static std::vector<std::string> texts_in(const Drained& drained);

  bool is_detached() const { return connector_->capabilities().detached; }

  // `text` with a mark by which this statement, and no other, is found in the server.
  struct Marked {
    std::string mark;
    std::string text;
  };
  static Marked marked(const std::string& text);
  // Waits, by asking the server, until so many statements with the mark are under way. Nothing to do without a server.
  void wait_for_running(const std::string& mark, int count);

  // Prepares, and has it taken; throws if that fails.
  std::unique_ptr<Execution> started(std::string text);

  // Runs and pulls the first batch. Both must outlive the task.
  static async::Task<Next> run_and_pull(Execution& execution, std::unique_ptr<Cursor>& cursor);
  // Pulls until that fails, and returns how.
  Failure pull_to_failure(Cursor& cursor);

  async::Loop loop_;
  std::unique_ptr<Connector> connector_;
  std::unique_ptr<Connector> watcher_;  // Asks the server, if there is one.
};

// What those do besides that take rows of parameters (rows_suite.cpp).
class ConnectorRowsConformance : public ConnectorConformance {};

// What those do besides that have a server, which here goes away at every point of a statement's life, and comes back
// (server_suite.cpp).
class ConnectorServerConformance : public ConnectorConformance {
 protected:
  void SetUp() override;

  void expect_good();
  // Until a detached warehouse was asked some more how its statements are.
  void wait_for_looks();

  std::unique_ptr<Gate> gate_;  // Between `connector_` and the server.
};

}  // namespace coatcheck::warehouse
