#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "warehouse/snowflake/column.hpp"

namespace coatcheck::warehouse::snowflake {

// Turns the member `data` of an answer, arrays of texts, into an Arrow batch. Blocks; on any thread.
//
// `rows` is how many there must be; nothing if nobody has said. Fails as `internal` if the answer is not whole or not
// of the form, as `statement` (22008) if a timestamp does not fit its column's unit.
Outcome<rows::Batch> decode_rows(const Columns& columns, std::string_view body, std::optional<std::uint64_t> rows);

}  // namespace coatcheck::warehouse::snowflake
