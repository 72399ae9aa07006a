#pragma once

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

namespace coatcheck::api::native {

// Which rows of a result, written how.
struct RowsAsked {
  rows::Format format = rows::Format::json;
  std::uint64_t offset = 0;
  std::uint64_t limit = UINT64_MAX;
  http::ContentCoding coding = http::ContentCoding::identity;
};

// The rows as a body: read, encoded and compressed on the pool, a piece at a time, as fast as the client takes
// them. Errc::invalid_argument if the format cannot hold a column's type.
Result<std::unique_ptr<http::BodySource>> encoded_rows(std::shared_ptr<const results::Reader> reader, RowsAsked asked,
                                                       async::Pool& pool, telemetry::Counter& bytes);

// The same as one text; nothing if it would be longer than `bytes_max`. Blocks: for the pool.
Result<std::optional<std::string>> encoded_text(const results::Reader& reader, RowsAsked asked, std::size_t bytes_max);

}  // namespace coatcheck::api::native
