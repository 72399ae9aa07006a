#pragma once

#include "journal/journal.hpp"
#include "journal/sqlite/database.hpp"

namespace coatcheck::journal::sqlite {

// How an Entry lies in the tables `query` and `submission` (docs/formats/journal.md).

// What of an Entry is bytes in its row. Must outlive the statement's run.
struct EntryBlobs {
  explicit EntryBlobs(const Entry& entry);
  // Of what changes alone: parameters never do, and may be long.
  static EntryBlobs of_change(const Entry& entry);

  std::string parameters;  // Empty for none.
  std::string failure;     // Empty for none.

 private:
  EntryBlobs() = default;
};

std::string insert_query_sql();
void bind_insert_query(Statement& statement, const Entry& entry, const EntryBlobs& blobs);

std::string insert_submission_sql();
void bind_insert_submission(Statement& statement, std::int64_t seq, const Entry& entry, const EntryBlobs& blobs);

// Changes the row only if it holds the version before the entry's.
std::string update_query_sql();
void bind_update_query(Statement& statement, const Entry& entry, const EntryBlobs& blobs);

// Selects the entry with id ?1.
std::string select_entry_sql();
// The entry in the statement's row; Errc::corrupt if it is not what was written.
Result<Entry> read_entry(const Statement& statement);

// Gives both tables their column of checksums, and every row its own.
std::string add_checksums_sql();

std::string_view bytes_of(const QueryId& id);
std::optional<QueryId> id_from(std::string_view bytes);
std::optional<State> state_from(std::int64_t number);
constexpr std::int64_t number_of(State state) { return static_cast<std::int64_t>(state); }
constexpr std::int64_t number_of(Timestamp time) { return time.time_since_epoch().count(); }

}  // namespace coatcheck::journal::sqlite
