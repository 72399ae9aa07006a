#pragma once

#include <string>

#include "warehouse/adbc/database.hpp"

namespace coatcheck::warehouse::adbc {

// Connects, if no connection is kept, and has the warehouse answer a statement that reads nothing. Returns what it and
// the driver call themselves: "PostgreSQL 15.14, by ADBC PostgreSQL Driver 1.13.0". Blocks as long as the warehouse
// takes.
Outcome<std::string> check(Database& database);

}  // namespace coatcheck::warehouse::adbc
