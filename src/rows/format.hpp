#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace coatcheck::rows {

// A way to write rows down for a client.
enum class Format {
  json,     // {"columns":{"total":n,"columns":[…]},"items":[{…},…]}
  rows,     // {"columns":[{"name":…,"type":…},…],"rows":[[…],…]}
  ndjson,   // One object a line.
  csv,      // RFC 4180 with a header line.
  arrow,    // Arrow IPC stream.
  parquet,  // A Parquet file.
};

inline constexpr std::array all_formats = {Format::json, Format::rows,  Format::ndjson,
                                           Format::csv,  Format::arrow, Format::parquet};

// Returns the name as in `?format=`.
std::string_view to_string(Format format);
std::optional<Format> parse_format(std::string_view name);

// Returns the media type without parameters: "application/json", "application/vnd.coatcheck.rows+json",
// "application/x-ndjson", "text/csv", "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet".
std::string_view media_type(Format format);

// Returns the file name's ending, without the dot.
std::string_view extension(Format format);

}  // namespace coatcheck::rows
