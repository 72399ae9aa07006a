#pragma once

namespace CLI {
class App;
}

namespace coatcheck {

// Adds `coatcheck serve` to the command line: the server. Sets `exit_code` when the command has run.
void add_serve(CLI::App& root, int& exit_code);

}  // namespace coatcheck
