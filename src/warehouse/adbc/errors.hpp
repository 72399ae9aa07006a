#pragma once

#include <string_view>

#include "base/failure.hpp"
#include "warehouse/adbc/handles.hpp"
#include "warehouse/adbc/secrets.hpp"

namespace coatcheck::warehouse::adbc {

// Reads what a driver says of a call that failed: its own words without what the driver wraps around them, its
// SQLSTATE and code, and the category that follows. `statement` is the text that the warehouse was given as it is, by
// which the place of a mistake is found; empty if it was given something else.
Failure read_error(AdbcStatusCode status, const AdbcError& error, const Secrets& secrets,
                   std::string_view statement = {});

// Reads what a stream of rows says about a call that failed with errno value `number`.
Failure read_stream_error(ArrowArrayStream& stream, int number, const Secrets& secrets);

// Whether the warehouse says that it could not read the text that it was given, at a place in it; then it has not
// begun to run it.
bool is_syntax_error(const AdbcError& error);

Failure statement_failure(std::string_view sqlstate, std::string_view message);
Failure internal_failure(std::string_view message);
Failure canceled_failure();

// Of a statement that was not ready to run within its Request::timeout.
Failure timeout_failure();

}  // namespace coatcheck::warehouse::adbc
