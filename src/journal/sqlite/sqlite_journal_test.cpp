#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <vector>

#include "journal/sqlite/database.hpp"
#include "journal/sqlite/journal_test_support.hpp"

namespace coatcheck::journal {
namespace {

Entry full_entry() {
  Entry entry = queued(at_second(0));
  Submission& submission = entry.submission;
  submission.statement.text = std::string("SELECT '\0\xff'", 11);
  submission.statement.parameters = {{.name = "n", .type = "BIGINT", .value = std::int64_t{-1}}, {.value = 0.5}};
  submission.timeout = std::chrono::milliseconds(1500);
  submission.row_limit = std::numeric_limits<std::uint64_t>::max();
  submission.query_tag = "nightly";
  submission.result_ttl = std::chrono::hours(24);
  submission.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  submission.priority = -7;
  submission.idempotency_key = "key";
  submission.fingerprint = "print";
  return entry;
}

std::vector<Entry> replayed(Journal& journal, std::size_t recent) {
  std::vector<Entry> entries;
  EXPECT_TRUE(journal.replay(recent, [&entries](Result<Entry> entry) { entries.push_back(*std::move(entry)); }));
  return entries;
}

TEST(SqliteJournal, an_entry_comes_back_as_it_was_submitted_and_recorded) {
  const TestDirectory directory;
  Entry entry = full_entry();
  {
    OpenJournal journal(directory.file());
    const auto submitted = journal(journal->submit(entry));
    ASSERT_TRUE(submitted);
    EXPECT_EQ(submitted->entry, entry);
    EXPECT_FALSE(submitted->replayed);
    EXPECT_EQ(**journal(journal->find(entry.id)), entry);

    entry.version = 2;
    entry.state = State::failed;
    entry.attempt = 3;
    entry.kind = StatementKind::read;
    entry.started_at = at_second(1);
    entry.cancel_requested_at = at_second(2);
    entry.ended_at = at_second(-3);
    entry.failure = Failure{.category = FailureCategory::timeout, .message = "over", .position = 7};
    entry.result = ResultSummary{.rows = std::numeric_limits<std::uint64_t>::max(),
                                 .bytes = 2,
                                 .chunks = 3,
                                 .truncated = true,
                                 .expires_at = {}};
    entry.result_gone = ResultGone::deleted;
    ASSERT_TRUE(journal(journal->record(entry)));
    EXPECT_EQ(**journal(journal->find(entry.id)), entry);
  }
  OpenJournal again(directory.file());
  EXPECT_EQ(**again(again->find(entry.id)), entry);
}

TEST(SqliteJournal, rows_of_parameters_come_back_until_the_query_has_ended) {
  const TestDirectory directory;
  Entry entry = queued(at_second(0));
  const ParameterRows rows(2, {{.value = "a"}, {.value = std::int64_t{1}}, {.value = "b"}, {.value = std::int64_t{2}}});
  entry.submission.statement.parameter_rows = rows;
  {
    OpenJournal journal(directory.file());
    ASSERT_TRUE(journal(journal->submit(entry)));
    EXPECT_EQ(**journal(journal->find(entry.id)), entry);
    entry = started(entry);
    ASSERT_TRUE(journal(journal->record(entry)));
  }
  OpenJournal journal(directory.file());
  EXPECT_EQ(replayed(*journal, 10), std::vector{entry});
  ++entry.version;
  entry.state = State::canceled;
  ASSERT_TRUE(journal(journal->record(entry)));
  entry.submission.statement.parameter_rows = {};
  EXPECT_EQ(**journal(journal->find(entry.id)), entry);
}

TEST(SqliteJournal, a_query_that_is_not_there_is_not_found) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const Entry entry = queued(at_second(0));
  EXPECT_FALSE(journal(journal->find(entry.id))->has_value());
  EXPECT_FALSE(*journal->has_result(entry.id));
  EXPECT_EQ(journal(journal->record(started(entry))).error().code, Errc::not_found);
}

TEST(SqliteJournal, an_id_is_taken_once) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const Entry entry = queued(at_second(0));
  ASSERT_TRUE(journal(journal->submit(entry)));
  EXPECT_EQ(journal(journal->submit(entry)).error().code, Errc::conflict);
  EXPECT_TRUE(journal(journal->submit(queued(at_second(0))))) << "and the journal goes on";
}

TEST(SqliteJournal, a_version_that_does_not_follow_is_a_conflict_and_changes_nothing) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const Entry entry = queued(at_second(0));
  ASSERT_TRUE(journal(journal->submit(entry)));
  EXPECT_EQ(journal(journal->record(started(started(entry)))).error().code, Errc::conflict);
  EXPECT_EQ(journal(journal->record(entry)).error().code, Errc::conflict);
  EXPECT_EQ(**journal(journal->find(entry.id)), entry);
  EXPECT_TRUE(journal(journal->record(started(entry))));
}

