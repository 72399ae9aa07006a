#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "warehouse/snowflake/column.hpp"
#include "warehouse/snowflake/errors.hpp"

namespace coatcheck::warehouse::snowflake {

// What an answer says besides its rows. Whatever it does not say, or not in the form, is empty.
struct Answer {
  Words words;
  std::string handle;  // Good in a URL.
  std::optional<std::chrono::sys_time<std::chrono::milliseconds>> created;
  std::shared_ptr<const Columns> columns;  // Null if there is no (or no readable) resultSetMetaData.
  std::uint64_t rows = 0;
  std::vector<std::uint64_t> partitions;  // The rows of each.
  std::string mistake;                    // What was wrong with resultSetMetaData, if it was there.
};

// Reads any answer, also one that is no JSON. Blocks; on any thread.
Answer read_answer(std::string_view body);

// Whether it is of the form of Snowflake's handles, and so has no way out of a URL's path.
bool is_handle(std::string_view text);

}  // namespace coatcheck::warehouse::snowflake
