#pragma once

#include <memory>
#include <string_view>

#include "warehouse/snowflake/column.hpp"
#include "warehouse/snowflake/connector.hpp"

namespace coatcheck::warehouse::snowflake {

// Returns the columns with the units in which their timestamps are to be read, which hold for all rows. `first` is the
// answer with the first partition. Blocks; on any thread.
//
// Snowflake's timestamps reach from the year 1 to 9999 with nine decimals, which 64 bits do not hold. Nine is what a
// column has if nobody has said otherwise, while its clock has three and most data six; and 9999-12-31 stands for "no
// end" in many a table. So the values decide, as in Snowflake's drivers that yield Arrow; there for each batch, where
// the types of one result then differ. Here the first partition decides for all, and a value that does not fit fails:
// nothing is cut off unless the operator has said so.
std::shared_ptr<const Columns> with_units(std::shared_ptr<const Columns> columns,
                                          SnowflakeOptions::Timestamps timestamps, std::string_view first);

}  // namespace coatcheck::warehouse::snowflake