TEST(SqliteJournal, a_note_is_recorded_in_order_and_a_wrong_one_is_counted) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const Entry entry = queued(at_second(0));
  ASSERT_TRUE(journal(journal->submit(entry)));
  const Entry running = started(entry);
  journal->note(running);
  const Entry ended = succeeded(running, at_second(60));
  ASSERT_TRUE(journal(journal->record(ended)));
  EXPECT_EQ(**journal(journal->find(entry.id)), ended);
  EXPECT_EQ(journal->counters().lost_notes, 0U);
  journal->note(running);
  ASSERT_TRUE(journal(journal->submit(queued(at_second(0)))));
  EXPECT_EQ(journal->counters().lost_notes, 1U);
}

TEST(SqliteJournal, a_used_idempotency_key_gives_the_earlier_query_also_after_a_restart) {
  const TestDirectory directory;
  const Entry first = full_entry();
  {
    OpenJournal journal(directory.file());
    ASSERT_TRUE(journal(journal->submit(first)));
  }
  OpenJournal journal(directory.file());
  Entry second = full_entry();
  second.submission.fingerprint = "another";
  const auto replay = journal(journal->submit(second));
  ASSERT_TRUE(replay);
  EXPECT_TRUE(replay->replayed);
  EXPECT_EQ(replay->entry, first);
  EXPECT_FALSE(journal(journal->find(second.id))->has_value());

  Entry of_another_principal = full_entry();
  of_another_principal.submission.principal = "bob";
  EXPECT_FALSE(journal(journal->submit(of_another_principal))->replayed);
  EXPECT_FALSE(journal(journal->submit(queued(at_second(0))))->replayed) << "no key is no key";
  EXPECT_FALSE(journal(journal->submit(queued(at_second(0))))->replayed);
}

TEST(SqliteJournal, replay_visits_unfinished_oldest_first_then_recent_ended_newest_first) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  std::vector<Entry> live;
  std::vector<Entry> ended;
  for (int i = 0; i != 12; ++i) {
    Entry entry = queued(at_second(i));
    ASSERT_TRUE(journal(journal->submit(entry)));
    if (i % 4 != 0) {
      ASSERT_TRUE(journal(journal->record(entry = started(entry))));
    }
    if (i % 4 == 2) {
      ASSERT_TRUE(journal(journal->record(entry = failed(entry))));
    }
    if (i % 4 == 3) {
      ASSERT_TRUE(journal(journal->record(entry = succeeded(entry, at_second(99)))));
    }
    (is_final(entry.state) ? ended : live).push_back(entry);
  }
  std::vector<Entry> expected = live;
  expected.insert(expected.end(), {ended[5], ended[4], ended[3], ended[2]});
  EXPECT_EQ(replayed(*journal, 4), expected);
  EXPECT_EQ(replayed(*journal, 0), live);
  EXPECT_EQ(replayed(*journal, 100).size(), 12U);
}

TEST(SqliteJournal, knows_results_that_are_there_expired_or_gone) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  std::vector<Entry> entries;
  for (const int expiry : {30, 10, 20}) {
    const Entry entry = queued(at_second(0));
    ASSERT_TRUE(journal(journal->submit(entry)));
    EXPECT_FALSE(*journal->has_result(entry.id));
    entries.push_back(succeeded(started(entry), at_second(expiry)));
    entries.back().version = 2;
    ASSERT_TRUE(journal(journal->record(entries.back())));
    EXPECT_TRUE(*journal->has_result(entry.id));
  }
  const auto expired = [&journal](int now, std::size_t limit) {
    return *journal(journal->expired_results(at_second(now), limit));
  };
  EXPECT_EQ(expired(9, 10), std::vector<Entry>());
  EXPECT_EQ(expired(20, 10), (std::vector<Entry>{entries[1], entries[2]}));
  EXPECT_EQ(expired(99, 1), (std::vector<Entry>{entries[1]}));
  ASSERT_TRUE(journal(journal->record(gone(entries[1]))));
  EXPECT_EQ(expired(20, 10), (std::vector<Entry>{entries[2]}));
  EXPECT_FALSE(*journal->has_result(entries[1].id));
}

