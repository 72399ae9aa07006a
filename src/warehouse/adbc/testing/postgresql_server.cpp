#include "warehouse/adbc/testing/postgresql_server.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace coatcheck::warehouse {

namespace {

// $1 is the folder, $2 what stops the server. It goes on in the background, as nobody's child, so that it is not
// killed together with the test. What the test had begun may go on for a moment, so it looks more than once.
constexpr const char* watchdog_script = R"(
cd /
exec 3<&0
{
  read -r _
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    eval "$2" >/dev/null
    rm -rf "$1"
    [ -e "$1" ] || break
    sleep 1
  done
} <&3 3<&- 2>/dev/null &
)";

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "coatcheck-postgresql-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
  return name;
}

// The command of one of PostgreSQL's programs, which all refuse to run as root.
std::string command_of(const std::string& program, const std::string& arguments) {
  const std::string command = std::string(COATCHECK_POSTGRESQL_BIN) + "/" + program + " " + arguments;
  return ::geteuid() == 0 ? "runuser -u postgres -- " + command : command;
}

void hand_over(const std::filesystem::path& folder) {
  if (::geteuid() != 0) return;
  const passwd* user = ::getpwnam("postgres");
  if (user == nullptr) throw std::runtime_error("there is no user postgres: tools/install-dependencies --test");
  if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
    throw std::runtime_error("cannot hand over " + folder.string());
  }
}

// Starts the script in a session of its own with these as its input and output; returns how the part of it that is not
// in the background has ended.
int run_script(const std::filesystem::path& folder, const std::string& stop, int input, int output) {
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  std::array<std::string, 6> words = {"sh", "-c", watchdog_script, "sh", folder.string(), stop};
  std::array<char*, 7> arguments{};
  for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
  pid_t shell = 0;
  int status = ::posix_spawn(&shell, "/bin/sh", &files, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (status == 0) ::waitpid(shell, &status, 0);
  return status;
}

}  // namespace

PostgresqlWatchdog::PostgresqlWatchdog(const std::filesystem::path& folder, const std::string& stop) {
  // Nothing else that this process starts may hold them.
  std::array<int, 2> alive = {-1, -1};
  std::array<int, 2> done = {-1, -1};
  const bool piped = ::pipe2(alive.data(), O_CLOEXEC) == 0 && ::pipe2(done.data(), O_CLOEXEC) == 0;
  alive_ = alive[1];
  done_ = done[0];
  const bool started = piped && run_script(folder, stop, alive[0], done[1]) == 0;
  ::close(alive[0]);
  ::close(done[1]);
  if (started) return;
  ::close(alive_);
  ::close(done_);
  std::filesystem::remove(folder);
  throw std::runtime_error("cannot start what watches over " + folder.string());
}

PostgresqlWatchdog::~PostgresqlWatchdog() {
  ::close(alive_);
  char byte = 0;
  ssize_t count = 0;
  do {
    count = ::read(done_, &byte, 1);
  } while (count > 0 || (count < 0 && errno == EINTR));
  ::close(done_);
}

PostgresqlServer::PostgresqlServer() : folder_(make_folder()), watchdog_(folder_, stop_command()) {
  hand_over(folder_);
  run(command_of("initdb", "-D '" + folder_.string() + "/data' -U postgres -A trust -E UTF8 --locale=C --no-sync"));
  start();
}

std::string PostgresqlServer::uri(const std::string& user) const {
  return "postgresql:///postgres?host=" + folder_.string() + "&user=" + user;
}

void PostgresqlServer::start() {
  const auto folder = folder_.string();
  run(command_of("pg_ctl", "start -w -D '" + folder + "/data' -l '" + folder + "/log' -o \"-k '" + folder +
                               "' -c listen_addresses='' -c fsync=off -c max_connections=30\""));
}

void PostgresqlServer::stop() { run(stop_command()); }

std::string PostgresqlServer::stop_command() const {
  return command_of("pg_ctl", "stop -w -m immediate -D '" + folder_.string() + "/data'");
}

void PostgresqlServer::run(const std::string& command) const {
  const std::string output = folder_.string() + "/output";
  // The folder is not the caller's own, which another user may not be in; and no pipe, which the server would hold.
  const int status = std::system(("cd / && " + command + " >'" + output + "' 2>&1 </dev/null").c_str());
  std::ifstream file(output);
  const std::string words((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (status != 0) {
    throw std::runtime_error(command + " failed (tools/install-dependencies --test brings PostgreSQL): " + words);
  }
}

}  // namespace coatcheck::warehouse
