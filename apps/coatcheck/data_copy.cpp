#include "data_copy.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.hpp"
#include "journal/inspection.hpp"
#include "results/inspection.hpp"

namespace coatcheck {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece_bytes = std::size_t{1} << 20;
// How often a file of a group may go away while the group is copied.
constexpr int tries_max = 20;

// Makes `to`, synced, with what `from` has now. Errc::not_found if that is not there.
Result<std::uint64_t> copy_durably(const fs::path& from, const fs::path& to) {
  const auto source = disk().open(from);
  if (!source) return source.error();
  const auto size = (*source)->size();
  if (!size) return size.error();
  auto target = disk().create(to);
  if (!target) return std::move(target).error();
  std::vector<std::byte> piece;
  for (std::uint64_t at = 0; at != *size; at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, *size - at)));
    if (auto got = (*source)->read_at(at, piece); !got) return std::move(got).error();
    if (auto put = (*target)->append(piece); !put) return std::move(put).error();
  }
  if (auto synced = (*target)->sync(); !synced) return std::move(synced).error();
  return *size;
}

class Copy {
 public:
  Copy(const fs::path& from, fs::path to) : from_(from), to_(std::move(to)) {}

  Result<CopiedData> run() {
    auto journal = journal::Inspection::open(from_ / "journal.db");
    if (!journal) return std::move(journal).error();
    if (auto made = make_durable_directories(disk(), to_); !made) return std::move(made).error();
    if (auto done = copy_results_and_journal(**journal); !done) return std::move(done).error();
    if (auto done = copy_small_files(); !done) return std::move(done).error();
    if (auto done = copy_sessions(); !done) return std::move(done).error();
    if (auto synced = disk().sync_directory(to_); !synced) return std::move(synced).error();
    return copied_;
  }

 private:
  // Results first, then the journal, then the results that were sealed in between. One that is gone by then was let go
  // after the journal was copied: that copy is no longer what can be had, so it is made again.
  Result<void> copy_results_and_journal(journal::Inspection& journal) {
    auto visited =
        results::visit_files(from_ / "results", disk(), [this](const auto& named, const fs::path&, std::uint64_t) {
          if (named.kind == results::Named::Kind::sealed && !failed_) copy_result(named.query);
        });
    if (!visited) return visited;
    const fs::path copied_journal = to_ / "journal.db";
    for (int tries = 0; tries != tries_max && !failed_; ++tries) {
      if (auto removed = disk().remove(copied_journal); !removed) return removed;
      if (auto copied = journal.copy_to(copied_journal); !copied) return copied;
      auto complete = copy_what_it_believes_in(copied_journal);
      if (!complete) return std::move(complete).error();
      if (*complete) return finish_results(copied_journal);
    }
    if (failed_) return *failed_;
    return Error{Errc::conflict, "results are removed faster than they can be copied"};
  }

  // Whether all results of the copied journal are in the copy now. Results that are missing although the running
  // journal believes in them too do not count: they are lost, and the check of the copy says so.
  Result<bool> copy_what_it_believes_in(const fs::path& copied_journal) {
    auto copy = journal::Inspection::open(copied_journal);
    auto original = journal::Inspection::open(from_ / "journal.db");
    if (!copy) return std::move(copy).error();
    if (!original) return std::move(original).error();
    bool complete = true;
    std::optional<std::string> unreadable;
    wanted_.clear();
    (*copy)->visit(
        [&](const journal::Entry& entry) {
          if (!journal::is_final(entry.state) || journal::has_result(entry)) wanted_.insert(entry.id);
          if (!journal::has_result(entry) || there_.contains(entry.id) || failed_ || copy_result(entry.id)) return;
          const auto now = (*original)->find(entry.id);
          if (now && (!*now || !journal::has_result(**now))) complete = false;
        },
        [&](std::string words) { unreadable = std::move(words); });
    if (unreadable) return Error{Errc::corrupt, "the journal cannot be copied: " + *unreadable};
    return complete;
  }

