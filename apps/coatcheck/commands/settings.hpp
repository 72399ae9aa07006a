#pragma once

#include "client/outcome.hpp"
#include "commands/command.hpp"
#include "config/config.hpp"

namespace coatcheck::commands {

// Reads the server's settings as `coatcheck serve` would. Wrong usage with all mistakes.
client::Outcome<config::Loaded> load(const Settings& settings);

}  // namespace coatcheck::commands
