#include "warehouse/trino/page.hpp"

#include <arrow/result.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <charconv>

namespace coatcheck::warehouse::trino {

namespace {

using Kind = JsonReader::Kind;

// Reads a string, or whatever else is there as nothing.
std::string read_string(JsonReader& json) {
  if (json.peek() == Kind::string) return std::string(json.string().value_or(""));
  json.skip();
  return {};
}

// Numbers may come as strings, too.
template <class Number>
std::optional<Number> read_number(JsonReader& json) {
  std::optional<std::string_view> text;
  if (json.peek() == Kind::number) {
    text = json.number();
  } else if (json.peek() == Kind::string) {
    text = json.string();
  } else {
    json.skip();
  }
  Number value{};
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

// Calls `take(name)` for each member of an object; anything else is skipped. `take` reads the value.
template <class Take>
void read_object(JsonReader& json, Take take) {
  if (json.peek() != Kind::object) {
    json.skip();
    return;
  }
  json.object();
  while (const auto name = json.more_members()) take(*name);
}

template <class Take>
void read_array(JsonReader& json, Take take) {
  if (json.peek() != Kind::array) {
    json.skip();
    return;
  }
  json.array();
  while (json.more_elements()) take();
}

std::optional<std::vector<Column>> read_columns(JsonReader& json) {
  std::vector<Column> columns;
  bool good = true;
  read_array(json, [&] {
    Column column;
    std::optional<Type> type;
    read_object(json, [&](const std::string& name) {
      if (name == "name") {
        column.name = read_string(json);
      } else if (name == "typeSignature") {
        type = read_type(json);
        good = good && type;
      } else {
        json.skip();
      }
    });
    good = good && type && !json.failed();
    if (!good) return;
    column.type = std::move(*type);
    columns.push_back(std::move(column));
  });
  if (!good) return std::nullopt;
  return columns;
}

void read_error_of(JsonReader& json, TrinoError& error) {
  read_object(json, [&](const std::string& name) {
    if (name == "message") {
      error.message = read_string(json);
    } else if (name == "errorName") {
      error.name = read_string(json);
    } else if (name == "errorType") {
      error.type = read_string(json);
    } else if (name == "errorLocation") {
      read_object(json, [&](const std::string& inner) {
        const auto number = read_number<std::uint64_t>(json).value_or(0);
        if (inner == "lineNumber") error.line = number;
        if (inner == "columnNumber") error.column = number;
      });
    } else {
      json.skip();
    }
  });
}

void read_stats(JsonReader& json, Page& page) {
  read_object(json, [&](const std::string& name) {
    if (name == "state") {
      page.state = read_string(json);
    } else if (name == "progressPercentage") {
      if (const auto percent = read_number<double>(json)) page.progress = std::clamp(*percent / 100, 0.0, 1.0);
    } else {
      json.skip();
    }
  });
}

Segment read_segment(JsonReader& json) {
  Segment segment;
  read_object(json, [&](const std::string& name) {
    if (name == "type") {
      segment.spooled = read_string(json) == "spooled";
    } else if (name == "data") {
      segment.data = read_string(json);
    } else if (name == "uri") {
      segment.uri = read_string(json);
    } else if (name == "ackUri") {
      segment.ack_uri = read_string(json);
    } else if (name == "metadata") {
      read_object(json, [&](const std::string& inner) {
        const auto number = read_number<std::uint64_t>(json);
        if (inner == "uncompressedSize") segment.uncompressed_bytes = number;
      });
    } else if (name == "headers") {
      read_object(json, [&](const std::string& field) {
        read_array(json, [&] { segment.headers.emplace_back(field, read_string(json)); });
      });
    } else {
      json.skip();
    }
  });
  return segment;
}

void read_segments(JsonReader& json, Page& page) {
  read_object(json, [&](const std::string& name) {
    if (name == "encoding") {
      page.encoding = read_string(json);
    } else if (name == "segments") {
      read_array(json, [&] { page.segments.push_back(read_segment(json)); });
    } else {
      json.skip();
    }
  });
}

void read_data(JsonReader& json, Page& page) {
  if (json.peek() == Kind::object) return read_segments(json, page);
  if (json.peek() != Kind::array) {
    json.skip();
    return;
  }
  page.rows_at = json.position();
  if (const auto rows = json.skip()) page.rows_size = rows->size();
}

}  // namespace

Result<Page, Failure> read_page(std::string body) {
  Page page;
  page.body = std::move(body);
  JsonReader json(page.body);
  bool good = json.peek() == Kind::object;
  read_object(json, [&](const std::string& name) {
    if (name == "id") {
      page.id = read_string(json);
    } else if (name == "nextUri") {
      page.next_uri = read_string(json);
    } else if (name == "columns" && json.peek() == Kind::array) {
      page.columns = read_columns(json);
      good = good && page.columns;
    } else if (name == "updateType") {
      page.update_type = read_string(json);
    } else if (name == "updateCount") {
      page.update_count = read_number<std::int64_t>(json);
    } else if (name == "stats") {
      read_stats(json, page);
    } else if (name == "error" && json.peek() == Kind::object) {
      read_error_of(json, page.error.emplace());
    } else if (name == "data") {
      read_data(json, page);
    } else {
      json.skip();
    }
  });
  if (!good || json.failed() || !json.at_end()) return not_understood("no results in JSON");
  return page;
}

Result<std::string, Failure> unpacked(std::string bytes, const std::string& encoding,
                                      std::optional<std::uint64_t> uncompressed_bytes, std::uint64_t bytes_max) {
  if (!uncompressed_bytes) return bytes;  // Too small to be worth it, or not asked for.
  if (*uncompressed_bytes > bytes_max) return not_understood("a segment that is larger than page_bytes_max");
  const auto kind = encoding == "json+zstd"  ? arrow::Compression::ZSTD
                    : encoding == "json+lz4" ? arrow::Compression::LZ4
                                             : arrow::Compression::UNCOMPRESSED;
  auto codec = kind == arrow::Compression::UNCOMPRESSED ? nullptr : arrow::util::Codec::Create(kind).ValueOr(nullptr);
  if (codec == nullptr) return not_understood("a segment in an encoding that we did not ask for");
  std::string text(*uncompressed_bytes, '\0');
  const auto size =
      codec->Decompress(static_cast<std::int64_t>(bytes.size()), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                        static_cast<std::int64_t>(text.size()), reinterpret_cast<std::uint8_t*>(text.data()));
  if (!size.ok() || static_cast<std::uint64_t>(*size) != *uncompressed_bytes) {
    return not_understood("a segment that cannot be decompressed");
  }
  return text;
}

}  // namespace coatcheck::warehouse::trino
