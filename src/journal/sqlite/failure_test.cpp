// What the journal does when the disk fails.

#include <gtest/gtest.h>

#include <vector>

#include "journal/sqlite/failing_vfs.hpp"
#include "journal/sqlite/journal_test_support.hpp"

namespace coatcheck::journal {
namespace {

using Fault = sqlite::FailingVfs::Fault;

class FailingDisk : public testing::TestWithParam<Fault> {
 protected:
  void SetUp() override { sqlite::FailingVfs::install(); }
  void TearDown() override { sqlite::FailingVfs::set(Fault::none); }

  JournalOptions options() const { return {.file = directory_.file(), .vfs = sqlite::FailingVfs::name}; }

  TestDirectory directory_;
};

TEST_P(FailingDisk, breaks_the_journal_for_good_while_reads_go_on) {
  const Entry before = queued(at_second(0));
  {
    OpenJournal journal(options());
    ASSERT_TRUE(journal(journal->submit(before)));

    sqlite::FailingVfs::set(GetParam());
    std::vector<Errc> codes;
    for (int i = 0; i != 3; ++i) {
      async::asio::co_spawn(journal.loop(), journal->submit(queued(at_second(1))),
                            [&codes](std::exception_ptr, Result<Journal::Submitted> outcome) {
                              codes.push_back(outcome ? Errc::no_outcome : outcome.error().code);
                            });
    }
    journal.loop().restart();
    journal.loop().run();
    EXPECT_EQ(codes, (std::vector{Errc::io_error, Errc::io_error, Errc::io_error})) << "the whole group fails";

    sqlite::FailingVfs::set(Fault::none);
    const auto later = journal(journal->submit(queued(at_second(2))));
    ASSERT_FALSE(later) << "it is never tried again, though the disk would take it now";
    EXPECT_EQ(later.error().code, Errc::io_error);
    EXPECT_EQ(journal(journal->record(started(before))).error().code, Errc::io_error);
    EXPECT_EQ(journal(journal->forget(at_second(9), 9)).error().code, Errc::io_error);
    journal->note(started(before));

    EXPECT_EQ(**journal(journal->find(before.id)), before);
    EXPECT_EQ(journal(journal->history({}, std::nullopt, 9))->entries, std::vector<Entry>{before});
    EXPECT_EQ(journal->counters().commits, 1U);
  }
  OpenJournal again(options());
  EXPECT_EQ(**again(again->find(before.id)), before);
  EXPECT_TRUE(again(again->record(started(before)))) << "a new start begins anew";
}

INSTANTIATE_TEST_SUITE_P(Faults, FailingDisk, testing::Values(Fault::writes_find_the_disk_full, Fault::syncs_fail),
                         [](const auto& tested) {
                           return tested.param == Fault::syncs_fail ? "syncs_fail" : "disk_full";
                         });

TEST_F(FailingDisk, a_checkpoint_that_fails_breaks_the_journal_and_loses_nothing) {
  const Entry before = queued(at_second(0));
  {
    JournalOptions small = options();
    small.wal_checkpoint_bytes = 1;
    small.wal_bytes_max = 1;
    OpenJournal journal(small);
    ASSERT_TRUE(journal(journal->submit(before)));
    sqlite::FailingVfs::set(Fault::syncs_fail);
    ASSERT_FALSE(journal(journal->submit(queued(at_second(1)))));
    sqlite::FailingVfs::set(Fault::none);
  }
  OpenJournal again(options());
  EXPECT_EQ(**again(again->find(before.id)), before);
}

}  // namespace
}  // namespace coatcheck::journal
