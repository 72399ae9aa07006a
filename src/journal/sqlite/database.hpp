#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace coatcheck::journal::sqlite {

// A prepared statement. Dies before its Database. What is bound is not copied: it must live until reset().
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1. What cannot be bound makes step() fail.
  void bind(int at, std::int64_t value);
  void bind(int at, std::optional<std::int64_t> value);
  void bind_text(int at, std::string_view text);
  void bind_text_or_null(int at, std::string_view text);  // An empty text is NULL.
  void bind_blob(int at, std::string_view bytes);
  void bind_blob_or_null(int at, std::string_view bytes);  // No bytes are NULL.

  // Whether there is a row to read. A broken constraint is Errc::conflict.
  Result<bool> step();

  // Makes it ready to be bound and run again.
  void reset();

  sqlite3_stmt* handle() const { return handle_; }

 private:
  sqlite3_stmt* handle_ = nullptr;
  int bind_problem_ = 0;
};

// Resets a statement at the end of a scope, so that it holds no snapshot and refers to nothing.
class InUse {
 public:
  explicit InUse(Statement& statement) : statement_(statement) {}
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;
  ~InUse() { statement_.reset(); }

 private:
  Statement& statement_;
};

// Reads one row from left to right and checks every value's type; a wrong one is remembered in bad().
class Columns {
 public:
  explicit Columns(const Statement& statement) : handle_(statement.handle()) {}

  std::int64_t integer();
  std::optional<std::int64_t> optional_integer();
  // Views into the row, good until the next step() or reset().
  std::string_view text();
  std::string_view optional_text();  // NULL is empty.
  std::string_view blob();
  std::optional<std::string_view> optional_blob();

  bool bad() const { return bad_; }

 private:
  bool expect(int type);

  sqlite3_stmt* handle_;
  int at_ = -1;
  bool bad_ = false;
};

// One connection. Used by one thread at a time.
class Database {
 public:
  // Opens `file`, made if not there, with what every connection of ours has in common: WAL, synchronous
  // FULL, no checkpoints but those asked for.
  static Result<Database> open(const std::filesystem::path& file, const std::string& vfs);
  // Opens a file that is there, to be read only: nothing done with it changes what is stored.
  static Result<Database> open_to_read(const std::filesystem::path& file);

  Database(Database&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Database& operator=(Database&& other) noexcept;
  ~Database();

  // Runs SQL that yields nothing of interest.
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  // The single integer that `sql` yields.
  Result<std::int64_t> integer(std::string_view sql);

  enum class Checkpoint { passive, restart };
  // Copies committed pages from the WAL into the file: passive as far as nobody is in the way, restart
  // until the next commit can begin the WAL anew. False if somebody was in the way.
  Result<bool> checkpoint(Checkpoint how);

  // Leaves the WAL as it is when the last connection closes.
  void keep_wal_on_close();

  sqlite3* handle() const { return handle_; }

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}

  sqlite3* handle_ = nullptr;
};

// What SQLite said on `handle`, by its latest result code.
Error sqlite_error(sqlite3* handle, const std::string& what);

}  // namespace coatcheck::journal::sqlite
