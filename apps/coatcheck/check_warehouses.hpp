#pragma once

namespace CLI {
class App;
}

namespace coatcheck {

// Adds `coatcheck warehouse check` to the command line: the server's warehouses, tried without a server. Sets
// `exit_code` when the command has run.
void add_warehouse(CLI::App& root, int& exit_code);

}  // namespace coatcheck
