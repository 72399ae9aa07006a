#pragma once

#include <cstdint>

namespace duckdb {
struct LogicalType;
class DataChunk;
}  // namespace duckdb

namespace coatcheck::warehouse::duckdb {

// Returns the type in which values of `type` are handed out: itself, but for the types inside it that DuckDB's
// Arrow form loses something of (UHUGEINT, BIGNUM, BIT, TIME WITH TIME ZONE, TIME_NS, VARIANT), which are text.
::duckdb::LogicalType exact_type(const ::duckdb::LogicalType& type);

// About how many bytes the chunk's values take, strings and lists included.
std::uint64_t bytes_of(::duckdb::DataChunk& chunk);

}  // namespace coatcheck::warehouse::duckdb
