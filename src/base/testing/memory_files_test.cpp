#include "base/testing/memory_files.hpp"

#include <gtest/gtest.h>

#include <array>

namespace coatcheck::testing {
namespace {

const std::vector<std::byte> four(4, std::byte{'x'});

// Makes /d/f: four bytes synced and four not. The name is synced if `named`.
void prepare(MemoryFiles& files, bool named) {
  ASSERT_TRUE(make_durable_directories(files, "/d"));
  const auto file = *files.create("/d/f");
  ASSERT_TRUE(file->append(four));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->append(four));
  if (named) {
    ASSERT_TRUE(files.sync_directory("/d"));
  }
}

TEST(MemoryFiles, a_power_cut_drops_the_bytes_that_were_not_synced) {
  MemoryFiles files;
  prepare(files, true);
  files.power_cut(MemoryFiles::Unsynced::drop);
  EXPECT_EQ(files.get("/d/f").size(), 4U);
}

TEST(MemoryFiles, a_power_cut_drops_the_names_that_were_not_synced) {
  MemoryFiles files;
  prepare(files, false);
  files.power_cut(MemoryFiles::Unsynced::drop);
  EXPECT_EQ(files.open("/d/f").error().code, Errc::not_found);
  EXPECT_TRUE(files.list("/d"));
}

TEST(MemoryFiles, a_power_cut_may_keep_or_tear_what_was_not_synced) {
  for (const auto& [unsynced, size] : {std::pair{MemoryFiles::Unsynced::keep, 8U}, {MemoryFiles::Unsynced::tear, 6U}}) {
    MemoryFiles files;
    prepare(files, false);
    files.power_cut(unsynced);
    EXPECT_EQ(files.get("/d/f").size(), size);
    files.power_cut(MemoryFiles::Unsynced::drop);
    EXPECT_EQ(files.get("/d/f").size(), size);
  }
}

TEST(MemoryFiles, a_rename_that_was_not_synced_is_undone_by_a_power_cut) {
  MemoryFiles files;
  prepare(files, true);
  ASSERT_TRUE(files.rename("/d/f", "/d/g"));
  EXPECT_TRUE(files.open("/d/g"));
  files.power_cut(MemoryFiles::Unsynced::drop);
  EXPECT_TRUE(files.open("/d/f"));
  EXPECT_FALSE(files.open("/d/g"));
}

TEST(MemoryFiles, a_removal_that_was_not_synced_is_undone_by_a_power_cut) {
  MemoryFiles files;
  prepare(files, true);
  ASSERT_TRUE(files.remove("/d/f"));
  EXPECT_EQ(files.bytes_used(), 0U);
  files.power_cut(MemoryFiles::Unsynced::drop);
  EXPECT_EQ(files.bytes_used(), 4U);
}

TEST(MemoryFiles, files_open_in_a_power_cut_are_lost) {
  MemoryFiles files;
  const auto file = *files.create("/f");
  files.power_cut(MemoryFiles::Unsynced::keep);
  EXPECT_FALSE(file->append(four));
  EXPECT_FALSE(file->sync());
  EXPECT_FALSE(file->size());
}

TEST(MemoryFiles, a_file_that_is_removed_stays_readable_where_it_is_open) {
  MemoryFiles files;
  files.put("/f", four);
  const auto file = *files.open("/f");
  ASSERT_TRUE(files.remove("/f"));
  std::array<std::byte, 4> bytes{};
  EXPECT_TRUE(file->read_at(0, bytes));
  EXPECT_EQ(file->read_at(1, bytes).error().code, Errc::corrupt);
  EXPECT_FALSE(file->append(four));
}

TEST(MemoryFiles, directories_made_durably_survive_with_all_their_parents) {
  MemoryFiles files;
  ASSERT_TRUE(files.make_directories("/a/b"));
  files.power_cut(MemoryFiles::Unsynced::drop);
  EXPECT_EQ(files.list("/a").error().code, Errc::not_found);
  ASSERT_TRUE(make_durable_directories(files, "/a/b/c/"));
  files.power_cut(MemoryFiles::Unsynced::drop);
  EXPECT_TRUE(files.list("/a/b/c"));
}

}  // namespace
}  // namespace coatcheck::testing
