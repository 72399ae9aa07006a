#pragma once

#include <filesystem>
#include <string>

namespace coatcheck::warehouse {

// A PostgreSQL server of this test's own: made in a folder of its own, reached by a Unix socket in there, gone with
// this object. As PostgreSQL does not run as root, it then runs as the user `postgres`. Throws std::runtime_error if
// there is no PostgreSQL or it does not start; its words are in the message.
class PostgresqlServer {
 public:
  PostgresqlServer();
  PostgresqlServer(const PostgresqlServer&) = delete;
  PostgresqlServer& operator=(const PostgresqlServer&) = delete;
  ~PostgresqlServer();

  // Where a user, who needs no password, finds it.
  std::string uri(const std::string& user = "postgres") const;

  // Ends it at once, as a crash of its machine would.
  void stop();
  void start();

 private:
  void run(const std::string& program, const std::string& arguments) const;

  std::filesystem::path folder_;
};

}  // namespace coatcheck::warehouse
