#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/snowflake/statement_type.hpp"
#include "results/spool.hpp"

// What Snowflake's clients are told of a statement that changes something, by what its warehouse says of it.
namespace coatcheck::api::snowflake {

// A column of the one row that Snowflake answers DML with: its name, and how many rows it counts.
struct RowCount {
  std::string column;
  std::int64_t rows = 0;

  bool operator==(const RowCount&) const = default;
};

// How many rows a DML statement changed. A warehouse says it as the one number `Count`, which goes into the first of
// Snowflake's columns for the statement; or, where it is Snowflake, in those columns themselves ("number of rows
// inserted", …), which stay as they are. Nothing if the result is something else, as after RETURNING.
std::optional<std::vector<RowCount>> row_counts(StatementType type, const arrow::RecordBatch& batch);

// The same of a stored result. Blocks.
std::optional<std::vector<RowCount>> row_counts(StatementType type, const results::Reader& reader);

// What Snowflake says in the column `status` where there is nothing else to say: the warehouse's own words if it has
// such a column ("Table T successfully created."), else that the statement has been executed.
std::string status_words(const arrow::RecordBatch& batch);

// The same of a stored result. Blocks.
std::string status_words(const results::Reader& reader);

}  // namespace coatcheck::api::snowflake
