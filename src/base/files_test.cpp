#include "base/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/query_id.hpp"
#include "base/testing/memory_files.hpp"

namespace coatcheck {
namespace {

namespace fs = std::filesystem;

const std::vector<std::byte> hello = {std::byte{'h'}, std::byte{'e'}, std::byte{'l'}, std::byte{'l'}, std::byte{'o'}};

// What the real disk and the one in memory must have in common.
class FilesTest : public ::testing::TestWithParam<bool> {
 protected:
  FilesTest() { EXPECT_TRUE(files.make_directories(place)); }
  ~FilesTest() override { fs::remove_all(place); }

  testing::MemoryFiles memory;
  Files& files = GetParam() ? disk() : memory;
  fs::path place = fs::temp_directory_path() / ("coatcheck-files-" + make_query_id({}).to_string());
};

TEST_P(FilesTest, what_was_appended_is_read_at_any_place) {
  {
    const auto file = *files.create(place / "f");
    ASSERT_TRUE(file->append(hello));
    ASSERT_TRUE(file->append(hello));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(*file->size(), 10U);
  }
  const auto file = *files.open(place / "f");
  std::array<std::byte, 4> bytes{};
  ASSERT_TRUE(file->read_at(4, bytes));
  EXPECT_EQ(bytes[0], std::byte{'o'});
  EXPECT_EQ(bytes[1], std::byte{'h'});
  EXPECT_TRUE(file->read_at(10, std::span<std::byte>()));
}

TEST_P(FilesTest, reading_past_the_end_is_corrupt) {
  ASSERT_TRUE((*files.create(place / "f"))->append(hello));
  const auto file = *files.open(place / "f");
  std::array<std::byte, 4> bytes{};
  EXPECT_EQ(file->read_at(2, bytes).error().code, Errc::corrupt);
  EXPECT_EQ(file->read_at(100, bytes).error().code, Errc::corrupt);
}

TEST_P(FilesTest, an_existing_file_is_not_created_again) {
  ASSERT_TRUE(files.create(place / "f"));
  const auto again = files.create(place / "f");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().system, EEXIST);
}

TEST_P(FilesTest, opening_or_listing_what_is_not_there_is_not_found) {
  EXPECT_EQ(files.open(place / "f").error().code, Errc::not_found);
  EXPECT_EQ(files.list(place / "d").error().code, Errc::not_found);
  EXPECT_FALSE(files.sync_directory(place / "d"));
}

TEST_P(FilesTest, renaming_replaces_and_removing_twice_is_fine) {
  ASSERT_TRUE((*files.create(place / "a"))->append(hello));
  ASSERT_TRUE(files.create(place / "b"));
  ASSERT_TRUE(files.rename(place / "a", place / "b"));
  EXPECT_FALSE(files.open(place / "a"));
  EXPECT_EQ(*(*files.open(place / "b"))->size(), 5U);
  EXPECT_FALSE(files.rename(place / "a", place / "b"));
  EXPECT_TRUE(files.remove(place / "b"));
  EXPECT_TRUE(files.remove(place / "b"));
}

TEST_P(FilesTest, directories_are_made_with_their_parents_and_listed) {
  ASSERT_TRUE(make_durable_directories(files, place / "x" / "y" / ""));
  ASSERT_TRUE(make_durable_directories(files, place / "x" / "y"));
  ASSERT_TRUE((*files.create(place / "x" / "f"))->append(hello));
  auto listed = *files.list(place / "x");
  std::sort(listed.begin(), listed.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].name, "f");
  EXPECT_EQ(listed[0].bytes, 5U);
  EXPECT_FALSE(listed[0].is_directory);
  EXPECT_EQ(listed[1].name, "y");
  EXPECT_TRUE(listed[1].is_directory);
}

TEST_P(FilesTest, a_file_in_the_place_of_a_directory_is_an_error) {
  ASSERT_TRUE(files.create(place / "f"));
  EXPECT_FALSE(files.make_directories(place / "f"));
  EXPECT_FALSE(files.make_directories(place / "f" / "d"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, FilesTest, ::testing::Values(true, false),
                         [](const auto& kind) { return kind.param ? "disk" : "memory"; });

TEST(Disk, what_it_makes_is_for_its_owner_alone) {
  const fs::path place = fs::temp_directory_path() / ("coatcheck-files-" + make_query_id({}).to_string());
  ASSERT_TRUE(disk().make_directories(place));
  const auto file = *disk().create(place / "f");
  struct stat about{};
  ASSERT_EQ(::stat((place / "f").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(place.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
  EXPECT_GE(file->descriptor(), 0);
  fs::remove_all(place);
}

}  // namespace
}  // namespace coatcheck
