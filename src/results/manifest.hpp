#pragma once

#include <cstdint>
#include <vector>

#include "rows/batch.hpp"

namespace coatcheck::results {

// One chunk: a complete Arrow IPC stream (schema, batches, end mark) inside the result's file.
struct Chunk {
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
  std::uint64_t offset = 0;  // Where it begins in the file.
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of those bytes.

  bool operator==(const Chunk&) const = default;
};

// What a sealed result consists of. docs/formats/result.md has the bytes.
struct Manifest {
  rows::Schema schema = {};
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  // Of the whole file.
  bool truncated = false;   // The query had more rows than its row_limit.
  // The first so many bytes of every chunk are its schema message, the last eight its end mark: what is
  // between them, chunk after chunk, makes one stream of the whole result without decoding anything.
  std::uint64_t schema_bytes = 0;
  std::vector<Chunk> chunks = {};  // In the order of rows; empty for a result without rows.
};

}  // namespace coatcheck::results
