#pragma once

#include <memory>

#include "results/spool.hpp"
#include "results/store.hpp"

namespace coatcheck::results {

// Opens the sealed result in `file`, which must be that of `query`. Renditions of it belong to `store`.
Result<std::shared_ptr<const Reader>> make_reader(std::shared_ptr<Store> store, std::unique_ptr<File> file,
                                                  QueryId query);

}  // namespace coatcheck::results
