// coatcheck version: this build, and the libraries whose behaviour shows in results.
#include "commands/version.hpp"

#include <fmt/format.h>

#include "client/terminal.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace coatcheck::commands {

void add_version(CLI::App& root, int& exit_code) {
  CLI::App* command = root.add_subcommand("version", "Show the versions of Coatcheck and its engines");
  command->footer("Example:\n  coatcheck version");
  on_run(command, exit_code, []() -> client::Outcome<client::ExitCode> {
    const EngineVersions engines = engine_versions();
    std::string text = "coatcheck " COATCHECK_VERSION;
    if (!std::string_view(COATCHECK_COMMIT).empty()) text += " (" COATCHECK_COMMIT ")";
    client::print(fmt::format("{}\nDuckDB    {}\nArrow     {}\nSQLite    {}\n", text, engines.duckdb, engines.arrow,
                              engines.sqlite));
    return client::ExitCode::ok;
  });
}

}  // namespace coatcheck::commands
