#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/query_id.hpp"
#include "results/spool.hpp"
#include "rows/batch.hpp"

namespace coatcheck::results {

// Rows for the tests of this room.

// Columns of many types with nulls among the values, rows [first, first + count). What a row holds depends on
// its number alone.
rows::Schema sample_schema();
rows::Batch sample_rows(std::int64_t first, std::int64_t count);

// One int64 column that counts up from `first`.
rows::Schema number_schema();
rows::Batch numbers(std::int64_t first, std::int64_t count);

// One column of a dictionary type over the given words; row i has word i % words.size().
rows::Batch words(const std::vector<std::string>& words, std::int64_t count);

// A different id for each n.
QueryId query_id(int n);

// Everything a stream has, as one batch; an error ends the test.
rows::Batch read_all(RowStream& stream, const rows::Schema& schema);

// Writes `batches` as one sealed result.
Result<Manifest> store(Spool& spool, QueryId query, const rows::Schema& schema, const std::vector<rows::Batch>& batches,
                       bool truncated = false);

}  // namespace coatcheck::results
