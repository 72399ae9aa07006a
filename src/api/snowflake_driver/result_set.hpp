#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/snowflake/state.hpp"
#include "api/snowflake/statement_type.hpp"
#include "api/snowflake_driver/chunk_address.hpp"
#include "api/snowflake_driver/statement_asked.hpp"
#include "base/query_id.hpp"
#include "base/result.hpp"
#include "results/spool.hpp"
#include "rows/batch.hpp"

namespace coatcheck::api::snowflake_driver {

// What is said of the session with every result.
struct SessionNames {
  std::string database;
  std::string schema;
  std::string warehouse;
  std::string role;
};

// What a driver gets with its rows.
struct ResultSetAsked {
  QueryId id = {};
  RowFormat format = RowFormat::json;
  bool is_scan = false;  // Asked for as `table(result_scan('…'))`, not as the query itself.
  snowflake::StatementType type = snowflake::StatementType::unknown;
  SessionNames names = {};
  snowflake::Settings session_settings = {};
};

// Rows up to about so many bytes are in the answer itself; the rest is in chunks, which the driver fetches.
inline constexpr std::size_t inline_bytes_max = std::size_t{512} << 10;

// The `data` of a finished query: its first rows, and the addresses of the others. Blocks: for the pool.
Result<std::string> result_set(const results::Reader& reader, const ResultSetAsked& asked,
                               const ChunkAddresses& addresses);

// The same of several statements: one row that says so, and the ids and types by which the driver asks for the result
// of each. Blocks: for the pool.
Result<std::string> script_result_set(const results::Reader& reader, const ResultSetAsked& asked);

// The same of rows that are in memory, all of them in the answer.
Result<std::string> small_result_set(const rows::Batch& batch, const ResultSetAsked& asked);

// The parameters that drivers read after login and with every result: JSON text, an array. What the session has set
// is there as it is.
std::string parameters_json(const snowflake::Settings& session_settings);

}  // namespace coatcheck::api::snowflake_driver
