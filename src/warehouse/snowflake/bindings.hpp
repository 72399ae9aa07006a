#pragma once

#include <string>

#include "base/statement.hpp"
#include "warehouse/connector.hpp"

namespace coatcheck::warehouse::snowflake {

// Returns the parameters as the member `bindings` of a request, in JSON; empty if there are none.
//
// Without a type a value is what it is in C++: BOOLEAN, FIXED, REAL, TEXT. With a type (Snowflake's name or a usual one
// of other engines) its text is read here, into the form that the SQL API wants. A statement failure with SQLSTATE
// 22018 if it is no such value, 42704 for a type that there is not, 0A000 for a name or for rows.
Outcome<std::string> write_bindings(const Statement& statement);

}  // namespace coatcheck::warehouse::snowflake
