#pragma once

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "async/task.hpp"
#include "journal/journal.hpp"

namespace coatcheck::journal {

// A directory that is gone when the test is.
class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "journal-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
    path_ = name;
  }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file() const { return path_ / "journal.db"; }

 private:
  std::filesystem::path path_;
};

// Runs the loop until `task` has ended and returns its outcome.
template <class T>
T run(async::Loop& loop, async::Task<T> task) {
  std::exception_ptr failure;
  std::optional<T> outcome;
  async::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown, T value) {
    failure = thrown;
    outcome = std::move(value);
  });
  loop.restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return *std::move(outcome);
}

inline void run(async::Loop& loop, async::Task<> task) {
  std::exception_ptr failure;
  async::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr thrown) { failure = thrown; });
  loop.restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

// A journal and the loop it needs; closed at the end of the test.
class OpenJournal {
 public:
  explicit OpenJournal(JournalOptions options) {
    auto opened = open_sqlite_journal(std::move(options), loop_);
    if (!opened) throw std::runtime_error(opened.error().message);
    journal_ = *std::move(opened);
  }
  explicit OpenJournal(const std::filesystem::path& file) : OpenJournal(JournalOptions{.file = file}) {}
  OpenJournal(const OpenJournal&) = delete;
  OpenJournal& operator=(const OpenJournal&) = delete;
  ~OpenJournal() { run(loop_, journal_->close()); }

  async::Loop& loop() { return loop_; }
  Journal* operator->() { return journal_.get(); }
  Journal& operator*() { return *journal_; }

  template <class T>
  T operator()(async::Task<T> task) {
    return run(loop_, std::move(task));
  }

 private:
  async::Loop loop_{1};
  std::unique_ptr<Journal> journal_;
};

inline Timestamp at_second(std::int64_t seconds) { return Timestamp(std::chrono::seconds(1'700'000'000 + seconds)); }

inline Entry queued(Timestamp submitted_at, std::string principal = "alice") {
  Entry entry;
  entry.id = make_query_id(submitted_at);
  entry.submitted_at = submitted_at;
  entry.submission.principal = std::move(principal);
  entry.submission.warehouse = "main";
  entry.submission.statement.text = "SELECT 1";
  return entry;
}

inline Entry started(Entry entry) {
  entry.version += 1;
  entry.state = State::running;
  entry.attempt += 1;
  entry.crashes = entry.attempt / 2;
  if (entry.attempt % 2 == 0) entry.handle = "01b2-" + std::to_string(entry.attempt);
  entry.started_at = entry.submitted_at + std::chrono::milliseconds(5);
  return entry;
}

inline Entry succeeded(Entry entry, Timestamp expires_at) {
  entry.version += 1;
  entry.state = State::succeeded;
  entry.ended_at = entry.submitted_at + std::chrono::milliseconds(9);
  entry.result = ResultSummary{.rows = 3, .bytes = 400, .chunks = 1, .truncated = false, .expires_at = expires_at};
  entry.result->kept_by_warehouse = entry.attempt % 2 == 0;
  return entry;
}

inline Entry failed(Entry entry) {
  entry.version += 1;
  entry.state = State::failed;
  entry.ended_at = entry.submitted_at + std::chrono::milliseconds(9);
  entry.failure = Failure{.category = FailureCategory::statement, .message = "no such table"};
  return entry;
}

inline Entry gone(Entry entry) {
  entry.version += 1;
  entry.result_gone = ResultGone::expired;
  return entry;
}

}  // namespace coatcheck::journal
