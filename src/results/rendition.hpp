#pragma once

#include <memory>

#include "results/spool.hpp"
#include "results/store.hpp"

namespace coatcheck::results {

// Reader::find_rendition() and Reader::make_rendition() of the result of `query`, which `reader` reads.
Result<std::shared_ptr<const File>> find_rendition(Store& store, QueryId query, rows::Format format);
std::unique_ptr<Rendition> make_rendition(std::shared_ptr<Store> store, std::shared_ptr<const Reader> reader,
                                          QueryId query, rows::Format format);

// Removes every rendition of a result that has just been removed, and keeps those under way from their name.
Result<void> remove_renditions(Store& store, QueryId query);

}  // namespace coatcheck::results