TEST(SqliteJournal, forgets_only_old_ended_queries_without_a_result) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  Entry live = queued(at_second(0));
  Entry kept = queued(at_second(1));
  Entry old = full_entry();
  Entry broken = queued(at_second(2));
  Entry young = queued(at_second(100));
  for (Entry* entry : {&live, &kept, &old, &broken, &young}) ASSERT_TRUE(journal(journal->submit(*entry)));
  ASSERT_TRUE(journal(journal->record(kept = succeeded(kept, at_second(9)))));
  ASSERT_TRUE(journal(journal->record(old = succeeded(old, at_second(9)))));
  ASSERT_TRUE(journal(journal->record(old = gone(old))));
  ASSERT_TRUE(journal(journal->record(broken = failed(broken))));
  ASSERT_TRUE(journal(journal->record(young = failed(young))));

  EXPECT_EQ(*journal(journal->forget(at_second(50), 1)), std::vector{old.id});
  EXPECT_EQ(*journal(journal->forget(at_second(50), std::numeric_limits<std::size_t>::max())), std::vector{broken.id});
  EXPECT_TRUE(journal(journal->forget(at_second(50), 10))->empty());
  for (const Entry& entry : {live, kept, young}) EXPECT_TRUE(journal(journal->find(entry.id))->has_value());
  for (const Entry& entry : {old, broken}) EXPECT_FALSE(journal(journal->find(entry.id))->has_value());
  EXPECT_FALSE(journal(journal->submit(full_entry()))->replayed) << "its key is forgotten with it";
}

TEST(SqliteJournal, a_second_journal_on_the_same_file_is_refused_until_the_first_is_closed) {
  const TestDirectory directory;
  async::Loop loop;
  {
    OpenJournal journal(directory.file());
    const auto second = open_sqlite_journal({.file = directory.file()}, loop);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::conflict);
    EXPECT_NE(second.error().message.find("in use"), std::string::npos);
  }
  EXPECT_TRUE(open_sqlite_journal({.file = directory.file()}, loop));
}

TEST(SqliteJournal, makes_its_directory_and_lets_nobody_else_read) {
  const TestDirectory directory;
  const auto file = directory.path() / "a" / "b" / "journal.db";
  OpenJournal journal(file);
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    EXPECT_EQ(std::filesystem::status(file.string() + suffix).permissions() & others, std::filesystem::perms::none)
        << suffix;
  }
}

TEST(SqliteJournal, a_file_that_is_no_journal_is_refused) {
  const TestDirectory directory;
  std::ofstream(directory.file()) << std::string(8192, 'x');
  async::Loop loop;
  const auto opened = open_sqlite_journal({.file = directory.file()}, loop);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::corrupt);
}

TEST(SqliteJournal, a_stored_entry_that_cannot_be_is_corrupt_and_the_others_are_not) {
  for (const char* damage :
       {"UPDATE query SET state=6", "UPDATE query SET kind=-1", "UPDATE query SET attempt=1<<40",
        "UPDATE query SET failure=x'01ff'", "UPDATE query SET result_rows=1", "UPDATE query SET result_gone=3",
        "UPDATE submission SET parameters=x'00'", "UPDATE submission SET priority=101", "DELETE FROM submission"}) {
    SCOPED_TRACE(damage);
    const TestDirectory directory;
    const Entry entry = queued(at_second(0));
    const Entry other = queued(at_second(1));
    {
      OpenJournal journal(directory.file());
      ASSERT_TRUE(journal(journal->submit(entry)));
    }
    {
      auto database = sqlite::Database::open(directory.file(), "");
      ASSERT_TRUE(database);
      ASSERT_TRUE(database->execute(damage));
    }
    OpenJournal journal(directory.file());
    ASSERT_TRUE(journal(journal->submit(other)));
    EXPECT_EQ(journal(journal->find(entry.id)).error().code, Errc::corrupt);
    EXPECT_EQ(**journal(journal->find(other.id)), other);
  }
}

TEST(SqliteJournal, after_close_every_call_is_unavailable) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  const Entry entry = queued(at_second(0));
  run(journal.loop(), journal->close());
  EXPECT_EQ(journal(journal->submit(entry)).error().code, Errc::unavailable);
  EXPECT_EQ(journal(journal->record(entry)).error().code, Errc::unavailable);
  EXPECT_EQ(journal(journal->find(entry.id)).error().code, Errc::unavailable);
  EXPECT_EQ(journal(journal->history({}, std::nullopt, 1)).error().code, Errc::unavailable);
  EXPECT_EQ(journal(journal->expired_results({}, 1)).error().code, Errc::unavailable);
  EXPECT_EQ(journal(journal->forget({}, 1)).error().code, Errc::unavailable);
  EXPECT_EQ(journal->has_result(entry.id).error().code, Errc::unavailable);
  EXPECT_EQ(journal->replay(1, [](const Result<Entry>&) {}).error().code, Errc::unavailable);
  journal->note(entry);
}

}  // namespace
}  // namespace coatcheck::journal
