#include "journal/sqlite/ledger.hpp"

#include <sqlite3.h>

#include <array>
#include <utility>
#include <vector>

#include "journal/sqlite/entry_row.hpp"

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::size_t submission_bytes_max = std::size_t{64} << 20;

bool is_too_big(const Entry& entry, const EntryBlobs& blobs) {
  const Submission& submission = entry.submission;
  std::size_t bytes = blobs.parameters.size() + blobs.failure.size();
  for (const std::string* text :
       {&submission.principal, &submission.warehouse, &submission.statement.text, &submission.query_tag,
        &submission.traceparent, &submission.idempotency_key, &submission.fingerprint}) {
    bytes += text->size();
  }
  return bytes > submission_bytes_max;
}

}  // namespace

Result<Ledger> Ledger::open(Database database) {
  Ledger ledger(std::move(database));
  auto skew = Skew::load(ledger.database_);
  if (!skew) return std::move(skew).error();
  ledger.skew_ = *skew;

  const std::array<std::pair<Statement*, std::string>, 13> statements = {{
      {&ledger.begin_, "BEGIN IMMEDIATE"},
      {&ledger.commit_, "COMMIT"},
      {&ledger.roll_back_, "ROLLBACK"},
      {&ledger.find_key_, "SELECT id FROM query WHERE principal=?1 AND idempotency_key=?2"},
      {&ledger.find_id_, "SELECT 1 FROM query WHERE id=?1"},
      {&ledger.select_entry_, select_entry_sql()},
      {&ledger.insert_query_, insert_query_sql()},
      {&ledger.insert_submission_, insert_submission_sql()},
      {&ledger.update_query_, update_query_sql()},
      {&ledger.update_skew_, "UPDATE skew SET least=?1, most=?2 WHERE one=1"},
      {&ledger.find_ended_,
       "SELECT seq, id FROM query INDEXED BY by_state WHERE state=?1 AND id<=?2 AND submitted_at<?3"
       " AND (expires_at IS NULL OR result_gone<>0) ORDER BY id LIMIT ?4"},
      {&ledger.delete_query_, "DELETE FROM query WHERE seq=?1"},
      {&ledger.delete_submission_, "DELETE FROM submission WHERE seq=?1"},
  }};
  for (const auto& [statement, sql] : statements) {
    auto prepared = ledger.database_.prepare(sql);
    if (!prepared) return std::move(prepared).error();
    *statement = *std::move(prepared);
  }
  return ledger;
}

Result<void> Ledger::begin() {
  failure_.reset();
  const InUse use(begin_);
  auto done = step(begin_);
  if (!done) return std::move(done).error();
  return Result<void>::ok();
}

Result<void> Ledger::commit() {
  const InUse use(commit_);
  auto done = step(commit_);
  if (!done) return std::move(done).error();
  return Result<void>::ok();
}

void Ledger::roll_back() {
  // After some failures SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(database_.handle()) != 0) return;
  const InUse use(roll_back_);
  static_cast<void>(static_cast<bool>(roll_back_.step()));
}

Result<Journal::Submitted> Ledger::submit(const Entry& entry) {
  if (!entry.submission.idempotency_key.empty()) {
    auto replayed = earlier(entry);
    if (!replayed) return std::move(replayed).error();
    if (*replayed) return Journal::Submitted{.entry = **std::move(replayed), .replayed = true};
  }
  const EntryBlobs blobs(entry);
  if (is_too_big(entry, blobs)) return Error{Errc::invalid_argument, "the submission is too big for the journal"};
  {
    const InUse use(insert_query_);
    bind_insert_query(insert_query_, entry, blobs);
    if (auto done = step(insert_query_); !done) {
      if (done.error().code != Errc::conflict) return std::move(done).error();
      return Error{Errc::conflict, "the journal already has a query " + entry.id.to_string()};
    }
  }
  {
    const InUse use(insert_submission_);
    bind_insert_submission(insert_submission_, sqlite3_last_insert_rowid(database_.handle()), entry, blobs);
    if (auto done = step(insert_submission_); !done) {
      // Half a query must not be committed, whatever the reason.
      failure_ = done.error();
      return std::move(done).error();
    }
  }
  if (skew_.widen(entry.id, entry.submitted_at)) {
    const InUse use(update_skew_);
    update_skew_.bind(1, skew_.least);
    update_skew_.bind(2, skew_.most);
    if (auto done = step(update_skew_); !done) return std::move(done).error();
  }
  return Journal::Submitted{.entry = entry, .replayed = false};
}

