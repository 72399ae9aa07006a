#pragma once

#include <string>
#include <string_view>

#include "api/snowflake/statement_type.hpp"
#include "api/snowflake_sql_api/answer_form.hpp"
#include "base/clock.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/spool.hpp"
#include "rows/batch.hpp"

namespace coatcheck::api::snowflake_sql_api {

// What the answer says of the query whose rows it has.
struct ResultSetAsked {
  QueryId id;
  AnswerForm form;
  snowflake::StatementType type = snowflake::StatementType::unknown;
  Timestamp created_on{};
  std::string request_id;  // Of the request that is answered, if it has one.
};

// The body of the answer for a finished query: all about its result, and the rows of partition 0. Of a DML statement
// the count of rows, as Snowflake reports it, and of one that yields nothing a line that says so. Blocks: for the pool.
Result<std::string> result_set(const results::Reader& reader, const ResultSetAsked& asked);

// The same of several statements: one row that says so, and the handles by which the client asks for the result of
// each. Blocks: for the pool.
Result<std::string> script_result_set(const results::Reader& reader, const ResultSetAsked& asked);

// The same of rows that are in memory, which are one partition.
Result<std::string> small_result_set(const rows::Batch& batch, const ResultSetAsked& asked);

// What is around the rows of a partition but the first.
inline constexpr std::string_view partition_prefix = R"({"data":[)";
inline constexpr std::string_view partition_suffix = "]}";

}  // namespace coatcheck::api::snowflake_sql_api
