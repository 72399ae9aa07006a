#include "data_commands.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>
#include <memory>
#include <string>

#include "client/human.hpp"
#include "client/outcome.hpp"
#include "client/terminal.hpp"
#include "client/width.hpp"
#include "commands/command.hpp"
#include "commands/settings.hpp"
#include "data_check.hpp"
#include "data_copy.hpp"

namespace coatcheck {

namespace {

using client::ExitCode;
using client::Outcome;
using client::Trouble;

struct Options {
  commands::Settings settings;
  std::string target;
};

Trouble trouble_of(const Error& error) {
  const bool is_usage = error.code == Errc::conflict || error.code == Errc::not_found;
  std::string words = error.message;
  if (!error.detail.empty()) words += " (" + error.detail + ")";
  if (error.code == Errc::corrupt) return {ExitCode::not_well, std::move(words)};
  return {is_usage ? ExitCode::usage : ExitCode::local, std::move(words)};
}

// Prints what is wrong as it is found, then what was looked at.
Outcome<ExitCode> check_and_tell(const std::filesystem::path& directory) {
  const client::Style style = client::look_at(1).style;
  const auto checked = check_data(directory, [&](const std::string& problem) {
    client::print(style.red("wrong") + "  " + client::visible_lines(problem) + "\n");
  });
  if (!checked) return trouble_of(checked.error());
  client::print(
      fmt::format("{}: {} ({} queries, {} results in {} chunks and {} bytes)\n", directory.string(),
                  checked->problems == 0 ? style.green("ok") : style.red(client::grouped(checked->problems) + " wrong"),
                  client::grouped(checked->queries), client::grouped(checked->results),
                  client::grouped(checked->chunks), client::grouped(checked->bytes)));
  return checked->problems == 0 ? ExitCode::ok : ExitCode::not_well;
}

Outcome<ExitCode> check(const Options& options) {
  auto loaded = commands::load(options.settings);
  if (!loaded) return std::move(loaded).error();
  return check_and_tell(loaded->settings.data.directory);
}

Outcome<ExitCode> back_up(const Options& options) {
  auto loaded = commands::load(options.settings);
  if (!loaded) return std::move(loaded).error();
  const auto copied = copy_data(loaded->settings.data.directory, options.target);
  if (!copied) return trouble_of(copied.error());
  return check_and_tell(options.target);
}

}  // namespace

void add_data_commands(CLI::App& root, int& exit_code) {
  CLI::App* journal = root.add_subcommand("journal", "Look at what the server has stored, on its machine");
  journal->require_subcommand(1);
  auto options = std::make_shared<Options>();
  CLI::App* command =
      journal->add_subcommand("check", "Read all of the journal and the results, and say what is damaged");
  commands::add_settings(command, options->settings);
  command->footer(
      "It checks the database of the journal, reads every query, compares every chunk of every result with\n"
      "its checksum, and looks for files that nobody wants. It changes nothing; a server may run meanwhile.\n"
      "Run it as the server's user. The exit code is 0 if all is well, 1 if not.\n"
      "\n"
      "Example:\n"
      "  coatcheck journal check --config /etc/coatcheck/coatcheck.toml");
  commands::on_run(command, exit_code, [options] { return check(*options); });

  command = root.add_subcommand("backup", "Copy the data of a server, running or not, and check the copy");
  command->add_option("DIRECTORY", options->target, "Where to; there must be nothing yet")->type_name("")->required();
  commands::add_settings(command, options->settings);
  command->footer(
      "The copy has the journal as of one moment, every result of it, the keys, and the sessions of drivers;\n"
      "a server can be started on it. It has no warehouse's database. Run it as the server's user. The exit\n"
      "code is 0 if all of the copy is well, 1 if something in it is damaged.\n"
      "\n"
      "Example:\n"
      "  coatcheck backup /backup/coatcheck-$(date +%F) --config /etc/coatcheck/coatcheck.toml");
  commands::on_run(command, exit_code, [options] { return back_up(*options); });
}

}  // namespace coatcheck
