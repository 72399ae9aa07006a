#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/outcome.hpp"
#include "client/session.hpp"

namespace coatcheck::commands {

// Makes `work` what the command does: its exit code ends up in `exit_code`, and trouble on standard error too.
void on_run(CLI::App* command, int& exit_code, std::function<client::Outcome<client::ExitCode>()> work);

// Adds --server and --key-file, which every client command has.
void add_access(CLI::App* command, client::Access& access);

// Allows only the texts in `choices`, which has "|" between them; completion knows them from there.
void allow_only(CLI::Option* option, std::string_view choices);

// Returns the texts again that allow_only() was given, or none.
std::vector<std::string> choices_of(const CLI::Option& option);

// Checks that an option is a duration as the API reads it.
void allow_durations(CLI::Option* option);

// Checks that an option is a whole number of at least `lowest`; CLI11 itself would take -1 for a very large one.
void allow_counts_from(CLI::Option* option, std::uint64_t lowest);

// Checks that an option is a whole number in these bounds.
void allow_numbers(CLI::Option* option, int lowest, int highest);

// Adds --config, --data (if wanted) and --set, as `coatcheck serve` has them.
struct Settings {
  std::string config_file;
  std::string data_directory;
  std::vector<std::string> overrides;
};
void add_settings(CLI::App* command, Settings& settings);

}  // namespace coatcheck::commands
