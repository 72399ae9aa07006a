#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/spool.hpp"
#include "rows/batch.hpp"

namespace coatcheck::api::snowflake {

// One of several statements that were sent together.
struct ScriptPart {
  std::string statement;
  std::string query_id;
};

// The rows that several statements have as their result: one for each, in their order.
rows::Batch script_rows(const std::vector<std::string_view>& statements, const std::vector<QueryId>& ids);

// The same, read back. Errc::corrupt for rows that are not script_rows(). Blocks.
Result<std::vector<ScriptPart>> read_script_parts(const results::Reader& reader);

// The one row by which Snowflake's clients know the result of several statements.
rows::Batch script_row();

}  // namespace coatcheck::api::snowflake
