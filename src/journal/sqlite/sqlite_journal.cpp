#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <mutex>
#include <utility>

#include "async/pool.hpp"
#include "base/files.hpp"
#include "journal/journal.hpp"
#include "journal/sqlite/checkpointer.hpp"
#include "journal/sqlite/committer.hpp"
#include "journal/sqlite/file_lock.hpp"
#include "journal/sqlite/operations.hpp"
#include "journal/sqlite/reader.hpp"
#include "journal/sqlite/schema.hpp"

namespace coatcheck::journal {

namespace sqlite {

namespace {

// How many queries a history() looks at before other reads get their turn: some tens of milliseconds.
constexpr std::size_t slice_visits = 20'000;

constexpr std::size_t limit_max = std::numeric_limits<int>::max();

// A connection to read with, and the thread that does it.
struct Desk {
  explicit Desk(Reader its_reader) : reader(std::move(its_reader)) {}

  std::optional<Reader> reader;
  async::Pool pool{1};  // Its thread ends before the connection does.
};

// Everything opened, before there are threads.
struct Parts {
  FileLock lock;
  Ledger ledger;
  Database checkpoints;
  Reader front;
  std::vector<Reader> readers;
};

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(JournalOptions options, Parts parts, async::Loop& loop)
      : options_(std::move(options)),
        executor_(loop.get_executor()),
        lock_(std::move(parts.lock)),
        front_(std::move(parts.front)),
        checkpointer_(std::make_unique<Checkpointer>(std::move(parts.checkpoints), health_)),
        committer_(
            std::make_unique<Committer>(std::move(parts.ledger), options_, *checkpointer_, health_, counts_, loop)) {
    for (Reader& reader : parts.readers) desks_.push_back(std::make_unique<Desk>(std::move(reader)));
  }

  ~SqliteJournal() override {
    desks_.clear();
    close_files();
  }

  async::Task<Result<Submitted>> submit(Entry entry) override {
    if (auto refusal = refuse_write()) co_return *std::move(refusal);
    auto work = [entry = std::move(entry)](Ledger& ledger) { return ledger.submit(entry); };
    co_return co_await committed<Submitted>(committer_.get(), executor_, std::move(work));
  }

  async::Task<Result<void>> record(Entry entry) override {
    if (auto refusal = refuse_write()) co_return *std::move(refusal);
    auto work = [entry = std::move(entry)](Ledger& ledger) -> Result<std::monostate> {
      auto done = ledger.record(entry);
      if (!done) return std::move(done).error();
      return std::monostate{};
    };
    auto done = co_await committed<std::monostate>(committer_.get(), executor_, std::move(work));
    if (!done) co_return std::move(done).error();
    co_return Result<void>::ok();
  }

  void note(Entry entry) override {
    if (closed_) return;
    committer_->push(std::make_unique<Note>(std::move(entry), counts_));
  }

  bool writable() const override { return !health_.broken(); }

  async::Task<Result<std::optional<Entry>>> find(QueryId id) override {
    if (closed_) co_return closed_error();
    Desk& desk = next_desk();
    auto look = [&desk, id] { return desk.reader->find(id); };
    co_return co_await desk.pool.run(std::move(look));
  }

  async::Task<Result<std::optional<Entry>>> find_by_key(std::string principal, std::string idempotency_key) override {
    if (closed_) co_return closed_error();
    Desk& desk = next_desk();
    auto look = [&desk, &principal, &idempotency_key] { return desk.reader->find_by_key(principal, idempotency_key); };
    co_return co_await desk.pool.run(std::move(look));
  }

  async::Task<Result<HistoryPage>> history(HistoryFilter filter, std::optional<QueryId> from,
                                           std::size_t limit) override {
    HistoryPage page;
    for (;;) {
      if (closed_) co_return closed_error();
      Desk& desk = next_desk();
      const std::size_t wanted = std::max<std::size_t>(limit, 1) - page.entries.size();
      auto look = [&desk, &filter, from, wanted] { return desk.reader->history(filter, from, wanted, slice_visits); };
      auto slice = co_await desk.pool.run(std::move(look));
      if (!slice) co_return std::move(slice).error();
      std::move(slice->page.entries.begin(), slice->page.entries.end(), std::back_inserter(page.entries));
      page.next = slice->page.next;
      from = slice->resume;
      if (!from) co_return page;
    }
  }

  Result<void> replay(std::size_t recent, const std::function<void(Result<Entry>)>& visit) override {
    const std::lock_guard lock(front_mutex_);
    if (!front_) return closed_error();
    return front_->replay(recent, visit);
  }

  Result<bool> has_result(QueryId id) override {
    const std::lock_guard lock(front_mutex_);
    if (!front_) return closed_error();
    return front_->has_result(id);
  }

  async::Task<Result<std::vector<Entry>>> expired_results(Timestamp now, std::size_t limit) override {
    if (closed_) co_return closed_error();
    Desk& desk = next_desk();
    auto look = [&desk, now, limit] { return desk.reader->expired_results(now, limit); };
    co_return co_await desk.pool.run(std::move(look));
  }

