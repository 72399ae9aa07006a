#pragma once

#include <duckdb.h>

#include <filesystem>

namespace coatcheck::warehouse::duckdb {

// Keeps the files of the database (itself and its log) from statements, which then fail with a Permission Error; the
// engine goes on using them. DuckDB counts them among the paths that may be read when external access is turned off,
// and in them is more than a SELECT shows: what was deleted, and the texts of other people's views.
void hide_database_file(duckdb_connection connection, const std::filesystem::path& file);

}  // namespace coatcheck::warehouse::duckdb
