#pragma once

#include "base/result.hpp"
#include "warehouse/duckdb/connector.hpp"
#include "warehouse/duckdb/handles.hpp"

namespace coatcheck::warehouse::duckdb {

// Opens the database, makes the views, and locks the engine: from then on it reads the data directories, writes
// its own database file, and reaches nothing else.
Result<Database> open_locked(const DuckdbOptions& options);

// Runs SQL of ours. The error has DuckDB's words.
Result<void> run_sql(duckdb_connection connection, const std::string& sql);

// Whether the query, SQL of ours, yields any row. Also true if it fails.
bool yields_rows(duckdb_connection connection, const char* sql);

}  // namespace coatcheck::warehouse::duckdb
