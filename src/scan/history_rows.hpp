#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/failure.hpp"
#include "base/result.hpp"
#include "journal/journal.hpp"
#include "rows/batch.hpp"

// Queries as rows of Snowflake's information_schema.query_history: every column that Snowflake documents, with what
// is true of the query, or NULL where there is no such thing here (databases, roles, credits, …).
//
// EXECUTION_STATUS is QUEUED, RUNNING (also while it is being canceled), SUCCESS or FAILED_WITH_ERROR (also when it was
// canceled). START_TIME is when it was submitted, END_TIME of what has not ended is 1970. Times spent are milliseconds.
namespace coatcheck::scan {

// The names of the columns, in Snowflake's order and upper case.
std::span<const std::string_view> history_columns();
// The place of a column, by its name in upper case.
std::optional<std::size_t> history_column(std::string_view upper_name);

struct HistoryRowsOptions {
  // What ERROR_CODE says of a failure; without it the failure's own code. A canceled query has '000604' anyway.
  std::function<std::string(const Failure&)> error_code = {};
  Timestamp now = {};  // What has not ended has lasted until now.
};

// The columns at these places (of history_columns()), in this order; without any, all.
rows::Schema history_schema(std::span<const std::size_t> columns = {});
rows::Batch history_rows(std::span<const std::shared_ptr<const journal::Entry>> entries,
                         const HistoryRowsOptions& options, std::span<const std::size_t> columns = {});

// One value as text, as a driver's JSON has it; nothing for NULL. Timestamps are microseconds since 1970. For answering
// a Poll without making a batch.
std::optional<std::string> history_value(const journal::Entry& entry, const HistoryRowsOptions& options,
                                         std::size_t column);

}  // namespace coatcheck::scan
