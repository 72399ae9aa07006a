#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/query_id.hpp"
#include "results/manifest.hpp"

namespace coatcheck::api::snowflake_sql_api {

// Rows [first, first + rows) of a result: what one request gets.
struct Partition {
  std::uint64_t first = 0;
  std::uint64_t rows = 0;
  std::uint64_t stored_bytes = 0;  // About what they take in the spool, where they are compressed.

  bool operator==(const Partition&) const = default;
};

// The most that partition 0, which is in the answer itself, has of a result: so many rows and about so many stored
// bytes, and at least one row.
inline constexpr std::uint64_t first_rows_max = 10'000;
inline constexpr std::uint64_t first_stored_bytes_max = 256 << 10;

// The partitions of a result, at least one: first a few rows of the first stored chunk, then what is left of it, then
// chunk by chunk. Depends on the manifest alone, so that any partition can be asked for at any time, after a restart
// too; and none reads what another needs.
std::vector<Partition> partitions_of(const results::Manifest& manifest);

// "/api/v2/statements/<handle>", with "?partition=<n>" if one is given.
std::string statement_url(QueryId id, std::optional<std::size_t> partition = {});

// The value of the Link field (RFC 8288) of an answer with partition `n` of `count`: where the first, the one
// before, the one behind and the last are.
std::string link_value(QueryId id, std::size_t n, std::size_t count);

}  // namespace coatcheck::api::snowflake_sql_api