  async::Task<Result<std::vector<QueryId>>> forget(Timestamp before, std::size_t limit) override {
    if (auto refusal = refuse_write()) co_return *std::move(refusal);
    auto work = [before, limit = std::min(limit, limit_max)](Ledger& ledger) { return ledger.forget(before, limit); };
    co_return co_await committed<std::vector<QueryId>>(committer_.get(), executor_, std::move(work));
  }

  async::Task<> close() override {
    if (std::exchange(closed_, true)) co_return;
    // A desk works in order: when this is done, so is every read that was asked of it before.
    for (const std::unique_ptr<Desk>& desk : desks_) {
      auto release = [&desk] { desk->reader.reset(); };
      co_await desk->pool.run(std::move(release));
    }
    auto finish = [this] { close_files(); };
    co_await desks_.front()->pool.run(std::move(finish));
  }

  Counters counters() const override {
    return {.commits = counts_.commits.load(std::memory_order_relaxed),
            .records = counts_.records.load(std::memory_order_relaxed),
            .lost_notes = counts_.lost_notes.load(std::memory_order_relaxed)};
  }

 private:
  static Error closed_error() { return {Errc::unavailable, "the journal is closed"}; }

  std::optional<Error> refuse_write() const {
    if (closed_) return closed_error();
    if (auto reason = health_.reason()) return reason;
    if (committer_->pending() >= options_.pending_max) {
      return Error{Errc::resource_exhausted, "too many records wait to be written to the journal"};
    }
    return std::nullopt;
  }

  Desk& next_desk() { return *desks_[next_desk_++ % desks_.size()]; }

  // Commits what is pending, then closes the connections; the last one copies the WAL into the file, unless
  // the disk has shown that it cannot be trusted with that. Blocks; the desks are closed already.
  void close_files() {
    if (!committer_) return;
    committer_->finish();
    checkpointer_->finish();
    if (health_.broken()) {
      committer_->database().keep_wal_on_close();
      checkpointer_->database().keep_wal_on_close();
    }
    {
      const std::lock_guard lock(front_mutex_);
      front_.reset();
    }
    committer_.reset();
    checkpointer_.reset();
    lock_.reset();
  }

  const JournalOptions options_;
  const async::Executor executor_;
  std::optional<FileLock> lock_;
  Health health_;
  Counts counts_;
  std::mutex front_mutex_;
  std::optional<Reader> front_;  // For the calls that block.
  std::unique_ptr<Checkpointer> checkpointer_;
  std::unique_ptr<Committer> committer_;
  std::vector<std::unique_ptr<Desk>> desks_;
  std::size_t next_desk_ = 0;
  bool closed_ = false;
};

// SQLite would make it readable by everybody; what it makes beside it has the same permissions.
Result<void> make_private(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return io_error("opening " + file.string(), errno);
  ::close(descriptor);
  return Result<void>::ok();
}

Result<Reader> open_reader(const JournalOptions& options) {
  auto database = Database::open(options.file, options.vfs);
  if (!database) return std::move(database).error();
  return Reader::open(*std::move(database));
}

Result<Parts> open_parts(const JournalOptions& options) {
  const std::filesystem::path directory = std::filesystem::absolute(options.file).parent_path();
  if (auto done = disk().make_directories(directory); !done) return std::move(done).error();
  auto lock = FileLock::take(options.file.string() + ".lock");
  if (!lock) return std::move(lock).error();
  if (auto done = make_private(options.file); !done) return std::move(done).error();

  auto database = Database::open(options.file, options.vfs);
  if (!database) return std::move(database).error();
  if (auto done = migrate(*database, migrations()); !done) return std::move(done).error();
  // The names of new files and of their directory must not be lost either.
  if (auto done = disk().sync_directory(directory); !done) return std::move(done).error();
  if (auto done = disk().sync_directory(directory.parent_path()); !done) return std::move(done).error();

  auto ledger = Ledger::open(*std::move(database));
  if (!ledger) return std::move(ledger).error();
  auto checkpoints = Database::open(options.file, options.vfs);
  if (!checkpoints) return std::move(checkpoints).error();
  auto front = open_reader(options);
  if (!front) return std::move(front).error();
  Parts parts{.lock = *std::move(lock),
              .ledger = *std::move(ledger),
              .checkpoints = *std::move(checkpoints),
              .front = *std::move(front),
              .readers = {}};
  for (std::size_t i = 0; i != std::max<std::size_t>(options.readers, 1); ++i) {
    auto reader = open_reader(options);
    if (!reader) return std::move(reader).error();
    parts.readers.push_back(*std::move(reader));
  }
  return parts;
}

}  // namespace

}  // namespace sqlite

Result<std::unique_ptr<Journal>> open_sqlite_journal(JournalOptions options, async::Loop& loop) {
  auto parts = sqlite::open_parts(options);
  if (!parts) return std::move(parts).error();
  return std::unique_ptr<Journal>(std::make_unique<sqlite::SqliteJournal>(std::move(options), *std::move(parts), loop));
}

}  // namespace coatcheck::journal
