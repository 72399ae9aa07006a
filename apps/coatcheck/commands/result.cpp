// coatcheck result: claim the rows of a query that has ended.
#include <memory>

#include "client/claim.hpp"
#include "client/session.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace coatcheck::commands {

namespace {

using client::ExitCode;
using client::Outcome;

struct Options {
  client::Access access;
  std::string id;
  client::ClaimAsked claim;
};

Outcome<ExitCode> result(const Options& options) {
  auto http = client::open_session(options.access);
  if (!http) return std::move(http).error();
  return client::claim(*http, options.id, options.claim);
}

}  // namespace

void add_result(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("result", "Show or save a query's result");
  command->add_option("ID", options->id, "The query's id")->type_name("")->required();
  allow_only(command->add_option("--format", options->claim.format,
                                 "How to write it; without it, by the file's ending, a table on a terminal, else csv"),
             client::format_names);
  allow_counts_from(command->add_option("--offset", options->claim.offset, "Leave out so many rows at the beginning"),
                    0);
  allow_counts_from(
      command->add_option("--limit", options->claim.limit, "At most so many rows; a table has 40 if you do not say"),
      1);
  command->add_option("--output", options->claim.output, "Write to a file, which is there only once it is whole")
      ->type_name("FILE");
  add_access(command, options->access);
  command->footer(
      "Examples:\n"
      "  coatcheck result $id                                a table, cut to fit\n"
      "  coatcheck result $id --output flights.parquet\n"
      "  coatcheck result $id --format ndjson | jq .carrier\n"
      "  coatcheck result $id --offset 1000 --limit 100");
  on_run(command, exit_code, [options] { return result(*options); });
}

}  // namespace coatcheck::commands
