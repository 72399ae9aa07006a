#include "warehouse/adbc/testing/postgresql_server.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace coatcheck::warehouse {

PostgresqlServer::PostgresqlServer() {
  std::string name = (std::filesystem::temp_directory_path() / "coatcheck-postgresql-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
  folder_ = name;
  if (::geteuid() == 0) {
    const passwd* user = ::getpwnam("postgres");
    if (user == nullptr) throw std::runtime_error("there is no user postgres: tools/install-dependencies --test");
    if (::chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("cannot hand over " + name);
  }
  run("initdb", "-D '" + name + "/data' -U postgres -A trust -E UTF8 --locale=C --no-sync");
  start();
}

PostgresqlServer::~PostgresqlServer() {
  try {
    stop();
  } catch (const std::runtime_error&) {
    // It was stopped before.
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string PostgresqlServer::uri(const std::string& user) const {
  return "postgresql:///postgres?host=" + folder_.string() + "&user=" + user;
}

void PostgresqlServer::start() {
  const auto folder = folder_.string();
  run("pg_ctl", "start -w -D '" + folder + "/data' -l '" + folder + "/log' -o \"-k '" + folder +
                    "' -c listen_addresses='' -c fsync=off -c max_connections=30\"");
}

void PostgresqlServer::stop() { run("pg_ctl", "stop -w -m immediate -D '" + folder_.string() + "/data'"); }

void PostgresqlServer::run(const std::string& program, const std::string& arguments) const {
  const std::string output = folder_.string() + ".output";
  std::string command = std::string(COATCHECK_POSTGRESQL_BIN) + "/" + program + " " + arguments;
  if (::geteuid() == 0) command = "runuser -u postgres -- " + command;
  // The folder is not the caller's own, which another user may not be in; and no pipe, which the server would hold.
  command = "cd / && " + command + " >'" + output + "' 2>&1 </dev/null";
  const int status = std::system(command.c_str());
  std::ifstream file(output);
  const std::string words((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::filesystem::remove(output);
  if (status != 0)
    throw std::runtime_error(program + " failed (tools/install-dependencies --test brings it): " + words);
}

}  // namespace coatcheck::warehouse
