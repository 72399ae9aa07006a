#pragma once

#include <duckdb.h>

#include <vector>

#include "base/result.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse::duckdb {

// Adds the table function coatcheck_rows(VARCHAR) to the engine: the rows of the input of that name, of those that were
// given to the connection that calls it. For any other name it is not allowed (category permission).
//
// It hands DuckDB's own Arrow scan the addresses that this needs; they are made when a statement is bound, and no SQL
// can see or name them.
Result<void> add_inputs(duckdb_connection connection);

// Gives the connection, which is new, its inputs: they are there as long as it is.
void give_inputs(duckdb_connection connection, std::vector<Input> inputs);

}  // namespace coatcheck::warehouse::duckdb
