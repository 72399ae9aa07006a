#include "base/testing/fault_files.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/testing/memory_files.hpp"

namespace coatcheck::testing {
namespace {

const std::vector<std::byte> four(4, std::byte{'x'});

struct FaultFilesTest : ::testing::Test {
  MemoryFiles memory;
  FaultFiles files{memory};
};

TEST_F(FaultFilesTest, counts_operations_and_syncs) {
  const auto file = *files.create("/f");
  ASSERT_TRUE(file->append(four));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(files.sync_directory("/"));
  EXPECT_EQ(files.operations(), 4U);
  EXPECT_EQ(files.appends(), 1U);
  EXPECT_EQ(files.syncs(), 1U);
  EXPECT_EQ(files.directory_syncs(), 1U);
}

TEST_F(FaultFilesTest, the_nth_operation_fails_once) {
  files.fail(2, Fault::io_error);
  const auto file = *files.create("/f");
  EXPECT_FALSE(files.fired());
  const auto failed = file->append(four);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().system, EIO);
  EXPECT_TRUE(files.fired());
  EXPECT_TRUE(memory.get("/f").empty());
  EXPECT_TRUE(file->append(four));
}

TEST_F(FaultFilesTest, a_full_disk_takes_half_of_an_append) {
  const auto file = *files.create("/f");
  files.fail(1, Fault::no_space);
  EXPECT_EQ(file->append(four).error().system, ENOSPC);
  EXPECT_EQ(memory.get("/f").size(), 2U);
}

TEST_F(FaultFilesTest, a_late_failure_was_done) {
  const auto file = *files.create("/f");
  files.fail(1, Fault::late);
  EXPECT_FALSE(files.rename("/f", "/g"));
  EXPECT_TRUE(memory.open("/g"));
}

TEST_F(FaultFilesTest, nothing_happens_after_a_halt) {
  const auto file = *files.create("/f");
  files.fail(1, Fault::halt);
  EXPECT_FALSE(file->sync());
  EXPECT_FALSE(file->append(four));
  EXPECT_FALSE(files.remove("/f"));
  EXPECT_TRUE(memory.open("/f"));
  files.heal();
  EXPECT_TRUE(files.remove("/f"));
}

}  // namespace
}  // namespace coatcheck::testing
