#pragma once

namespace CLI {
class App;
}

namespace coatcheck {

// Adds `coatcheck journal check` and `coatcheck backup`: what is stored, looked at and copied without the server's
// help. Sets `exit_code` when a command has run.
void add_data_commands(CLI::App& root, int& exit_code);

}  // namespace coatcheck
