#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace coatcheck::warehouse::snowflake {

// The statement that asks for the states of all statements that have ended since `begin` or not at all. Its first
// column is their handles, its second their states. It may not show all: the answer has a limit.
std::string history_statement(Timestamp begin, Timestamp now);

// Reads the rows of its answer: whether each has ended. Nothing if they are not of the form.
std::optional<std::map<std::string, bool>> read_history(std::string_view body);

}  // namespace coatcheck::warehouse::snowflake
