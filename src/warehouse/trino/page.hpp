#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/failure.hpp"
#include "base/result.hpp"
#include "warehouse/trino/decoder.hpp"
#include "warehouse/trino/errors.hpp"

namespace coatcheck::warehouse::trino {

// Rows that are not in the answer itself, or are encoded there (the spooling protocol).
struct Segment {
  bool spooled = false;
  std::string data = {};                                          // Inline: base64.
  std::string uri = {};                                           // Spooled: where the rows are,
  std::string ack_uri = {};                                       // and where to say that they were read.
  std::vector<std::pair<std::string, std::string>> headers = {};  // To be sent to both.
  std::optional<std::uint64_t> uncompressed_bytes = {};           // Set if it is compressed.
};

// One answer of the statement protocol (QueryResults).
struct Page {
  std::string id;
  std::string next_uri;                        // Empty at the end.
  std::optional<std::vector<Column>> columns;  // Absent until Trino knows them.
  std::string update_type;                     // "INSERT", "CREATE TABLE"; empty for a query.
  std::optional<std::int64_t> update_count;
  std::string state;               // "QUEUED", "RUNNING", "FINISHED"
  std::optional<double> progress;  // From 0 to 1.
  std::optional<TrinoError> error;

  std::string encoding;  // Of the segments: "json", "json+zstd", "json+lz4".
  std::vector<Segment> segments;

  // Returns the rows that the answer carries itself, an array in JSON; empty if there are none.
  std::string_view rows() const { return std::string_view(body).substr(rows_at, rows_size); }

  std::string body;  // The whole answer.
  std::size_t rows_at = 0;
  std::size_t rows_size = 0;
};

// Reads an answer.
Result<Page, Failure> read_page(std::string body);

// Returns the rows of a segment as JSON, given its bytes as they came. At most `bytes_max`.
Result<std::string, Failure> unpacked(std::string bytes, const std::string& encoding,
                                      std::optional<std::uint64_t> uncompressed_bytes, std::uint64_t bytes_max);

}  // namespace coatcheck::warehouse::trino
