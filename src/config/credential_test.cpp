#include "config/credential.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace coatcheck::config {
namespace {

using testing::HasSubstr;
using testing::Not;

class CredentialFile : public testing::Test {
 protected:
  CredentialFile() {
    std::string name = testing::TempDir() + "/coatcheck-credential-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~CredentialFile() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return folder_ / "secret"; }
  void write(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }
  Credential credential() const { return {"secret_", {.file = path()}}; }
  std::string secret() const {
    auto read = credential().read();
    return read ? *read : "error: " + read.error().message;
  }
  std::string refused(std::string_view text) const {
    write(text);
    const auto read = credential().read();
    if (read) return "it was taken";
    EXPECT_EQ(read.error().detail, path());
    return read.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(CredentialFile, is_read_without_the_line_break_at_its_end) {
  for (const auto& [text, secret] :
       std::vector<std::pair<std::string, std::string>>{{"hunter2", "hunter2"},
                                                        {"hunter2\n", "hunter2"},
                                                        {"hunter2\r\n", "hunter2"},
                                                        {" two words \n\n", " two words \n"},
                                                        {"-----BEGIN\nx\n-----END\n", "-----BEGIN\nx\n-----END"}}) {
    write(text);
    EXPECT_EQ(this->secret(), secret);
  }
}

TEST_F(CredentialFile, is_read_again_when_it_has_changed_even_to_the_same_length_in_the_same_moment) {
  const Credential credential = this->credential();
  for (const std::string text : {"one", "two", "six", "ten"}) {
    write(text);
    EXPECT_EQ(*credential.read(), text);
  }
  std::filesystem::rename(path(), folder_ / "other");
  EXPECT_EQ(credential.read().error().code, Errc::not_found);
  write("back");
  EXPECT_EQ(*credential.read(), "back");
}

TEST_F(CredentialFile, that_is_not_there_is_told_by_setting_and_by_path_to_operators_only) {
  const auto read = credential().read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::not_found);
  EXPECT_EQ(read.error().message, "secret_file: No such file or directory");
  EXPECT_EQ(read.error().detail, path());
}

TEST_F(CredentialFile, that_holds_no_secret_is_refused_and_not_shown) {
  EXPECT_EQ(refused(""), "secret_file: is empty");
  EXPECT_EQ(refused("\n"), "secret_file: is empty");
  EXPECT_EQ(refused(std::string("hun\0ter2", 8)), "secret_file: holds a NUL");
  EXPECT_EQ(refused(std::string((64U << 10U) + 1, 'x')), "secret_file: is larger than 64 KiB");
  write(std::string(64U << 10U, 'x'));
  EXPECT_EQ(secret().size(), 64U << 10U);
}

TEST_F(CredentialFile, that_is_a_directory_or_a_pipe_is_refused_without_waiting) {
  EXPECT_EQ(Credential("secret_", {.file = folder_}).read().error().message, "secret_file: is not a regular file");
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(credential().read().error().message, "secret_file: is not a regular file");
}

TEST(CredentialVariable, is_read_each_time) {
  const Credential credential("credentials.password.", {.environment = "CREDENTIAL_TEST_SECRET"});
  ::unsetenv("CREDENTIAL_TEST_SECRET");
  EXPECT_EQ(credential.read().error().message, "credentials.password.environment: names a variable that is not set");
  EXPECT_EQ(credential.read().error().detail, "CREDENTIAL_TEST_SECRET");
  ::setenv("CREDENTIAL_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(*credential.read(), "hunter2");
  ::setenv("CREDENTIAL_TEST_SECRET", "", 1);
  EXPECT_EQ(credential.read().error().message, "credentials.password.environment: is empty");
}

}  // namespace
}  // namespace coatcheck::config
