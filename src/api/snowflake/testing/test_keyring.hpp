#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "principals/keyring.hpp"

namespace coatcheck::api::snowflake::testing {

// A keyring in a directory of its own, which goes with it.
class TestKeyring {
 public:
  explicit TestKeyring(const Clock& clock) {
    std::string name = (std::filesystem::temp_directory_path() / "snowflake-XXXXXX").string();
    directory_ = mkdtemp(name.data());
    auto opened = principals::Keyring::open(directory_ / "keys.json", disk(), clock);
    if (!opened) throw std::runtime_error(opened.error().message);
    keyring_ = std::make_unique<principals::Keyring>(*std::move(opened));
  }
  ~TestKeyring() { std::filesystem::remove_all(directory_); }
  TestKeyring(const TestKeyring&) = delete;
  TestKeyring& operator=(const TestKeyring&) = delete;

  principals::Keyring& operator*() { return *keyring_; }
  principals::Keyring* operator->() { return keyring_.get(); }

 private:
  std::filesystem::path directory_;
  std::unique_ptr<principals::Keyring> keyring_;
};

}  // namespace coatcheck::api::snowflake::testing
