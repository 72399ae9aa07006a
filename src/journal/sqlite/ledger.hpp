#pragma once

#include <optional>

#include "journal/journal.hpp"
#include "journal/sqlite/database.hpp"
#include "journal/sqlite/skew.hpp"

namespace coatcheck::journal::sqlite {

// What the committing thread writes with: one connection and its prepared statements. Blocks; used by one
// thread at a time.
class Ledger {
 public:
  static Result<Ledger> open(Database database);

  Result<void> begin();
  // Durable when this returns.
  Result<void> commit();
  void roll_back();

  // Between begin() and commit(). Refusing an operation leaves the transaction as it was; whatever else
  // goes wrong is in failure().
  Result<Journal::Submitted> submit(const Entry& entry);
  Result<void> record(const Entry& entry);
  Result<std::vector<QueryId>> forget(Timestamp before, std::size_t limit);

  // Why the transaction must not be committed, if SQLite has failed in it.
  const std::optional<Error>& failure() const { return failure_; }

  // Rows changed since the connection was opened.
  std::int64_t changes() const;

  Database& database() { return database_; }

 private:
  explicit Ledger(Database database) : database_(std::move(database)) {}

  Result<bool> step(Statement& statement);
  Result<std::optional<Entry>> earlier(const Entry& entry);
  Result<bool> is_there(const QueryId& id);
  Result<void> forget_one(std::int64_t seq);

  Database database_;
  Skew skew_;
  std::optional<Error> failure_;
  Statement begin_;
  Statement commit_;
  Statement roll_back_;
  Statement find_key_;
  Statement find_id_;
  Statement select_entry_;
  Statement insert_query_;
  Statement insert_submission_;
  Statement update_query_;
  Statement update_skew_;
  Statement find_ended_;
  Statement delete_query_;
  Statement delete_submission_;
};

}  // namespace coatcheck::journal::sqlite
