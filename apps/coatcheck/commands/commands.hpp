#pragma once

namespace CLI {
class App;
}

namespace coatcheck::commands {

// Each adds one command, a client of a running server.
void add_submit(CLI::App& root, int& exit_code);
void add_status(CLI::App& root, int& exit_code);
void add_wait(CLI::App& root, int& exit_code);
void add_result(CLI::App& root, int& exit_code);
void add_cancel(CLI::App& root, int& exit_code);
void add_history(CLI::App& root, int& exit_code);

// Each adds one command that needs no server.
void add_key(CLI::App& root, int& exit_code);
void add_config(CLI::App& root, int& exit_code);
void add_version(CLI::App& root, int& exit_code);
void add_completion(CLI::App& root, int& exit_code);

// Sets up `root` itself, and adds all of these.
void add_commands(CLI::App& root, int& exit_code);

// Parses the command line and runs its command; returns the process's exit code, which the command has put into
// `exit_code`.
int run(CLI::App& root, const int& exit_code, int argc, const char* const* argv);

}  // namespace coatcheck::commands
