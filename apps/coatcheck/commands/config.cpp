// coatcheck config: what the server's settings are, and what they may be.
#include "config/config.hpp"

#include <memory>

#include "client/terminal.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/settings.hpp"

namespace coatcheck::commands {

using client::ExitCode;
using client::Outcome;
using client::Trouble;

Outcome<config::Loaded> load(const Settings& settings) {
  config::Sources sources{.environment = config::process_environment(), .overrides = settings.overrides};
  if (!settings.config_file.empty()) sources.file = settings.config_file;
  if (!settings.data_directory.empty()) sources.overrides.push_back("data.directory=" + settings.data_directory);
  auto loaded = config::load(sources);
  if (!loaded) return Trouble{ExitCode::usage, "the configuration cannot be used:\n" + loaded.error().message};
  return *std::move(loaded);
}

void add_config(CLI::App& root, int& exit_code) {
  struct Options {
    Settings settings;
    bool example = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("config", "Check and show the server's settings, and where each comes from");
  command->add_flag("--example", options->example, "A file with every setting, what it means, and its default");
  add_settings(command, options->settings);
  command->footer(
      "Examples:\n"
      "  coatcheck config --example > coatcheck.toml\n"
      "  coatcheck config --config coatcheck.toml\n"
      "  coatcheck config --set limits.wait_max=30s");
  on_run(command, exit_code, [options]() -> Outcome<ExitCode> {
    if (options->example) {
      client::print(config::example());
      return ExitCode::ok;
    }
    auto loaded = load(options->settings);
    if (!loaded) return std::move(loaded).error();
    client::print(config::effective(*loaded));
    return ExitCode::ok;
  });
}

}  // namespace coatcheck::commands
