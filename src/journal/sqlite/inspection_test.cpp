#include "journal/inspection.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "journal/sqlite/database.hpp"
#include "journal/sqlite/journal_test_support.hpp"
#include "journal/sqlite/wal_check.hpp"

namespace coatcheck::journal {
namespace {

std::unique_ptr<Inspection> inspect(const std::filesystem::path& file) {
  auto opened = Inspection::open(file);
  if (!opened) throw std::runtime_error(opened.error().message);
  return *std::move(opened);
}

struct Seen {
  std::vector<Entry> entries;
  std::vector<std::string> unreadable;
};

Seen all_of(Inspection& inspection) {
  Seen seen;
  inspection.visit([&](Entry entry) { seen.entries.push_back(std::move(entry)); },
                   [&](std::string words) { seen.unreadable.push_back(std::move(words)); });
  return seen;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::filesystem::path wal_of(const std::filesystem::path& file) { return file.string() + "-wal"; }

constexpr std::size_t frame = 24 + 4096;

// The write-ahead log up to its last frame, without the room behind it.
std::string log_of(const std::filesystem::path& file) {
  const std::string whole = read(wal_of(file));
  const std::size_t frames = (whole.find_last_not_of('\0') - 32) / frame + 1;
  EXPECT_GT(whole.size(), 32 + frames * frame) << "there is no room";
  return whole.substr(0, 32 + frames * frame);
}

void submit_some(OpenJournal& journal, int count) {
  for (int n = 0; n != count; ++n) ASSERT_TRUE(journal(journal->submit(queued(at_second(n)))));
}

void run_sql(const std::filesystem::path& file, const char* sql) {
  auto database = sqlite::Database::open(file, "");
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->execute("PRAGMA ignore_check_constraints=ON"));
  ASSERT_TRUE(database->execute(sql));
}

TEST(Inspection, reads_beside_an_open_journal) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  submit_some(journal, 3);
  const auto inspection = inspect(directory.file());
  EXPECT_EQ(all_of(*inspection).entries.size(), 3U);
  EXPECT_TRUE(inspection->structure().empty());
  submit_some(journal, 1);
  EXPECT_EQ(all_of(*inspection).entries.size(), 4U) << "and holds no old view of it";
}

TEST(Inspection, is_refused_where_there_is_no_journal) {
  const TestDirectory directory;
  EXPECT_EQ(Inspection::open(directory.file()).error().code, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(directory.file()));
}

TEST(Inspection, is_refused_for_another_schema) {
  const TestDirectory directory;
  {
    OpenJournal journal(directory.file());
  }
  run_sql(directory.file(), "PRAGMA user_version=1");
  EXPECT_EQ(Inspection::open(directory.file()).error().code, Errc::conflict);
}

TEST(Inspection, names_a_query_that_cannot_be_read) {
  const TestDirectory directory;
  {
    OpenJournal journal(directory.file());
    submit_some(journal, 3);
  }
  run_sql(directory.file(), "UPDATE query SET state=9 WHERE seq=2");
  const auto inspection = inspect(directory.file());
  const Seen seen = all_of(*inspection);
  EXPECT_EQ(seen.entries.size(), 2U);
  ASSERT_EQ(seen.unreadable.size(), 1U);
  EXPECT_TRUE(seen.unreadable[0].starts_with("query ")) << seen.unreadable[0];
}

// A query that has a value in most columns.
Entry full() {
  Entry entry = queued(at_second(7));
  Submission& submission = entry.submission;
  submission.query_tag = "tag";
  submission.idempotency_key = "key";
  submission.timeout = std::chrono::milliseconds(5);
  submission.row_limit = 10;
  submission.traceparent = "trace";
  submission.fingerprint = "print";
  submission.session = 9;
  submission.form = Form::session;
  submission.priority = 3;
  submission.statement.parameters.push_back({.value = std::int64_t{1}});
  return entry;
}

TEST(Inspection, finds_every_value_that_is_not_the_one_that_was_written) {
  const TestDirectory directory;
  {
    OpenJournal journal(directory.file());
    ASSERT_TRUE(journal(journal->submit(full())));
    submit_some(journal, 1);
  }
  auto database = *sqlite::Database::open(directory.file(), "");
  auto columns = *database.prepare(
      "SELECT 'query', name, type FROM pragma_table_info('query') WHERE name <> 'seq' UNION ALL"
      " SELECT 'submission', name, type FROM pragma_table_info('submission') WHERE name <> 'seq'");
  const auto copy = directory.path() / "copy.db";
  int tried = 0;
  for (; *columns.step(); ++tried) {
    sqlite::Columns names(columns);
    const std::string table(names.text());
    const std::string column(names.text());
    const std::string type(names.text());
    const std::string other = type == "INTEGER" ? "ifnull(" + column + ", 0) + 1"
                              : type == "TEXT"  ? "ifnull(" + column + ", '') || 'x'"
                                                : "zeroblob(16)";
    write(copy, read(directory.file()));
    run_sql(copy, ("UPDATE " + table + " SET " + column + " = " + other + " WHERE seq = 1").c_str());
    const Seen seen = all_of(*inspect(copy));
    EXPECT_EQ(seen.entries.size(), 1U) << table << '.' << column;
    EXPECT_EQ(seen.unreadable.size(), 1U) << table << '.' << column;
  }
  EXPECT_EQ(tried, 24 + 9 + 2);
}

TEST(Inspection, a_damaged_query_keeps_its_result_and_holds_up_no_expiry) {
  const TestDirectory directory;
  {
    OpenJournal journal(directory.file());
    for (int n = 0; n != 3; ++n) {
      ASSERT_TRUE(journal(journal->submit(succeeded(queued(at_second(n)), at_second(n + 10)))));
    }
  }
  run_sql(directory.file(),
          "UPDATE query SET result_gone = 1 WHERE seq = 1; UPDATE query SET attempt = 9 WHERE seq = 2");
  std::vector<QueryId> ids;
  {
    auto database = *sqlite::Database::open(directory.file(), "");
    auto rows = *database.prepare("SELECT id FROM query ORDER BY seq");
    while (*rows.step()) {
      QueryId id;
      const std::string_view bytes = sqlite::Columns(rows).blob();
      std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(id.bytes.data()));
      ids.push_back(id);
    }
  }
  OpenJournal journal(directory.file());
  EXPECT_EQ(journal->has_result(ids[0]).error().code, Errc::corrupt);
  EXPECT_EQ(journal->has_result(ids[1]).error().code, Errc::corrupt);
  EXPECT_TRUE(*journal->has_result(ids[2]));
  const auto expired = journal(journal->expired_results(Timestamp::max(), 1));
  ASSERT_TRUE(expired);
  ASSERT_EQ(expired->size(), 1U);
  EXPECT_EQ(expired->front().id, ids[2]);
}

