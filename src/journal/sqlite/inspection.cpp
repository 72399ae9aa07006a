#include "journal/inspection.hpp"

#include <system_error>
#include <utility>

#include "journal/sqlite/entry_row.hpp"
#include "journal/sqlite/reader.hpp"
#include "journal/sqlite/schema.hpp"
#include "journal/sqlite/wal_check.hpp"

namespace coatcheck::journal {

namespace sqlite {

namespace {

constexpr std::int64_t page_rows = 1'000;  // Of a part of visit(), in one read.

// Every row that is wrong gets a line, up to a number; a page that is wrong can make very many.
constexpr const char* check_sql = "PRAGMA integrity_check(50)";

// What SQLite's check does not look at: whether the two tables have each other's rows.
constexpr const char* strays_sql =
    "SELECT 'query ' || lower(hex(id)) || ' has no submission' FROM query"
    " WHERE NOT EXISTS (SELECT 1 FROM submission WHERE submission.seq = query.seq)"
    " UNION ALL SELECT 'submission ' || seq || ' belongs to no query' FROM submission"
    " WHERE NOT EXISTS (SELECT 1 FROM query WHERE query.seq = submission.seq) LIMIT 50";

std::filesystem::path wal_of(std::filesystem::path file) { return file += "-wal"; }

struct Row {
  std::int64_t seq = 0;
  std::optional<QueryId> id;
};

class SqliteInspection final : public Inspection {
 public:
  SqliteInspection(std::filesystem::path file, Database database, Reader reader)
      : file_(std::move(file)), database_(std::move(database)), reader_(std::move(reader)) {}

  std::vector<std::string> structure() override {
    std::vector<std::string> problems;
    add_lines(check_sql, problems);
    add_lines(strays_sql, problems);
    const auto checked = check_wal(wal_of(file_));
    if (!checked) {
      problems.push_back(checked.error().message);
    } else if (*checked) {
      problems.push_back(**checked);
    }
    return problems;
  }

  void visit(const std::function<void(Entry)>& readable, const std::function<void(std::string)>& unreadable) override {
    std::int64_t after = -1;
    for (;;) {
      const auto rows = rows_after(after);
      if (!rows) return unreadable("the list of queries cannot be read on: " + rows.error().message);
      if (rows->empty()) return;
      for (const Row& row : *rows) visit_one(row, readable, unreadable);
      after = rows->back().seq;
    }
  }

  Result<std::optional<Entry>> find(const QueryId& id) override { return reader_.find(id); }

  Result<void> copy_to(const std::filesystem::path& file) override {
    auto copy = database_.prepare("VACUUM INTO ?1");
    if (!copy) return std::move(copy).error();
    const std::string name = file.string();
    copy->bind_text(1, name);
    if (auto done = copy->step(); !done) return std::move(done).error();
    std::error_code failed;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                 failed);
    if (failed) return Error{Errc::io_error, file.string() + ": " + failed.message()};
    return Result<void>::ok();
  }

 private:
  void add_lines(const char* sql, std::vector<std::string>& problems) {
    auto statement = database_.prepare(sql);
    if (!statement) return problems.push_back(statement.error().message);
    for (;;) {
      const auto row = statement->step();
      if (!row) return problems.push_back(row.error().message);
      if (!*row) return;
      const std::string line(Columns(*statement).text());
      if (line != "ok") problems.push_back(line);
    }
  }

  Result<std::vector<Row>> rows_after(std::int64_t after) {
    auto statement = database_.prepare("SELECT seq, id FROM query WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    if (!statement) return std::move(statement).error();
    statement->bind(1, after);
    statement->bind(2, page_rows);
    std::vector<Row> rows;
    for (;;) {
      const auto there = statement->step();
      if (!there) return there.error();
      if (!*there) return rows;
      Columns columns(*statement);
      Row row{.seq = columns.integer(), .id = {}};
      row.id = id_from(columns.blob());
      rows.push_back(row);
    }
  }

  void visit_one(const Row& row, const std::function<void(Entry)>& readable,
                 const std::function<void(std::string)>& unreadable) {
    if (!row.id) return unreadable("the query in row " + std::to_string(row.seq) + " has no id");
    auto found = reader_.find(*row.id);
    if (!found) return unreadable("query " + row.id->to_string() + ": " + found.error().message);
    if (*found) return readable(**std::move(found));
    // Forgotten meanwhile, or its index or its submission does not have it.
    const auto still = database_.integer("SELECT count(*) FROM query WHERE seq = " + std::to_string(row.seq));
    if (!still || *still != 0) unreadable("query " + row.id->to_string() + " is not found by its id");
  }

  const std::filesystem::path file_;
  Database database_;
  Reader reader_;
};

Result<void> check_version(Database& database, const std::filesystem::path& file) {
  const auto version = database.integer("PRAGMA user_version");
  if (!version) return version.error();
  const auto known = static_cast<std::int64_t>(migrations().size());
  if (*version == known) return Result<void>::ok();
  // The log may hold the schema itself.
  const auto log = check_wal(wal_of(file));
  if (log && *log) return Error{Errc::corrupt, file.string() + ": " + **log};
  return Error{Errc::conflict, file.string() + " has schema version " + std::to_string(*version) +
                                   ", and this program looks at version " + std::to_string(known) +
                                   (*version < known ? " only: the server's next start makes it that" : " only")};
}

}  // namespace

}  // namespace sqlite

Result<std::unique_ptr<Inspection>> Inspection::open(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::exists(file, none)) return Error{Errc::not_found, "there is no journal " + file.string()};
  auto database = sqlite::Database::open_to_read(file);
  if (!database) return std::move(database).error();
  if (auto ours = sqlite::check_version(*database, file); !ours) return std::move(ours).error();
  auto second = sqlite::Database::open_to_read(file);
  if (!second) return std::move(second).error();
  auto reader = sqlite::Reader::open(*std::move(second));
  if (!reader) return std::move(reader).error();
  return std::unique_ptr<Inspection>(
      std::make_unique<sqlite::SqliteInspection>(file, *std::move(database), *std::move(reader)));
}

bool has_result(const Entry& entry) {
  return entry.state == State::succeeded && entry.result && entry.result_gone == ResultGone::no;
}

}  // namespace coatcheck::journal
