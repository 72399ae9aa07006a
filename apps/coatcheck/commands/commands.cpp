#include "commands/commands.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <string>

#include "client/outcome.hpp"
#include "client/problem.hpp"
#include "client/terminal.hpp"

namespace coatcheck::commands {

void add_commands(CLI::App& root, int& exit_code) {
  root.name("coatcheck");
  root.description("Hand over your query, get a ticket at once, claim the result when it is ready.");
  root.require_subcommand(1);
  root.footer(
      "Examples:\n"
      "  coatcheck submit --wait 'SELECT 42 AS answer'          run a query and see its result\n"
      "  id=$(coatcheck submit --file report.sql)               only hand it over\n"
      "  coatcheck result $id --output report.parquet           claim the result, as often as you like\n"
      "\n"
      "Exit codes:\n"
      "  0 done   1 the query failed   2 wrong usage   3 server not reachable or not able   4 key missing or wrong\n"
      "  5 no such query   6 trouble with a local file   124 the query has not ended   130 interrupted");
  add_submit(root, exit_code);
  add_status(root, exit_code);
  add_wait(root, exit_code);
  add_result(root, exit_code);
  add_cancel(root, exit_code);
  add_history(root, exit_code);
  add_key(root, exit_code);
  add_config(root, exit_code);
  add_version(root, exit_code);
  add_completion(root, exit_code);
}

int run(CLI::App& root, const int& exit_code, int argc, const char* const* argv) {
  const auto wrong = [](client::ExitCode exit, std::string message, std::string hint) {
    client::print_error(client::trouble_text({exit, std::move(message), std::move(hint)}, client::look_at(2).style));
    return static_cast<int>(exit);
  };
  if (argc < 2) {
    client::print_error(root.help());
    return static_cast<int>(client::ExitCode::usage);
  }
  const std::string first = argv[1];
  const auto is_first = [&](const CLI::App* command) { return command->get_name() == first; };
  if (!first.starts_with('-') && root.get_subcommands(is_first).empty()) {
    return wrong(client::ExitCode::usage, "there is no command \"" + first + "\"",
                 "see them all with: coatcheck --help");
  }
  try {
    root.parse(argc, argv);
    return exit_code;
  } catch (const CLI::Success& asked_for_help) {
    return root.exit(asked_for_help);
  } catch (const CLI::ParseError& error) {
    return wrong(client::ExitCode::usage, error.what(), "see: coatcheck " + first + " --help");
  } catch (const std::exception& error) {
    return wrong(client::ExitCode::local, error.what(), "");
  }
}

}  // namespace coatcheck::commands
