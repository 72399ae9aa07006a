#pragma once

#include <duckdb.h>

#include <optional>

namespace coatcheck::warehouse::duckdb {

// Has the engine keep count of how far this connection's statements are.
//
// The C API has a setting for that, but the configuration is locked when a connection is made for a client.
// So it is set by way of the C++ object behind the handle.
void keep_progress(duckdb_connection connection);

// How far the statement that runs in the connection is, from 0 to 1; nothing if the engine cannot say. Safe
// from any thread while the connection is open.
std::optional<double> read_progress(duckdb_connection connection);

}  // namespace coatcheck::warehouse::duckdb
