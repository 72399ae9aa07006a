#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "async/pool.hpp"
#include "async/task.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "results/spool.hpp"
#include "rows/format.hpp"

namespace coatcheck::api::native {

// Whether the answer to the request needs a document of known length: it is HEAD, or asks for a range of bytes of
// the document whose strong ETag is `tag`.
bool needs_length(const http::Request& request, std::string_view tag);

// A whole result in `format` as a file that is sent from the disk; nothing if it has not been made yet. With `make`
// it is made then, a piece at a time on the pool, so that other claims have their turn; a client that has left does
// not stop it, for it may come back for the rest. Errors: those of results::Rendition::advance().
async::Task<Result<std::optional<std::vector<http::Segment>>>> rendition(std::shared_ptr<const results::Reader> reader,
                                                                         rows::Format format, bool make,
                                                                         async::Pool& pool);

}  // namespace coatcheck::api::native
