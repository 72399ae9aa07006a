#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/result.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse {

struct DuckdbOptions {
  // A view that is there for every query. `source` is a file (or glob) in a data directory, read by its
  // ending (.parquet, .csv, .json, .ndjson, .jsonl; .gz after a text format), or else a SELECT.
  struct Table {
    std::string name;
    std::string source;
  };

  std::filesystem::path database = {};                       // Empty: in memory, gone with the server.
  std::vector<std::filesystem::path> data_directories = {};  // Readable by every query, writable by none.
  std::vector<Table> tables = {};
  std::string memory_limit =
      {};           // Of the whole engine, as DuckDB spells it; empty leaves it to DuckDB. Nothing is spilled to disk.
  int threads = 2;  // Of the engine, shared by all queries.
  std::size_t running_max = 4;      // Calls that may be in the engine at once; each holds a thread.
  std::size_t batch_rows = 65'536;  // About how many rows a batch has at most.
  // Whether statements may read Request::inputs, by the table function coatcheck_rows('<name of the input>'). Each
  // sees those of its own request.
  bool inputs = false;
};

// Opens an embedded DuckDB as a warehouse and locks it, so that SQL reaches the configured data and nothing
// else of the machine (docs/duckdb.md). Blocks while it opens. The loop must outlive the connector.
//
// Fails with invalid_argument if a directory or table is wrong, also if a data directory holds a symbolic
// link that leads out of it; with io_error if the database cannot be opened.
Result<std::unique_ptr<Connector>> open_duckdb(DuckdbOptions options, async::Loop& loop);

}  // namespace coatcheck::warehouse
