#include "journal/sqlite/committer.hpp"

#include <sqlite3.h>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "base/fail_point.hpp"

namespace coatcheck::journal::sqlite {

namespace {

constexpr std::uint64_t frame_bytes = 4096 + 24;  // A page and its header.

int frames_of(std::uint64_t bytes) {
  const std::uint64_t frames = std::max<std::uint64_t>(bytes / frame_bytes, 1);
  return static_cast<int>(std::min<std::uint64_t>(frames, std::numeric_limits<int>::max() / 2));
}

int on_commit(void* wal_frames, sqlite3* /*database*/, const char* /*name*/, int frames) {
  *static_cast<int*>(wal_frames) = frames;
  return SQLITE_OK;
}

}  // namespace

Committer::Committer(Ledger ledger, const JournalOptions& options, Checkpointer& checkpointer, Health& health,
                     Counts& counts, async::Loop& loop)
    : ledger_(std::move(ledger)),
      group_max_(std::max<std::size_t>(options.group_max, 1)),
      checkpoint_frames_(frames_of(options.wal_checkpoint_bytes)),
      frames_max_(frames_of(options.wal_bytes_max)),
      checkpointer_(checkpointer),
      health_(health),
      counts_(counts),
      executor_(loop.get_executor()),
      wal_room_(options.file.string() + "-wal", options.wal_bytes_max) {
  sqlite3_wal_hook(ledger_.database().handle(), &on_commit, wal_frames_.get());
  thread_ = std::thread([this] { run(); });
}

Committer::~Committer() { finish(); }

void Committer::push(std::unique_ptr<Operation> operation) {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->pending.push_back(std::move(operation));
    if (std::exchange(queue_->announced, true)) return;
  }
  // The thread is woken when the loop has nothing else ready to run, so that coroutines resumed together
  // are committed together: else the first of them would get a commit of its own.
  async::asio::post(executor_, [queue = queue_] {
    {
      const std::lock_guard lock(queue->mutex);
      queue->announced = false;
      queue->turn_ended = true;
    }
    queue->changed.notify_one();
  });
}

std::size_t Committer::pending() const {
  const std::lock_guard lock(queue_->mutex);
  return queue_->pending.size();
}

void Committer::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->finishing = true;
  }
  queue_->changed.notify_one();
  thread_.join();
}

void Committer::run() {
  for (;;) {
    Group group = take();
    if (group.empty()) return;
    commit(group);
    async::asio::post(executor_, [group = std::move(group)]() mutable {
      for (std::unique_ptr<Operation>& operation : group) std::exchange(operation, nullptr)->complete();
    });
    care_for_wal();
  }
}

Committer::Group Committer::take() {
  std::unique_lock lock(queue_->mutex);
  queue_->changed.wait(lock, [this] { return queue_->finishing || (queue_->turn_ended && !queue_->pending.empty()); });
  const std::size_t count = std::min(queue_->pending.size(), group_max_);
  const auto end = queue_->pending.begin() + static_cast<std::ptrdiff_t>(count);
  Group group(std::make_move_iterator(queue_->pending.begin()), std::make_move_iterator(end));
  queue_->pending.erase(queue_->pending.begin(), end);
  if (queue_->pending.empty()) queue_->turn_ended = false;
  return group;
}

void Committer::commit(Group& group) {
  std::optional<Error> broken = health_.reason();
  if (!broken) {
    const std::int64_t before = ledger_.changes();
    if (auto written = write(group); !written) {
      ledger_.roll_back();
      health_.break_down(written.error());
      broken = health_.reason();
    } else if (ledger_.changes() != before) {
      counts_.commits.fetch_add(1, std::memory_order_relaxed);
      counts_.records.fetch_add(group.size(), std::memory_order_relaxed);
    }
  }
  // The whole group, also what had been refused for reasons of its own, and what was never tried.
  if (broken) {
    for (const std::unique_ptr<Operation>& operation : group) operation->fail(*broken);
  }
}

Result<void> Committer::write(Group& group) {
  const std::int64_t before = ledger_.changes();
  if (auto begun = ledger_.begin(); !begun) return begun;
  for (const std::unique_ptr<Operation>& operation : group) {
    operation->apply(ledger_);
    if (ledger_.failure()) return *ledger_.failure();
  }
  const bool has_changes = ledger_.changes() != before;
  if (has_changes) fail_point("journal.commit");
  auto committed = ledger_.commit();
  if (has_changes) fail_point("journal.committed");
  return committed;
}

void Committer::care_for_wal() {
  const int frames = *wal_frames_;
  // Before the first frame there is no header either, and zeros in its place would be taken for a damaged one.
  if (frames > 0 && !health_.broken()) wal_room_.keep_beyond(static_cast<std::uint64_t>(frames) * frame_bytes);
  if (frames < frames_at_request_) frames_at_request_ = frames_at_restart_ = 0;  // The WAL has begun anew.
  if (frames - frames_at_request_ >= checkpoint_frames_) {
    frames_at_request_ = frames;
    checkpointer_.request();
  }
  // Under steady load the other thread copies without ever catching up with us: the WAL could not begin
  // anew and would grow for good. Then we copy what little is left ourselves. If a reader is in the way,
  // we try again when the WAL has grown some more.
  if (frames >= frames_max_ && frames - frames_at_restart_ >= checkpoint_frames_) restart_wal();
}

void Committer::restart_wal() {
  frames_at_restart_ = *wal_frames_;
  if (health_.broken()) return;
  // On a slow disk the other thread's checkpoint lasts: those who submit wait for it, or the WAL would have no bound.
  const auto paused = checkpointer_.pause();
  if (auto done = ledger_.database().checkpoint(Database::Checkpoint::restart); !done) {
    health_.break_down(done.error());
  }
}

}  // namespace coatcheck::journal::sqlite
