#include "rows/format.hpp"

namespace coatcheck::rows {

std::string_view to_string(Format format) {
  switch (format) {
    case Format::json: return "json";
    case Format::rows: return "rows";
    case Format::ndjson: return "ndjson";
    case Format::csv: return "csv";
    case Format::arrow: return "arrow";
    case Format::parquet: return "parquet";
  }
  return {};
}

std::optional<Format> parse_format(std::string_view name) {
  for (const Format format : all_formats) {
    if (to_string(format) == name) return format;
  }
  return std::nullopt;
}

std::string_view media_type(Format format) {
  switch (format) {
    case Format::json: return "application/json";
    case Format::rows: return "application/vnd.coatcheck.rows+json";
    case Format::ndjson: return "application/x-ndjson";
    case Format::csv: return "text/csv";
    case Format::arrow: return "application/vnd.apache.arrow.stream";
    case Format::parquet: return "application/vnd.apache.parquet";
  }
  return {};
}

std::string_view extension(Format format) {
  switch (format) {
    case Format::json:
    case Format::rows: return "json";
    case Format::ndjson: return "ndjson";
    case Format::csv: return "csv";
    case Format::arrow: return "arrows";
    case Format::parquet: return "parquet";
  }
  return {};
}

}  // namespace coatcheck::rows
