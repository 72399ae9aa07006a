#pragma once

#include <span>
#include <string_view>

#include "api/snowflake/state.hpp"

namespace coatcheck::api::snowflake {

// A parameter as it is for a session that has not set it.
struct DefaultParameter {
  std::string_view name;
  ParameterValue::Type type = ParameterValue::Type::text;
  std::string_view value;
  bool is_sent = true;  // To drivers, after login and with every result; what is not is for SHOW PARAMETERS only.
};

// In the order of their names.
std::span<const DefaultParameter> default_parameters();

}  // namespace coatcheck::api::snowflake
