#pragma once

#include <cstddef>
#include <string_view>

#include "api/snowflake/errors.hpp"
#include "api/snowflake/state.hpp"
#include "base/result.hpp"

namespace coatcheck::api::snowflake {

// What a statement is, in the numbers by which drivers decide between rows and a count of rows.
enum class StatementType : int {
  unknown = 0,
  select = 0x1000,
  insert = 0x3100,
  update = 0x3200,
  remove = 0x3300,
  merge = 0x3400,
  copy = 0x3600,
  alter_session = 0x4100,
  use = 0x4300,
  show = 0x4400,
  describe = 0x4500,
  transaction = 0x5000,
  ddl = 0x6000,
  multiple = 0xA000,
};

// Told by the statement's first word, and after WITH by the first verb outside parentheses; comments are looked
// through.
StatementType statement_type(std::string_view sql);

bool is_dml(StatementType type);

// More statements in one request than this are refused.
inline constexpr std::size_t statements_max = 1'000;

// Returns how many statements the text is to be run as: as many as MULTI_STATEMENT_COUNT among the settings (1 without
// it, 0 for any number) asks for. 000008 if it has another number of statements; 990002 past
// the limit; 000002 if several are wanted and the
// two ways to read the text disagree on where they part. One that is wanted alone, and of which that is not sure, is
// left to the warehouse.
Result<std::size_t, SnowflakeError> statement_count(std::string_view sql, const Settings& settings);

}  // namespace coatcheck::api::snowflake
