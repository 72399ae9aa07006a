#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

namespace coatcheck::query::testing {

// A directory that is gone when the test is.
class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "query-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for the test");
    path_ = name;
  }
  TestDirectory(TestDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TestDirectory& operator=(TestDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~TestDirectory() {
    if (!path_.empty()) std::filesystem::remove_all(path_);
  }

  const std::filesystem::path& path() const { return path_; }

  // The files as they are now, in another directory: what a process that is killed at this moment leaves.
  TestDirectory copy() const {
    TestDirectory other;
    std::filesystem::copy(path_, other.path_, std::filesystem::copy_options::recursive);
    return other;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace coatcheck::query::testing
