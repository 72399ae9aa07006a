#pragma once

#include <mutex>
#include <set>

#include "base/files.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/quota.hpp"
#include "results/spool.hpp"

namespace coatcheck::results {

// What a spool and its writers share: the directory, the quota, and who is writing.
struct Store {
  Store(SpoolOptions options_of_it, Files& files_of_it)
      : options(std::move(options_of_it)), files(files_of_it), quota(options.disk_bytes_max) {}

  // Removes a file and gives its bytes back; returns how many. One that is not there has none.
  // Holds the mutex, so that no file is given back twice.
  Result<std::uint64_t> remove(const std::filesystem::path& path);

  const SpoolOptions options;
  Files& files;
  Quota quota;

  std::mutex mutex;
  std::set<QueryId> writing;  // Guarded by mutex.
};

}  // namespace coatcheck::results
