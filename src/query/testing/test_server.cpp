#include "query/testing/test_server.hpp"

#include <arrow/api.h>

#include <stdexcept>
#include <utility>

namespace coatcheck::query::testing {

namespace {

template <class T>
T expect(Result<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message);
  return *std::move(outcome);
}

}  // namespace

journal::Submission asking(std::string text) {
  journal::Submission submission;
  submission.statement.text = std::move(text);
  submission.fingerprint = submission.statement.text;
  return submission;
}

TestServer::TestServer(const TestDirectory& directory, TestSetup setup, const MakeConnector& connector)
    : main(loop.get_executor(), setup.capabilities), side(loop.get_executor()), results_(directory.path() / "results") {
  if (connector) other = connector(loop.get_executor());
  journal::JournalOptions journal_options{.file = directory.path() / "journal.db"};
  journal =
      std::make_unique<HoldableJournal>(loop, expect(journal::open_sqlite_journal(std::move(journal_options), loop)));
  results::SpoolOptions spool_options{.directory = results_, .result_bytes_max = setup.result_bytes_max};
  spool = expect(results::Spool::open(std::move(spool_options), *setup.files));

  std::vector<WarehouseSetup> warehouses;
  for (const std::string name : {"main", "side"}) {
    if (name == "side" && !setup.has_side) continue;
    warehouse::Connector* its = name == "side" ? &side : other ? other.get() : &main;
    warehouses.push_back({.name = name,
                          .kind = "scripted",
                          .connector = its,
                          .limits = setup.limits,
                          .timeout_default = setup.timeout_default,
                          .timeout_max = setup.timeout_max});
  }
  warehouses.push_back(
      {.name = "script", .kind = "scripted", .connector = &main, .limits = {}, .form = journal::Form::script});
  service =
      std::make_unique<Service>(loop, *journal, *spool, pool, clock, registry, setup.options, std::move(warehouses));
}

TestServer::~TestServer() {
  if (!service) return;
  journal->let_go();
  for (const std::string& text : scripted_) release(text);
  stop(at_once());
}

void TestServer::start() { expect<std::monostate>(run(service->recover())); }

void TestServer::stop(Deadline deadline) {
  warehouse::run_task(loop, service->drain(deadline));
  loop.restart();
  loop.poll();
  service.reset();
  warehouse::run_task(loop, journal->close());
  journal.reset();
}

void TestServer::script(const std::string& text, warehouse::Script script) {
  main.on(text, script);
  side.on(text, std::move(script));
  scripted_.push_back(text);
}

void TestServer::release(const std::string& text) {
  main.release(text);
  side.release(text);
}

void TestServer::stalled(const std::string& text, int count) { warehouse::run_task(loop, main.stalled(text, count)); }

void TestServer::until(const std::function<bool()>& come) {
  loop.restart();
  while (!come()) {
    if (loop.run_one() == 0) throw std::logic_error("what the test waits for never comes");
  }
}

void TestServer::flush() { expect(run(journal->forget(Timestamp(), 1))); }

QueryId TestServer::submit(journal::Submission submission) {
  return expect(run(service->submit(alice, std::move(submission)))).snapshot.entry->id;
}

Snapshot TestServer::status(QueryId id) { return expect(run(service->status(admin, id))); }

Snapshot TestServer::ended(QueryId id) { return expect(run(service->wait_until_ended(admin, id, never()))); }

Snapshot TestServer::cancel(QueryId id) { return expect(run(service->cancel(alice, id))); }

std::optional<journal::Entry> TestServer::stored(QueryId id) { return expect(run(journal->find(id))); }

std::size_t TestServer::files() const {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(results_)) count += entry.is_regular_file();
  return count;
}

std::vector<std::int64_t> TestServer::numbers(QueryId id) {
  const auto claim = expect(run(service->claim(admin, id)));
  const auto reader = expect(claim.reader);
  const auto stream = reader->rows(0, UINT64_MAX);
  std::vector<std::int64_t> numbers;
  for (;;) {
    const auto batch = expect(stream->next());
    if (!batch) return numbers;
    const auto& column = static_cast<const arrow::Int64Array&>(*(*batch)->column(0));
    for (std::int64_t i = 0; i != column.length(); ++i) numbers.push_back(column.Value(i));
  }
}

}  // namespace coatcheck::query::testing
