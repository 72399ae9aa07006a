#include "journal/sqlite/database.hpp"

#include <sqlite3.h>

#include "journal/sqlite/row_checksum.hpp"

namespace coatcheck::journal::sqlite {

namespace {

constexpr int busy_milliseconds = 10'000;
constexpr int restart_busy_milliseconds = 50;

// Debian's SQLite overwrites everything it deletes by default; FAST does so only where it costs no I/O.
constexpr const char* connection_pragmas =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=0;"
    "PRAGMA cache_size=-32768;"
    "PRAGMA secure_delete=FAST;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA trusted_schema=OFF;";

Errc code_of(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::unavailable;
    case SQLITE_CONSTRAINT: return Errc::conflict;
    case SQLITE_TOOBIG: return Errc::invalid_argument;
    default: return Errc::io_error;
  }
}

// An empty view may have no address, which SQLite would take for NULL.
const char* address_of(std::string_view bytes) { return bytes.empty() ? "" : bytes.data(); }

}  // namespace

Error sqlite_error(sqlite3* handle, const std::string& what) {
  return {code_of(sqlite3_extended_errcode(handle)), what + ": " + sqlite3_errmsg(handle)};
}

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), bind_problem_(other.bind_problem_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(bind_problem_, other.bind_problem_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(handle_); }

void Statement::bind(int at, std::int64_t value) { bind_problem_ |= sqlite3_bind_int64(handle_, at, value); }

void Statement::bind(int at, std::optional<std::int64_t> value) {
  bind_problem_ |= value ? sqlite3_bind_int64(handle_, at, *value) : sqlite3_bind_null(handle_, at);
}

void Statement::bind_text(int at, std::string_view text) {
  bind_problem_ |= sqlite3_bind_text64(handle_, at, address_of(text), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void Statement::bind_text_or_null(int at, std::string_view text) {
  if (!text.empty()) return bind_text(at, text);
  bind_problem_ |= sqlite3_bind_null(handle_, at);
}

void Statement::bind_blob(int at, std::string_view bytes) {
  bind_problem_ |= sqlite3_bind_blob64(handle_, at, address_of(bytes), bytes.size(), SQLITE_STATIC);
}

void Statement::bind_blob_or_null(int at, std::string_view bytes) {
  if (!bytes.empty()) return bind_blob(at, bytes);
  bind_problem_ |= sqlite3_bind_null(handle_, at);
}

Result<bool> Statement::step() {
  sqlite3* const database = sqlite3_db_handle(handle_);
  if (bind_problem_ != SQLITE_OK) return Error{Errc::io_error, "SQLite could not take a parameter"};
  const int result = sqlite3_step(handle_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return sqlite_error(database, "the journal");
}

void Statement::reset() {
  // Its result repeats what step() has said.
  static_cast<void>(sqlite3_reset(handle_));
  static_cast<void>(sqlite3_clear_bindings(handle_));
  bind_problem_ = 0;
}

bool Columns::expect(int type) {
  ++at_;
  if (sqlite3_column_type(handle_, at_) == type) return true;
  bad_ = true;
  return false;
}

std::int64_t Columns::integer() { return expect(SQLITE_INTEGER) ? sqlite3_column_int64(handle_, at_) : 0; }

std::optional<std::int64_t> Columns::optional_integer() {
  if (sqlite3_column_type(handle_, at_ + 1) != SQLITE_NULL) return integer();
  ++at_;
  return std::nullopt;
}

std::string_view Columns::text() {
  if (!expect(SQLITE_TEXT)) return {};
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_, at_));
  if (bytes == nullptr) {
    bad_ = true;
    return {};
  }
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle_, at_))};
}

std::string_view Columns::optional_text() {
  if (sqlite3_column_type(handle_, at_ + 1) != SQLITE_NULL) return text();
  ++at_;
  return {};
}

std::string_view Columns::blob() {
  if (!expect(SQLITE_BLOB)) return {};
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, at_));
  return {bytes, bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(handle_, at_))};
}

std::optional<std::string_view> Columns::optional_blob() {
  if (sqlite3_column_type(handle_, at_ + 1) != SQLITE_NULL) return blob();
  ++at_;
  return std::nullopt;
}

Result<Database> Database::open(const std::filesystem::path& file, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(file.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  Database database(handle);  // SQLite wants even a failed one closed.
  if (handle == nullptr) return Error{Errc::io_error, "SQLite has no memory to open " + file.string()};
  if (result != SQLITE_OK) return sqlite_error(handle, "opening " + file.string());

  sqlite3_busy_timeout(handle, busy_milliseconds);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (auto added = add_row_checksum(handle); !added) return std::move(added).error();
  if (auto set = database.execute(connection_pragmas); !set) {
    Error error = std::move(set).error();
    error.message = "opening " + file.string() + ": " + error.message;
    return error;
  }
  return database;
}

Result<Database> Database::open_to_read(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  Database database(handle);  // SQLite wants even a failed one closed.
  if (handle == nullptr) return Error{Errc::io_error, "SQLite has no memory to open " + file.string()};
  if (result != SQLITE_OK) return sqlite_error(handle, "opening " + file.string());
  sqlite3_busy_timeout(handle, busy_milliseconds);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (auto added = add_row_checksum(handle); !added) return std::move(added).error();
  return database;
}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_error(handle_, "the journal");
  return Result<void>::ok();
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return sqlite_error(handle_, "the journal");
  }
  return Statement(statement);
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  auto row = statement->step();
  if (!row) return std::move(row).error();
  if (!*row) return Error{Errc::corrupt, "the journal lacks a row it must have"};
  Columns columns(*statement);
  const std::int64_t value = columns.integer();
  if (columns.bad()) return Error{Errc::corrupt, "the journal has a number that is none"};
  return value;
}

Result<bool> Database::checkpoint(Checkpoint how) {
  const bool restart = how == Checkpoint::restart;
  if (restart) sqlite3_busy_timeout(handle_, restart_busy_milliseconds);
  const int result = sqlite3_wal_checkpoint_v2(
      handle_, nullptr, restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (restart) sqlite3_busy_timeout(handle_, busy_milliseconds);
  if (result == SQLITE_OK) return true;
  if ((result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED) return false;
  return sqlite_error(handle_, "checkpointing the journal");
}

void Database::keep_wal_on_close() { sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

}  // namespace coatcheck::journal::sqlite
