// The one binary: the server, and the commands that are its clients.
#include <CLI/CLI.hpp>

#include "check_warehouses.hpp"
#include "commands/commands.hpp"
#include "data_commands.hpp"
#include "serve.hpp"

int main(int argc, char** argv) {
  int exit_code = 0;
  CLI::App root;
  coatcheck::add_serve(root, exit_code);
  coatcheck::add_warehouse(root, exit_code);
  coatcheck::add_data_commands(root, exit_code);
  coatcheck::commands::add_commands(root, exit_code);
  return coatcheck::commands::run(root, exit_code, argc, argv);
}
