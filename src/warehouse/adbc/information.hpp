#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "warehouse/adbc/handles.hpp"

namespace coatcheck::warehouse::adbc {

// Texts by their codes (ADBC_INFO_…).
using Information = std::map<std::uint32_t, std::string>;

// Returns the texts that the driver has for these codes; those that it does not know, or that are no texts, are not
// there. Blocks as long as the warehouse takes.
Information read_information(AdbcConnection* connection, std::span<const std::uint32_t> codes);

}  // namespace coatcheck::warehouse::adbc
