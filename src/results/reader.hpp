#pragma once

#include <memory>

#include "results/spool.hpp"

namespace coatcheck::results {

// Opens the sealed result in `file`, which must be that of `query`.
Result<std::shared_ptr<const Reader>> make_reader(std::unique_ptr<File> file, QueryId query);

}  // namespace coatcheck::results
