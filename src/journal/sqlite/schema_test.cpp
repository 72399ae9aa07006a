#include "journal/sqlite/schema.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "journal/sqlite/journal_test_support.hpp"

namespace coatcheck::journal::sqlite {
namespace {

Database open(const TestDirectory& directory) {
  auto database = Database::open(directory.file(), "");
  EXPECT_TRUE(database);
  return *std::move(database);
}

Result<void> add_column(Database& database) { return database.execute("ALTER TABLE query ADD COLUMN extra TEXT"); }

Result<void> fail_half_way(Database& database) {
  if (auto done = database.execute("ALTER TABLE query ADD COLUMN half TEXT"); !done) return done;
  return database.execute("ALTER TABLE not_there ADD COLUMN other_half TEXT");
}

TEST(Schema, takes_an_empty_file_to_the_latest_version) {
  const TestDirectory directory;
  Database database = open(directory);
  ASSERT_EQ(*database.integer("PRAGMA user_version"), 0);
  ASSERT_TRUE(migrate(database, migrations()));
  EXPECT_EQ(*database.integer("PRAGMA user_version"), static_cast<std::int64_t>(migrations().size()));
  EXPECT_EQ(*database.integer("SELECT count(*) FROM query"), 0);
  EXPECT_TRUE(migrate(database, migrations())) << "a second time there is nothing to do";
}

TEST(Schema, takes_an_older_file_on_and_keeps_what_it_holds) {
  const TestDirectory directory;
  Database database = open(directory);
  ASSERT_TRUE(migrate(database, migrations()));
  ASSERT_TRUE(database.execute("UPDATE skew SET most=77"));
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back(add_column);
  ASSERT_TRUE(migrate(database, steps));
  EXPECT_EQ(*database.integer("PRAGMA user_version"), static_cast<std::int64_t>(steps.size()));
  EXPECT_EQ(*database.integer("SELECT most FROM skew"), 77);
  EXPECT_EQ(*database.integer("SELECT count(extra) FROM query"), 0);
}

TEST(Schema, version_1_is_taken_to_the_latest) {
  const TestDirectory directory;
  Database database = open(directory);
  ASSERT_TRUE(migrate(database, migrations().first(1)));
  ASSERT_TRUE(migrate(database, migrations()));
  EXPECT_EQ(*database.integer("SELECT count(*) FROM pragma_index_info('by_principal_tag')"), 3);
  EXPECT_EQ(*database.integer("SELECT count(session) FROM query"), 0);
  EXPECT_EQ(*database.integer("SELECT count(form) + count(priority) FROM submission"), 0);
  EXPECT_EQ(*database.integer("SELECT count(handle) + count(result_kept) FROM query"), 0);
}

TEST(Schema, rows_of_older_versions_get_their_checksums) {
  const TestDirectory directory;
  const Entry entry = queued(at_second(1));
  {
    OpenJournal journal(directory.file());
    ASSERT_TRUE(journal(journal->submit(Entry(entry))));
  }
  {
    Database database = open(directory);
    ASSERT_TRUE(
        database.execute("ALTER TABLE query DROP COLUMN checksum; ALTER TABLE submission DROP COLUMN checksum;"
                         "PRAGMA user_version=6"));
  }
  OpenJournal journal(directory.file());
  const auto found = journal(journal->find(entry.id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ(**found, entry);
}

TEST(Schema, a_step_that_fails_leaves_the_version_before_it) {
  const TestDirectory directory;
  Database database = open(directory);
  const std::array steps = {migrations()[0], Migration(fail_half_way)};
  ASSERT_FALSE(migrate(database, steps));
  EXPECT_EQ(*database.integer("PRAGMA user_version"), 1);
  EXPECT_EQ(*database.integer("SELECT count(*) FROM pragma_table_info('query') WHERE name='half'"), 0);
  EXPECT_TRUE(migrate(database, migrations()));
}

TEST(Schema, a_newer_version_is_refused_and_left_alone) {
  const TestDirectory directory;
  Database database = open(directory);
  ASSERT_TRUE(migrate(database, migrations()));
  ASSERT_TRUE(database.execute("PRAGMA user_version=9"));
  const auto done = migrate(database, migrations());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::conflict);
  EXPECT_EQ(*database.integer("PRAGMA user_version"), 9);
}

TEST(Schema, a_database_of_something_else_is_refused) {
  const TestDirectory directory;
  Database database = open(directory);
  ASSERT_TRUE(database.execute("CREATE TABLE theirs (a)"));
  const auto done = migrate(database, migrations());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::corrupt);
}

}  // namespace
}  // namespace coatcheck::journal::sqlite
