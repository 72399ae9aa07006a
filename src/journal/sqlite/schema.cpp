#include "journal/sqlite/schema.hpp"

#include <array>
#include <string>

#include "base/fail_point.hpp"
#include "journal/sqlite/entry_row.hpp"

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::int64_t application_id = 0x43434a4c;  // "CCJL"

Result<void> make_version_1(Database& database) {
  return database.execute(R"sql(
    CREATE TABLE query (
      seq INTEGER PRIMARY KEY,
      id BLOB NOT NULL CHECK (length(id) = 16),
      version INTEGER NOT NULL,
      state INTEGER NOT NULL,
      submitted_at INTEGER NOT NULL,
      principal TEXT NOT NULL,
      warehouse TEXT NOT NULL,
      query_tag TEXT,
      idempotency_key TEXT,
      attempt INTEGER NOT NULL,
      crashes INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      started_at INTEGER,
      cancel_requested_at INTEGER,
      ended_at INTEGER,
      failure BLOB,
      result_rows INTEGER,
      result_bytes INTEGER,
      result_chunks INTEGER,
      result_truncated INTEGER,
      expires_at INTEGER,
      result_gone INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX by_id ON query (id);
    CREATE INDEX by_principal ON query (principal, state, id);
    CREATE INDEX by_state ON query (state, id);
    CREATE INDEX by_tag ON query (query_tag, id) WHERE query_tag IS NOT NULL;
    CREATE UNIQUE INDEX by_idempotency_key ON query (principal, idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX by_expiry ON query (expires_at) WHERE state = 3 AND result_gone = 0 AND expires_at IS NOT NULL;

    CREATE TABLE submission (
      seq INTEGER PRIMARY KEY,
      statement TEXT NOT NULL,
      parameters BLOB,
      timeout INTEGER,
      row_limit INTEGER,
      result_ttl INTEGER NOT NULL,
      traceparent TEXT,
      fingerprint TEXT
    ) STRICT;

    CREATE TABLE skew (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      least INTEGER NOT NULL,
      most INTEGER NOT NULL
    ) STRICT;
    INSERT INTO skew VALUES (1, -1000000, 1000000);
  )sql");
}

// Without it, whoever asks for a tag of theirs that others use more looks at all that the others have.
Result<void> make_version_2(Database& database) {
  return database.execute(
      "CREATE INDEX by_principal_tag ON query (principal, query_tag, id) WHERE query_tag IS NOT NULL");
}

// The sessions of Snowflake's drivers ask for their own queries, one after the other.
Result<void> make_version_3(Database& database) {
  return database.execute(R"sql(
    ALTER TABLE query ADD COLUMN session INTEGER;
    CREATE INDEX by_session ON query (session, id) WHERE session IS NOT NULL;
  )sql");
}

// NULL is Form::statement, which almost all are.
Result<void> make_version_4(Database& database) {
  return database.execute("ALTER TABLE submission ADD COLUMN form INTEGER");
}

// Of queries that run elsewhere; NULL for all others.
Result<void> make_version_5(Database& database) {
  return database.execute(R"sql(
    ALTER TABLE query ADD COLUMN handle TEXT;
    ALTER TABLE query ADD COLUMN result_kept INTEGER;
  )sql");
}

// NULL is 0, which almost all have.
Result<void> make_version_6(Database& database) {
  return database.execute("ALTER TABLE submission ADD COLUMN priority INTEGER");
}

// A value that has become another one of its kind is one that no other rule finds.
Result<void> make_version_7(Database& database) { return database.execute(add_checksums_sql().c_str()); }

constexpr std::array<Migration, 7> all_migrations = {make_version_1, make_version_2, make_version_3, make_version_4,
                                                     make_version_5, make_version_6, make_version_7};

Result<void> step_to(Database& database, Migration step, std::int64_t version) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
  Result<void> done = step(database);
  if (done) done = database.execute(("PRAGMA user_version=" + std::to_string(version)).c_str());
  if (done) done = database.execute(("PRAGMA application_id=" + std::to_string(application_id)).c_str());
  fail_point("schema.commit");
  if (done) done = database.execute("COMMIT");
  fail_point("schema.committed");
  // After some failures SQLite has rolled back by itself, and this says that there is nothing to do.
  if (!done) static_cast<void>(static_cast<bool>(database.execute("ROLLBACK")));
  return done;
}

// A fresh file has neither version nor tables; anything else must say that it is ours.
Result<void> check_ours(Database& database, std::int64_t version) {
  const auto id = database.integer("PRAGMA application_id");
  if (!id) return id.error();
  if (*id == application_id) return Result<void>::ok();
  const auto tables = database.integer("SELECT count(*) FROM sqlite_master");
  if (!tables) return tables.error();
  if (*id == 0 && version == 0 && *tables == 0) return Result<void>::ok();
  return Error{Errc::corrupt, "the journal file is a database of something else"};
}

}  // namespace

std::span<const Migration> migrations() { return all_migrations; }

Result<void> migrate(Database& database, std::span<const Migration> steps) {
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  if (auto ours = check_ours(database, *version); !ours) return ours;

  const auto known = static_cast<std::int64_t>(steps.size());
  if (*version < 0 || *version > known) {
    return Error{Errc::conflict, "the journal has schema version " + std::to_string(*version) +
                                     ", and this program knows versions up to " + std::to_string(known)};
  }
  for (std::int64_t at = *version; at != known; ++at) {
    if (auto done = step_to(database, steps[static_cast<std::size_t>(at)], at + 1); !done) return done;
  }
  return Result<void>::ok();
}

}  // namespace coatcheck::journal::sqlite
