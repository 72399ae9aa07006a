#pragma once

#include <optional>

#include "warehouse/snowflake/connector.hpp"

namespace coatcheck::warehouse::snowflake {

// What is wrong with the options (invalid_argument, with the option's name as `field`), or nothing. The URL has no
// slash at its end.
std::optional<Error> mistake(const SnowflakeOptions& options);

}  // namespace coatcheck::warehouse::snowflake
