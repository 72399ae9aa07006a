#include "api/snowflake_sql_api/partitions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace coatcheck::api::snowflake_sql_api {

namespace {

// Of `bytes` that `of` rows take, about what `rows` of them do.
std::uint64_t share(std::uint64_t bytes, std::uint64_t rows, std::uint64_t of) {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * static_cast<double>(rows) / static_cast<double>(of));
}

std::uint64_t rows_of_first(const results::Chunk& chunk) {
  std::uint64_t rows = std::min(chunk.rows, first_rows_max);
  if (chunk.bytes > first_stored_bytes_max) {
    rows = std::min(rows, share(chunk.rows, first_stored_bytes_max, chunk.bytes));
  }
  return std::max<std::uint64_t>(rows, 1);
}

}  // namespace

std::vector<Partition> partitions_of(const results::Manifest& manifest) {
  std::vector<Partition> partitions;
  partitions.reserve(manifest.chunks.size() + 1);
  for (const results::Chunk& chunk : manifest.chunks) {
    if (chunk.rows == 0) continue;
    std::uint64_t before = 0;
    if (partitions.empty()) {
      before = rows_of_first(chunk);
      partitions.push_back(
          {.first = chunk.first_row, .rows = before, .stored_bytes = share(chunk.bytes, before, chunk.rows)});
    }
    const std::uint64_t left = chunk.rows - before;
    if (left == 0) continue;
    partitions.push_back(
        {.first = chunk.first_row + before, .rows = left, .stored_bytes = share(chunk.bytes, left, chunk.rows)});
  }
  if (partitions.empty()) partitions.emplace_back();
  return partitions;
}

std::string statement_url(QueryId id, std::optional<std::size_t> partition) {
  std::string url = "/api/v2/statements/" + id.to_string();
  if (partition) url += fmt::format("?partition={}", *partition);
  return url;
}

std::string link_value(QueryId id, std::size_t n, std::size_t count) {
  std::string value;
  const auto add = [&](std::size_t partition, const char* relation) {
    value += fmt::format(R"({}<{}>; rel="{}")", value.empty() ? "" : ",", statement_url(id, partition), relation);
  };
  add(0, "first");
  if (n != 0) add(n - 1, "prev");
  if (n + 1 < count) add(n + 1, "next");
  add(count - 1, "last");
  return value;
}

}  // namespace coatcheck::api::snowflake_sql_api
