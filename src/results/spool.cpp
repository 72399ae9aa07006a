#include "results/spool.hpp"

#include <set>
#include <string>
#include <utility>

#include "results/inspection.hpp"
#include "results/layout.hpp"
#include "results/reader.hpp"
#include "results/rendition.hpp"
#include "results/store.hpp"
#include "results/trouble.hpp"
#include "results/writer.hpp"

namespace coatcheck::results {

namespace {

namespace fs = std::filesystem;

// Makes the directory and its folders, durable before the first result is in one of them.
Result<void> prepare(const fs::path& directory, Files& files) {
  if (auto made = make_durable_directories(files, directory); !made) return made;
  auto listed = files.list(directory);
  if (!listed) return std::move(listed).error();
  std::set<std::string> present;
  for (const Files::Listed& entry : *listed) {
    if (entry.is_directory) present.insert(entry.name);
  }
  for (int n = 0; n != folder_count; ++n) {
    if (present.contains(folder_name(n))) continue;
    if (auto made = files.make_directories(directory / folder_name(n)); !made) return made;
  }
  // Also when all were there: an earlier start may have died between making and syncing them.
  return files.sync_directory(directory);
}

class DiskSpool final : public Spool {
 public:
  DiskSpool(SpoolOptions options, Files& files) : store_(std::make_shared<Store>(std::move(options), files)) {}

  Result<void> measure() {
    return visit_files(store_->options.directory, store_->files,
                       [this](const Named&, const fs::path&, std::uint64_t bytes) { store_->quota.count(bytes); });
  }

  Result<std::unique_ptr<Writer>> create(QueryId query, rows::Schema schema) override {
    if (!schema) return Error{Errc::invalid_argument, "no schema"};
    {
      const std::lock_guard lock(store_->mutex);
      if (!store_->writing.insert(query).second) return Error{Errc::conflict, "the result is being written"};
    }
    auto writer = begin(query, std::move(schema));
    if (!writer) {
      const std::lock_guard lock(store_->mutex);
      store_->writing.erase(query);
    }
    return writer;
  }

  Result<std::shared_ptr<const Reader>> read(QueryId query) override {
    auto file = store_->files.open(sealed_path(store_->options.directory, query));
    if (!file) return while_reading(std::move(file).error());
    return make_reader(store_, *std::move(file), query);
  }

  Result<void> remove(QueryId query) override {
    auto removed = store_->remove(sealed_path(store_->options.directory, query));
    // After the result, for a rendition begins only if that is there; and also if the result could not be removed.
    auto renditions_removed = remove_renditions(*store_, query);
    if (!removed) return std::move(removed).error();
    return renditions_removed;
  }

  Result<Swept> sweep(const std::function<bool(QueryId)>& wanted) override {
    Swept swept;
    Error first_error;
    bool all_good = true;
    auto visit = [&](const Named& named, const fs::path& path, std::uint64_t) {
      if (!is_to_go(named, wanted)) return;
      auto removed = store_->remove(path);
      if (!removed) {
        // One file that cannot be removed does not keep the others.
        if (std::exchange(all_good, false)) first_error = std::move(removed).error();
        return;
      }
      swept.bytes += *removed;
      ++count_of(named.kind, swept);
    };
    auto visited = visit_files(store_->options.directory, store_->files, visit);
    if (!visited) return std::move(visited).error();
    if (!all_good) return first_error;
    return swept;
  }

  std::uint64_t bytes_used() const override { return store_->quota.used(); }
  std::uint64_t bytes_max() const override { return store_->quota.max(); }

 private:
  Result<std::unique_ptr<Writer>> begin(QueryId query, rows::Schema schema) {
    auto sealed = store_->files.open(sealed_path(store_->options.directory, query));
    if (sealed) return Error{Errc::conflict, "the query has a result already"};
    if (sealed.error().code != Errc::not_found) return while_storing(std::move(sealed).error());
    auto removed = store_->remove(partial_path(store_->options.directory, query));
    if (!removed) return while_storing(std::move(removed).error());
    return make_writer(*store_, query, std::move(schema));
  }

  // Whether the sweep removes the file.
  bool is_to_go(const Named& named, const std::function<bool(QueryId)>& wanted) {
    switch (named.kind) {
      case Named::Kind::sealed: return !wanted(named.query);
      case Named::Kind::partial: {
        const std::lock_guard lock(store_->mutex);
        return !store_->writing.contains(named.query);
      }
      case Named::Kind::rendition: return true;
    }
    return false;
  }

  static std::uint64_t& count_of(Named::Kind kind, Swept& swept) {
    switch (kind) {
      case Named::Kind::sealed: return swept.orphans;
      case Named::Kind::partial: return swept.unfinished;
      case Named::Kind::rendition: break;
    }
    return swept.renditions;
  }

  std::shared_ptr<Store> store_;  // Shared with the readers, which may outlive the spool.
};

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options, Files& files) {
  if (auto prepared = prepare(options.directory, files); !prepared) return std::move(prepared).error();
  auto spool = std::make_unique<DiskSpool>(std::move(options), files);
  if (auto measured = spool->measure(); !measured) return std::move(measured).error();
  return std::unique_ptr<Spool>(std::move(spool));
}

}  // namespace coatcheck::results
