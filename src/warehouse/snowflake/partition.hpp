#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "async/task.hpp"
#include "rows/batch.hpp"
#include "warehouse/snowflake/column.hpp"
#include "warehouse/snowflake/protocol.hpp"

namespace coatcheck::warehouse::snowflake {

// Where a partition is, and what it must be.
struct Partition {
  std::string handle;
  std::size_t index = 0;
  std::uint64_t rows = 0;
  std::shared_ptr<const Columns> columns;
};

// Fetches and decodes one. What breaks off or does not pass is fetched again, for `retry_for`; one that is not whole, a
// few times. A failure with the code result_gone_code if Snowflake does not keep it anymore.
async::Task<Outcome<rows::Batch>> fetch_partition(std::shared_ptr<Protocol> protocol, Partition partition);

}  // namespace coatcheck::warehouse::snowflake
