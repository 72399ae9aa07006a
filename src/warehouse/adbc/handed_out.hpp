#pragma once

#include "base/failure.hpp"
#include "base/result.hpp"
#include "rows/batch.hpp"

namespace coatcheck::warehouse::adbc {

// Returns the schema under which a driver's rows are handed out, in the same layout: what only its Arrow extension
// tells is taken as what it is stored as (a number of any size, as text); a type of which the driver yields no more
// than the warehouse's raw bytes is refused, by the name of its column, and so is one that would be read wrongly
// (docs/warehouses/adbc.md has the table).
Result<rows::Schema, Failure> handed_out(const rows::Schema& schema);

}  // namespace coatcheck::warehouse::adbc
