#pragma once

#include <string>
#include <string_view>

#include "warehouse/connector.hpp"
#include "warehouse/snowflake/connector.hpp"

namespace coatcheck::warehouse::snowflake {

// Returns the body by which a statement is submitted (the published OpenAPI's SubmitStatement). `bindings` is the
// member of that name, as JSON, or empty.
std::string statement_body(const SnowflakeOptions& options, const Request& request, std::string_view bindings);

// The same for a statement of our own.
std::string own_statement_body(const SnowflakeOptions& options, std::string_view statement);

// What the statement is tagged with in Snowflake's history: JSON with our query's id, the caller's tag and trace.
std::string query_tag(const Request& request);

}  // namespace coatcheck::warehouse::snowflake