  // Returns whether the result is in the copy now.
  bool copy_result(QueryId query) {
    const fs::path target = results::sealed_path(to_ / "results", query);
    if (auto made = disk().make_directories(target.parent_path()); !made) {
      failed_ = std::move(made).error();
      return false;
    }
    auto bytes = copy_durably(results::sealed_path(from_ / "results", query), target);
    if (!bytes) {
      if (bytes.error().code != Errc::not_found) failed_ = std::move(bytes).error();
      return false;
    }
    there_.insert(query);
    ++copied_.results;
    copied_.bytes += *bytes;
    return true;
  }

  // Drops what the journal has let go since it was copied, and makes the rest durable.
  Result<void> finish_results(const fs::path& copied_journal) {
    for (const QueryId query : there_) {
      if (wanted_.contains(query)) continue;
      const fs::path path = results::sealed_path(to_ / "results", query);
      std::error_code none;
      copied_.bytes -= fs::file_size(path, none);
      --copied_.results;
      if (auto removed = disk().remove(path); !removed) return removed;
    }
    // Looking at the copy has left an empty log, which is not part of it.
    for (const char* ending : {"-wal", "-shm"}) {
      fs::path path = copied_journal;
      if (auto removed = disk().remove(path += ending); !removed) return removed;
    }
    if (auto synced = sync(copied_journal); !synced) return synced;
    const fs::path results = to_ / "results";
    auto folders = disk().list(results);
    if (!folders && folders.error().code == Errc::not_found) return Result<void>::ok();
    if (!folders) return std::move(folders).error();
    for (const Files::Listed& folder : *folders) {
      if (auto synced = disk().sync_directory(results / folder.name); !synced) return synced;
    }
    return disk().sync_directory(results);
  }

  static Result<void> sync(const fs::path& path) {
    auto file = disk().open(path);
    if (!file) return std::move(file).error();
    return (*file)->sync();
  }

  Result<void> copy_small_files() {
    for (const char* name : {"keys.json", "snowflake.secret"}) {
      auto copied = copy_durably(from_ / name, to_ / name);
      if (!copied && copied.error().code != Errc::not_found) return std::move(copied).error();
    }
    return Result<void>::ok();
  }

  // A log of closed sessions is begun anew before the one before it is removed, so a file that goes away means that
  // another one is there now.
  Result<void> copy_sessions() {
    const fs::path from = from_ / "sessions";
    const fs::path to = to_ / "sessions";
    for (int tries = 0; tries != tries_max; ++tries) {
      std::error_code none;
      fs::remove_all(to, none);
      auto listed = disk().list(from);
      if (!listed && listed.error().code == Errc::not_found) return Result<void>::ok();
      if (!listed) return std::move(listed).error();
      if (auto made = disk().make_directories(to); !made) return made;
      bool complete = true;
      for (const Files::Listed& entry : *listed) {
        if (entry.is_directory || entry.name.ends_with(".new")) continue;
        auto copied = copy_durably(from / entry.name, to / entry.name);
        if (copied) continue;
        if (copied.error().code != Errc::not_found) return std::move(copied).error();
        complete = false;
      }
      if (complete) return disk().sync_directory(to);
    }
    return Error{Errc::conflict, "sessions end faster than they can be copied"};
  }

  const fs::path from_;
  const fs::path to_;
  std::set<QueryId> there_;   // Results in the copy.
  std::set<QueryId> wanted_;  // Queries of the copied journal that may have one.
  std::optional<Error> failed_;
  CopiedData copied_;
};

}  // namespace

Result<CopiedData> copy_data(const fs::path& from, const fs::path& to) {
  fs::path name = fs::absolute(to).lexically_normal();
  if (!name.has_filename()) name = name.parent_path();
  fs::path partial = name;
  partial += ".partial";
  std::error_code none;
  if (fs::exists(name, none)) return Error{Errc::conflict, name.string() + " is there already"};
  if (fs::exists(partial, none)) {
    return Error{Errc::conflict,
                 partial.string() + " is there already: another backup writes it, or one was cut short; remove it"};
  }
  auto copied = Copy(from, partial).run();
  if (!copied) {
    fs::remove_all(partial, none);
    return copied;
  }
  if (auto renamed = disk().rename(partial, name); !renamed) return std::move(renamed).error();
  if (auto synced = disk().sync_directory(name.parent_path()); !synced) return std::move(synced).error();
  return copied;
}

}  // namespace coatcheck
