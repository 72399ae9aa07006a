#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "http/message.hpp"
#include "results/spool.hpp"

namespace coatcheck::api::native {

// A whole result as the Arrow IPC stream that it is stored as, its bytes checked and then sent from the
// file: nothing is decoded. Blocks while it checks: for the pool.
Result<std::vector<http::Segment>> stored_arrow(std::shared_ptr<const results::Reader> reader);

// The same of one chunk.
Result<std::vector<http::Segment>> stored_chunk(std::shared_ptr<const results::Reader> reader, std::size_t n);

}  // namespace coatcheck::api::native
