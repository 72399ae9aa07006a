#pragma once

#include <duckdb.h>

#include <functional>

#include "base/result.hpp"

namespace duckdb {
class ClientContext;
class Catalog;
}  // namespace duckdb

namespace coatcheck::warehouse::duckdb {

// Changes the engine's own catalog, which no statement can change and which is in no database file. The error has
// DuckDB's words.
Result<void> change_built_in(duckdb_connection connection,
                             const std::function<void(::duckdb::ClientContext&, ::duckdb::Catalog&)>& change);

// Adds the view `dual`: one row with the column DUMMY, which is 'X'. A table or view of that name in the database
// itself comes before it.
Result<void> add_dual(duckdb_connection connection);

}  // namespace coatcheck::warehouse::duckdb
