// How records come together into commits, and that what was acknowledged survives.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "journal/sqlite/failing_vfs.hpp"
#include "journal/sqlite/journal_test_support.hpp"

namespace coatcheck::journal {
namespace {

void spawn_submit(OpenJournal& journal, Entry entry, std::vector<Result<Journal::Submitted>>& outcomes) {
  async::asio::co_spawn(
      journal.loop(), journal->submit(std::move(entry)),
      [&outcomes](std::exception_ptr, Result<Journal::Submitted> outcome) { outcomes.push_back(std::move(outcome)); });
}

async::Task<> submit_some(Journal& journal, int count, std::vector<QueryId>& acknowledged) {
  for (int i = 0; i != count; ++i) {
    Entry entry = queued(system_clock().now());
    const QueryId id = entry.id;
    const auto submitted = co_await journal.submit(std::move(entry));
    EXPECT_TRUE(submitted);
    acknowledged.push_back(id);
  }
}

TEST(Commit, coroutines_that_submit_together_share_commits) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  std::vector<QueryId> acknowledged;
  for (int i = 0; i != 64; ++i) {
    async::asio::co_spawn(journal.loop(), submit_some(*journal, 20, acknowledged), [](std::exception_ptr) {});
  }
  journal.loop().run();
  EXPECT_EQ(acknowledged.size(), 64U * 20U);
  EXPECT_EQ(journal->counters().records, 64U * 20U);
  EXPECT_LT(journal->counters().commits, 64U * 20U / 10U);
  for (const QueryId& id : acknowledged) EXPECT_TRUE(journal(journal->find(id))->has_value());
}

TEST(Commit, no_group_is_larger_than_allowed) {
  const TestDirectory directory;
  OpenJournal journal(JournalOptions{.file = directory.file(), .group_max = 5});
  std::vector<Result<Journal::Submitted>> outcomes;
  for (int i = 0; i != 50; ++i) spawn_submit(journal, queued(at_second(i)), outcomes);
  journal.loop().run();
  EXPECT_EQ(outcomes.size(), 50U);
  EXPECT_GE(journal->counters().commits, 10U);
}

TEST(Commit, the_same_key_twice_in_one_group_is_one_query) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  Entry first = queued(at_second(0));
  Entry second = queued(at_second(0));
  first.submission.idempotency_key = second.submission.idempotency_key = "key";
  std::vector<Result<Journal::Submitted>> outcomes;
  spawn_submit(journal, first, outcomes);
  spawn_submit(journal, second, outcomes);
  journal.loop().run();
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(journal->counters().commits, 1U);
  EXPECT_FALSE(outcomes[0]->replayed);
  EXPECT_TRUE(outcomes[1]->replayed);
  EXPECT_EQ(outcomes[1]->entry, first);
}

TEST(Commit, a_refused_record_does_not_disturb_its_group) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const Entry entry = queued(at_second(0));
  std::vector<Result<Journal::Submitted>> outcomes;
  for (const Entry& each : {entry, entry, queued(at_second(1))}) spawn_submit(journal, each, outcomes);
  journal.loop().run();
  ASSERT_EQ(outcomes.size(), 3U);
  EXPECT_TRUE(outcomes[0]);
  EXPECT_EQ(outcomes[1].error().code, Errc::conflict);
  EXPECT_TRUE(outcomes[2]);
}

TEST(Commit, too_many_waiting_records_are_refused) {
  const TestDirectory directory;
  OpenJournal journal(JournalOptions{.file = directory.file(), .pending_max = 10});
  std::vector<Result<Journal::Submitted>> outcomes;
  for (int i = 0; i != 15; ++i) spawn_submit(journal, queued(at_second(i)), outcomes);
  journal.loop().run();
  int refused = 0;
  for (const auto& outcome : outcomes) {
    if (outcome) continue;
    ++refused;
    EXPECT_EQ(outcome.error().code, Errc::resource_exhausted);
  }
  EXPECT_EQ(refused, 5);
}

