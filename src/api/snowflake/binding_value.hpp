#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/statement.hpp"

namespace coatcheck::api::snowflake {

// Returns the value that a binding's text stands for, with the type in which the warehouse reads it exactly; without
// a name. Nothing if the type (in upper case) does not exist or the text is none of its values.
std::optional<Parameter> read_binding_value(std::string_view type, const std::string& text);

}  // namespace coatcheck::api::snowflake
