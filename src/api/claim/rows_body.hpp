#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/pool.hpp"
#include "base/result.hpp"
#include "http/content_coding.hpp"
#include "http/message.hpp"
#include "results/spool.hpp"
#include "rows/encoder.hpp"
#include "telemetry/metrics.hpp"

namespace coatcheck::api::claim {

// Which rows of a result, and how their bytes are sent.
struct RowsAsked {
  std::uint64_t offset = 0;
  std::uint64_t limit = UINT64_MAX;
  http::ContentCoding coding = http::ContentCoding::identity;
  // For formats that keep batches as they are; others get slices, so that a piece stays small.
  bool whole_batches = false;
};

// The rows as a body: read, encoded and compressed on the pool, a piece at a time, as fast as the client takes
// them. `encoder` is new. The pool must outlive the body.
std::unique_ptr<http::BodySource> rows_body(std::shared_ptr<const results::Reader> reader,
                                            std::unique_ptr<rows::Encoder> encoder, RowsAsked asked, async::Pool& pool,
                                            telemetry::Counter& bytes);

// The same as one text; nothing if it would be longer than `bytes_max`. Blocks: for the pool.
Result<std::optional<std::string>> rows_text(const results::Reader& reader, std::unique_ptr<rows::Encoder> encoder,
                                             RowsAsked asked, std::size_t bytes_max);

}  // namespace coatcheck::api::claim