TEST(Commit, close_commits_what_is_pending) {
  const TestDirectory directory;
  const Entry entry = queued(at_second(0));
  std::vector<Result<Journal::Submitted>> outcomes;
  {
    OpenJournal journal(directory.file());
    spawn_submit(journal, entry, outcomes);
    async::asio::co_spawn(journal.loop(), journal->close(), [](std::exception_ptr) {});
    journal.loop().run();
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_TRUE(outcomes[0]);
  }
  OpenJournal journal(directory.file());
  EXPECT_EQ(**journal(journal->find(entry.id)), entry);
}

// A flush of what made the file longer takes several times as long.
TEST(Commit, a_commit_does_not_make_the_wal_longer) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const auto wal = directory.file().string() + "-wal";
  std::uintmax_t size = 0;
  int grown = 0;
  for (int i = 0; i != 200; ++i) {
    ASSERT_TRUE(journal(journal->submit(queued(at_second(i)))));
    grown += std::exchange(size, std::filesystem::file_size(wal)) != size ? 1 : 0;
  }
  EXPECT_GT(size, 1U << 20);
  EXPECT_LT(grown, 20) << "200 commits";
}

void expect_bounded_wal(JournalOptions options, int submits) {
  options.wal_checkpoint_bytes = 64 << 10;
  options.wal_bytes_max = 256 << 10;
  OpenJournal journal(options);
  for (int i = 0; i != submits; ++i) {
    Entry entry = queued(at_second(i));
    entry.submission.statement.text.assign(20'000, 's');
    ASSERT_TRUE(journal(journal->submit(std::move(entry))));
  }
  // Much more was written. A commit may go over the bound.
  EXPECT_LT(std::filesystem::file_size(options.file.string() + "-wal"), 2 * options.wal_bytes_max);
}

TEST(Commit, the_wal_stays_bounded_under_load) {
  const TestDirectory directory;
  expect_bounded_wal({.file = directory.file()}, 300);
}

TEST(Commit, the_wal_stays_bounded_on_a_slow_disk) {
  const TestDirectory directory;
  sqlite::FailingVfs::install();
  sqlite::FailingVfs::set(sqlite::FailingVfs::Fault::checkpoints_are_slow);
  expect_bounded_wal({.file = directory.file(), .vfs = sqlite::FailingVfs::name}, 80);
  sqlite::FailingVfs::set(sqlite::FailingVfs::Fault::none);
}

async::Task<> submit_for_ever(Journal& journal, int pipe) {
  for (;;) {
    Entry entry = queued(system_clock().now());
    const QueryId id = entry.id;
    const auto submitted = co_await journal.submit(std::move(entry));
    if (!submitted || ::write(pipe, id.bytes.data(), id.bytes.size()) != 16) ::_exit(2);
  }
}

TEST(Commit, what_was_acknowledged_before_kill_9_is_there_afterwards) {
  const TestDirectory directory;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[0]);
    OpenJournal journal(directory.file());
    for (int i = 0; i != 16; ++i) {
      async::asio::co_spawn(journal.loop(), submit_for_ever(*journal, ends[1]), [](std::exception_ptr) {});
    }
    journal.loop().run();
    ::_exit(3);
  }
  ::close(ends[1]);
  std::vector<QueryId> acknowledged;
  QueryId id;
  while (::read(ends[0], id.bytes.data(), 16) == 16) {
    acknowledged.push_back(id);
    if (acknowledged.size() == 500) {
      ASSERT_EQ(::kill(child, SIGKILL), 0);
    }
  }
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

  ASSERT_GE(acknowledged.size(), 500U);
  OpenJournal journal(directory.file());
  for (const QueryId& each : acknowledged) ASSERT_TRUE(journal(journal->find(each))->has_value());
}

}  // namespace
}  // namespace coatcheck::journal