TEST(Inspection, misses_the_other_half_of_a_query) {
  const TestDirectory directory;
  {
    OpenJournal journal(directory.file());
    submit_some(journal, 3);
  }
  run_sql(directory.file(), "DELETE FROM submission WHERE seq=1; DELETE FROM query WHERE seq=3");
  const auto inspection = inspect(directory.file());
  EXPECT_EQ(inspection->structure().size(), 2U);
  EXPECT_EQ(all_of(*inspection).unreadable.size(), 1U);
}

TEST(Inspection, copies_a_journal_that_is_written_meanwhile) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  submit_some(journal, 3);
  const auto copy = directory.path() / "copy.db";
  ASSERT_TRUE(inspect(directory.file())->copy_to(copy));
  submit_some(journal, 2);
  EXPECT_EQ(std::filesystem::status(copy).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  OpenJournal restored(copy);
  int visited = 0;
  ASSERT_TRUE(restored->replay(10, [&](const Result<Entry>&) { ++visited; }));
  EXPECT_EQ(visited, 3);
}

TEST(Inspection, finds_every_flipped_bit_of_the_log_but_those_of_its_last_commit) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  submit_some(journal, 4);
  const std::string good = log_of(directory.file());
  const auto copy = directory.path() / "log";
  write(copy, good);
  ASSERT_EQ(*sqlite::check_wal(copy), std::nullopt);
  // The schema and three submits are before the last one, which is at most 16 frames.
  ASSERT_GT(good.size(), 32 + frame * 20);
  for (std::size_t at = 0; at < good.size() - 32 - frame * 16; at += 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    write(copy, bad);
    const auto checked = sqlite::check_wal(copy);
    ASSERT_TRUE(checked && *checked) << "byte " << at;
  }
}

TEST(Inspection, finds_nothing_wrong_with_a_log_in_which_nothing_is_yet) {
  const TestDirectory directory;
  {
    OpenJournal journal(directory.file());
    submit_some(journal, 1);
  }
  OpenJournal journal(directory.file());
  ASSERT_TRUE(journal(journal->forget(Timestamp(), 1)));
  ASSERT_TRUE(journal(journal->forget(Timestamp(), 1)));
  EXPECT_EQ(*sqlite::check_wal(wal_of(directory.file())), std::nullopt);
}

TEST(Inspection, takes_a_torn_end_of_the_log_for_what_it_is) {
  const TestDirectory directory;
  OpenJournal journal(directory.file());
  submit_some(journal, 4);
  const std::string good = log_of(directory.file());
  const auto copy = directory.path() / "log";
  write(copy, good.substr(0, good.size() - 1000));
  EXPECT_EQ(*sqlite::check_wal(copy), std::nullopt);
}

}  // namespace
}  // namespace coatcheck::journal