Result<void> Ledger::record(const Entry& entry) {
  const EntryBlobs blobs = EntryBlobs::of_change(entry);
  {
    const InUse use(update_query_);
    bind_update_query(update_query_, entry, blobs);
    if (auto done = step(update_query_); !done) return std::move(done).error();
  }
  if (sqlite3_changes(database_.handle()) != 0) return Result<void>::ok();

  const auto there = is_there(entry.id);
  if (!there) return there.error();
  if (!*there) return Error{Errc::not_found, "the journal has no query " + entry.id.to_string()};
  return Error{Errc::conflict, "version " + std::to_string(entry.version) + " of query " + entry.id.to_string() +
                                   " does not follow the one in the journal"};
}

Result<std::vector<QueryId>> Ledger::forget(Timestamp before, std::size_t limit) {
  const QueryId highest = skew_.highest_id(before);
  std::vector<QueryId> forgotten;
  for (const State state : {State::succeeded, State::failed, State::canceled}) {
    std::vector<std::int64_t> ended;
    {
      const InUse use(find_ended_);
      find_ended_.bind(1, number_of(state));
      find_ended_.bind_blob(2, bytes_of(highest));
      find_ended_.bind(3, number_of(before));
      find_ended_.bind(4, static_cast<std::int64_t>(limit - forgotten.size()));
      for (;;) {
        const auto row = step(find_ended_);
        if (!row) return row.error();
        if (!*row) break;
        Columns columns(find_ended_);
        ended.push_back(columns.integer());
        const auto id = id_from(columns.blob());
        if (!id) return Error{Errc::corrupt, "the journal has an entry whose id is none"};
        forgotten.push_back(*id);
      }
    }
    for (const std::int64_t seq : ended) {
      if (auto done = forget_one(seq); !done) return std::move(done).error();
    }
  }
  return forgotten;
}

Result<void> Ledger::forget_one(std::int64_t seq) {
  for (Statement* const statement : {&delete_query_, &delete_submission_}) {
    const InUse use(*statement);
    statement->bind(1, seq);
    if (auto done = step(*statement); !done) return std::move(done).error();
  }
  return Result<void>::ok();
}

std::int64_t Ledger::changes() const { return sqlite3_total_changes64(database_.handle()); }

Result<bool> Ledger::step(Statement& statement) {
  auto row = statement.step();
  if (!row && row.error().code != Errc::conflict) failure_ = row.error();
  return row;
}

Result<std::optional<Entry>> Ledger::earlier(const Entry& entry) {
  const InUse use_key(find_key_);
  find_key_.bind_text(1, entry.submission.principal);
  find_key_.bind_text(2, entry.submission.idempotency_key);
  const auto known = step(find_key_);
  if (!known) return known.error();
  if (!*known) return std::optional<Entry>();

  const InUse use_entry(select_entry_);
  select_entry_.bind_blob(1, Columns(find_key_).blob());
  const auto found = step(select_entry_);
  if (!found) return found.error();
  if (!*found) return Error{Errc::corrupt, "the journal's index of idempotency keys names a query that is not there"};
  auto read = read_entry(select_entry_);
  if (!read) return std::move(read).error();
  return std::optional<Entry>(*std::move(read));
}

Result<bool> Ledger::is_there(const QueryId& id) {
  const InUse use(find_id_);
  find_id_.bind_blob(1, bytes_of(id));
  return step(find_id_);
}

}  // namespace coatcheck::journal::sqlite
