#include "warehouse/adbc/testing/postgresql_server.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

namespace coatcheck::warehouse {
namespace {

// Reads until nobody holds the other end any more.
std::string read_all(int fd) {
  std::string all;
  std::array<char, 256> some{};
  for (ssize_t count = ::read(fd, some.data(), some.size()); count > 0; count = ::read(fd, some.data(), some.size())) {
    all.append(some.data(), static_cast<std::size_t>(count));
  }
  return all;
}

[[noreturn]] void make_server_and_be_killed(int tell) {
  try {
    ::fcntl(tell, F_SETFD, 0);  // The server and all that is started with it hold it too.
    const PostgresqlServer server;
    const std::string uri = server.uri();
    if (::write(tell, uri.data(), uri.size()) > 0) ::raise(SIGKILL);
  } catch (...) {
  }
  ::_exit(1);
}

TEST(PostgresqlServer, a_test_that_is_killed_leaves_nothing) {
  std::array<int, 2> told{};
  ASSERT_EQ(::pipe2(told.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) make_server_and_be_killed(told[1]);
  ::close(told[1]);
  const std::string uri = read_all(told[0]);  // Its end is the end of every process of the server.
  ::close(told[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  const auto begin = uri.find("host=") + 5;
  const std::filesystem::path folder = uri.substr(begin, uri.find('&') - begin);
  EXPECT_EQ(folder.filename().string().substr(0, 9), "coatcheck") << uri;
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(PostgresqlServer, one_that_does_not_start_leaves_nothing) {
  // A name that is too long for a socket, so that the server fails when its folder is already there.
  const auto folder = std::filesystem::temp_directory_path() / (std::to_string(::getpid()) + std::string(90, 'x'));
  std::filesystem::create_directory(folder);
  const char* before = std::getenv("TMPDIR");
  const std::optional<std::string> tmpdir = before != nullptr ? std::optional<std::string>(before) : std::nullopt;
  ::setenv("TMPDIR", folder.c_str(), 1);
  EXPECT_THROW(PostgresqlServer(), std::runtime_error);
  tmpdir ? ::setenv("TMPDIR", tmpdir->c_str(), 1) : ::unsetenv("TMPDIR");
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace coatcheck::warehouse
