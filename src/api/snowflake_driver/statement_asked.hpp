#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "api/snowflake/bindings.hpp"
#include "api/snowflake/errors.hpp"
#include "api/snowflake/state.hpp"
#include "base/result.hpp"
#include "http/message.hpp"
#include "journal/journal.hpp"

namespace coatcheck::api::snowflake_driver {

// The statement itself, and how long a request is held for a query that has not ended.
struct Limits {
  std::size_t statement_bytes_max = 1U << 20;
  std::size_t query_tag_bytes_max = 256;
  std::chrono::milliseconds hold_max = std::chrono::seconds(45);
};

// What a query-request asks for.
struct StatementAsked {
  std::string text;
  snowflake::Bindings bindings;
  bool asynchronous = false;
  bool describe_only = false;
  journal::Form form = journal::Form::statement;  // For the door to find out.
  std::string request_id;                         // The driver's own name for it; a retry has the same.
  snowflake::Settings settings;                   // The statement's own parameters.
};

// Reads the request, of which the body is inflated in place; leniently, as drivers differ: what is not known is not
// looked at.
Result<StatementAsked, snowflake::SnowflakeError> read_statement(http::Request& request, const Limits& limits);

// How a driver takes rows.
enum class RowFormat { json, arrow };

// Chosen as Snowflake does, by the driver that asks and by its setting (PYTHON_CONNECTOR_QUERY_RESULT_FORMAT and its
// like). `settings` are the session's with the statement's own over them.
RowFormat format_for(const http::Request& request, const snowflake::Settings& settings);

// The longest the statement may run, by STATEMENT_TIMEOUT_IN_SECONDS; nothing for none, or 0.
std::optional<std::chrono::milliseconds> timeout_of(const snowflake::Settings& settings);

}  // namespace coatcheck::api::snowflake_driver
