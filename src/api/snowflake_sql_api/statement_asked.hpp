#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "api/snowflake/bindings.hpp"
#include "api/snowflake/errors.hpp"
#include "api/snowflake/state.hpp"
#include "api/snowflake_sql_api/answer_form.hpp"
#include "base/result.hpp"
#include "http/message.hpp"

namespace coatcheck::api::snowflake_sql_api {

// The statement itself, and how long a request is held for a query that has not ended.
struct Limits {
  std::size_t statement_bytes_max = 1U << 20;
  std::size_t query_tag_bytes_max = 256;
  std::chrono::milliseconds hold_max = std::chrono::seconds(45);
};

// What a POST /api/v2/statements asks for.
struct StatementAsked {
  std::string text;
  snowflake::Bindings bindings;
  bool is_script = false;  // Several statements.
  bool asynchronous = false;
  AnswerForm form;
  std::string request_id;         // The client's own name for it; a retry has the same.
  snowflake::SessionState state;  // Every request is a session of its own.
  std::string query_tag;
  // The longest it may run: nothing for the warehouse's own limit, zero for as long as that allows.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::uint64_t> row_limit;
};

// Whether the body is what this API takes: JSON, or a body of which nothing is said.
bool is_json(const http::Request& request);

// Reads the request, of which the body is inflated in place; leniently, as clients differ: what is not known is not
// looked at, names of parameters have no case, and values may come as text or as themselves. 390142 for what is no
// such request; other codes for a statement that cannot be run as it is asked.
Result<StatementAsked, snowflake::SnowflakeError> read_statement(http::Request& request, const Limits& limits);

// The partition that a GET asks for; 0 if it does not say. 390142 if it is no number.
Result<std::size_t, snowflake::SnowflakeError> read_partition(const http::Request& request);

}  // namespace coatcheck::api::snowflake_sql_api
