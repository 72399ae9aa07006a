#include "client/output.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace coatcheck::client {
namespace {

namespace fs = std::filesystem;

class OutputTest : public testing::Test {
 protected:
  OutputTest() {
    std::string pattern = (fs::temp_directory_path() / "coatcheck-output-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~OutputTest() override { fs::remove_all(directory_); }

  fs::path path(const char* name) const { return directory_ / name; }
  static std::string content(const fs::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  fs::path directory_;
};

TEST_F(OutputTest, the_file_is_there_only_once_it_is_whole) {
  auto output = Output::open(path("x.csv").string());
  ASSERT_TRUE(output);
  ASSERT_TRUE(output->write("a,b\n"));
  EXPECT_FALSE(fs::exists(path("x.csv")));
  EXPECT_TRUE(fs::exists(path("x.csv.partial")));
  ASSERT_TRUE(output->commit());
  EXPECT_EQ(content(path("x.csv")), "a,b\n");
  EXPECT_FALSE(fs::exists(path("x.csv.partial")));
}

TEST_F(OutputTest, what_was_not_committed_leaves_the_old_file_and_nothing_else) {
  std::ofstream(path("x.csv")) << "old";
  {
    auto output = Output::open(path("x.csv").string());
    ASSERT_TRUE(output);
    ASSERT_TRUE(output->write("half"));
  }
  EXPECT_EQ(content(path("x.csv")), "old");
  EXPECT_FALSE(fs::exists(path("x.csv.partial")));
}

TEST_F(OutputTest, a_device_is_written_and_not_replaced) {
  auto output = Output::open("/dev/null");
  ASSERT_TRUE(output);
  ASSERT_TRUE(output->write("x"));
  ASSERT_TRUE(output->commit());
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputTest, a_directory_that_is_not_there_is_local_trouble) {
  const auto output = Output::open(path("none/x.csv").string());
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().exit, ExitCode::local);
}

TEST_F(OutputTest, a_full_disk_is_local_trouble) {
  auto output = Output::open("/dev/full");
  ASSERT_TRUE(output);
  const auto written = output->write("x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().exit, ExitCode::local);
}

}  // namespace
}  // namespace coatcheck::client
