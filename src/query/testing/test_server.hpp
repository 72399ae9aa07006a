#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/files.hpp"
#include "query/service.hpp"
#include "query/testing/holdable_journal.hpp"
#include "query/testing/started.hpp"
#include "query/testing/test_clock.hpp"
#include "query/testing/test_directory.hpp"
#include "telemetry/metrics.hpp"
#include "warehouse/testing/run_task.hpp"
#include "warehouse/testing/scripted_warehouse.hpp"

namespace coatcheck::query::testing {

inline const principals::Principal alice{"alice", principals::Role::user};
inline const principals::Principal bob{"bob", principals::Role::user};
inline const principals::Principal admin{"root", principals::Role::admin};

// Deadlines: one that no test lives to see, and one that is over.
inline Deadline never() { return std::chrono::steady_clock::now() + std::chrono::hours(1); }
inline Deadline at_once() { return std::chrono::steady_clock::now(); }

struct TestSetup {
  AdmissionLimits limits = {};  // Of each warehouse.
  Options options = {};
  std::uint64_t result_bytes_max = std::uint64_t{1} << 30;
  std::optional<std::chrono::milliseconds> timeout_default = {};
  std::optional<std::chrono::milliseconds> timeout_max = {};
  warehouse::Capabilities capabilities = {};  // Of "main".
  bool has_side = true;                       // Whether the second warehouse is configured.
  Files* files = &disk();                     // Under the spool.
};

// What a client asks for, as simple as it can be.
journal::Submission asking(std::string text);

// All that a running server has under its API: real journal and spool in a directory, two scripted warehouses,
// "main" and "side", and a service over them. Scripts of several statements are run by "main" too. Scripts first, then
// start(). When it dies it lets go whatever stands, drains and closes.
class TestServer {
 public:
  // With `connector`, "main" is that one.
  using MakeConnector = std::function<std::unique_ptr<warehouse::Connector>(async::Executor)>;
  explicit TestServer(const TestDirectory& directory, TestSetup setup = {}, const MakeConnector& connector = {});
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer();

  void start();
  // Drains until `deadline` and closes; nothing else may follow.
  void stop(Deadline deadline);

  // What both warehouses do with a statement.
  void script(const std::string& text, warehouse::Script script);
  void release(const std::string& text);
  // Returns when `count` executions of the statement stand in their stall in "main".
  void stalled(const std::string& text, int count = 1);

  template <class T>
  T run(async::Task<T> task) {
    return warehouse::run_task(loop, std::move(task));
  }
  template <class T>
  Started<T> begin(async::Task<T> task) {
    return Started<T>(loop, std::move(task));
  }
  // Runs the loop until `come` says that it has come.
  void until(const std::function<bool()>& come);
  // Has all that was noted on disk; on the way the loop does whatever it can do.
  void flush();

  // As Alice, and expecting that it works.
  QueryId submit(journal::Submission submission);
  QueryId submit(const std::string& text) { return submit(asking(text)); }
  Snapshot status(QueryId id);
  journal::State state(QueryId id) { return status(id).entry->state; }
  Snapshot ended(QueryId id);
  Snapshot cancel(QueryId id);

  // What the journal has on disk.
  std::optional<journal::Entry> stored(QueryId id);
  // Result files of any kind, sealed or not.
  std::size_t files() const;
  // The values of the column `n` of a sealed result.
  std::vector<std::int64_t> numbers(QueryId id);

  async::Loop loop{1};
  TestClock clock;
  warehouse::ScriptedWarehouse main;
  warehouse::ScriptedWarehouse side;
  std::unique_ptr<warehouse::Connector> other;
  std::unique_ptr<HoldableJournal> journal;
  std::unique_ptr<results::Spool> spool;
  async::Pool pool{2};
  telemetry::Registry registry;
  std::unique_ptr<Service> service;

 private:
  std::filesystem::path results_;
  std::vector<std::string> scripted_;
};

}  // namespace coatcheck::query::testing
