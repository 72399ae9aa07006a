#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "telemetry/log.hpp"

namespace coatcheck::telemetry::detail {

// Returns "debug", "info", "warn" or "error".
std::string_view to_string(Level level);

// Returns `event key=value key="value with spaces"`, one line for people. Time and level go before it.
std::string human_line(std::string_view event, std::initializer_list<Field> fields);

// Returns one JSON object in one line, time and level included: always valid JSON and valid UTF-8.
std::string json_line(Timestamp time, Level level, std::string_view event, std::initializer_list<Field> fields);

}  // namespace coatcheck::telemetry::detail
