#pragma once

#include <filesystem>
#include <string>

namespace coatcheck::warehouse {

// Cleans up after a server when this object ends, and when its process does, however that comes to pass: stops what
// runs in the folder, and removes the folder. It is a process of its own, which waits for the end of a pipe.
class PostgresqlWatchdog {
 public:
  // `stop` is a shell command. Throws std::runtime_error if it cannot be started.
  PostgresqlWatchdog(const std::filesystem::path& folder, const std::string& stop);
  PostgresqlWatchdog(const PostgresqlWatchdog&) = delete;
  PostgresqlWatchdog& operator=(const PostgresqlWatchdog&) = delete;
  // Returns when all is gone.
  ~PostgresqlWatchdog();

 private:
  int alive_ = -1;  // Closed by our end, for it to see.
  int done_ = -1;   // Closed by its end, for us to see.
};

// A PostgreSQL server of this test's own: made in a folder of its own, reached by a Unix socket in there, gone with
// this object, or with the process if that is killed. As PostgreSQL does not run as root, it then runs as the user
// `postgres`. Throws std::runtime_error if there is no PostgreSQL or it does not start; its words are in the message.
class PostgresqlServer {
 public:
  PostgresqlServer();
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;

  // Where a user, who needs no password, finds it.
  std::string uri(const std::string& user = "postgres") const;
  // The Unix socket there.
  std::filesystem::path socket() const { return folder_ / ".s.PGSQL.5432"; }

  // Ends it at once, as a crash of its machine would.
  void stop();
  void start();

 private:
  std::string stop_command() const;
  void run(const std::string& command) const;

  std::filesystem::path folder_;
  PostgresqlWatchdog watchdog_;  // From here on the folder is in its care, also when our constructor fails.
};

}  // namespace coatcheck::warehouse
