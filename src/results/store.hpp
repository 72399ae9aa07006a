#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "base/files.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/quota.hpp"
#include "results/spool.hpp"
#include "rows/format.hpp"

namespace coatcheck::results {

class Making;

// What a spool, its writers and its readers share: the directory, the quota, who is writing, and which renditions
// there are.
struct Store {
  Store(SpoolOptions options_of_it, Files& files_of_it)
      : options(std::move(options_of_it)), files(files_of_it), quota(options.disk_bytes_max) {}

  // Takes `bytes` of the quota for a file that is being written; Errc::resource_exhausted with words for the
  // client. For a result, renditions are dropped if that makes the room: a cache must not fail a query.
  Result<void> reserve_for_result(std::uint64_t bytes);
  Result<void> reserve_for_rendition(std::uint64_t bytes);

  // Makes the quota count a file by its real size, which a failed append leaves open, in place of the `reserved`
  // bytes. Without a file they are given back.
  void settle(const File* file, std::uint64_t reserved);

  // Removes a file and gives its bytes back; returns how many. One that is not there has none.
  // Holds the mutex, so that no file is given back twice.
  Result<std::uint64_t> remove(const std::filesystem::path& path);
  // The same for who holds the mutex.
  Result<std::uint64_t> remove_locked(const std::filesystem::path& path);

  const SpoolOptions options;
  Files& files;
  Quota quota;

  using RenditionKey = std::pair<QueryId, rows::Format>;
  // A rendition that is being made, and for how many.
  struct UnderWay {
    std::shared_ptr<Making> making = {};
    std::size_t users = 0;
    bool removed = false;  // The result is gone, so the file must not get its name.
  };

  std::mutex mutex;
  std::set<QueryId> writing;                   // Guarded by mutex, as all that follows.
  std::map<RenditionKey, UnderWay> under_way;  // Until the last user goes, also when it is made.
  std::set<RenditionKey> renditions;           // Made by this process: no other file is trusted.
};

}  // namespace coatcheck::results
