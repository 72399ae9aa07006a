#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "base/files.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/layout.hpp"
#include "results/spool.hpp"

namespace coatcheck::results {

// Looking at a spool's directory from outside; a server may be at work in it. Blocks.

// Opens the sealed result of `query`; errors as of Spool::read(). Renditions are not known to this reader.
Result<std::shared_ptr<const Reader>> open_result(const std::filesystem::path& directory, QueryId query, Files& files);

// Visits every file that has one of our names. Folders that are not there have none.
Result<void> visit_files(
    const std::filesystem::path& directory, Files& files,
    const std::function<void(const Named& named, const std::filesystem::path& path, std::uint64_t bytes)>& visit);

}  // namespace coatcheck::results
