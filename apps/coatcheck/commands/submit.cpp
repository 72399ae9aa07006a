// coatcheck submit: hand over a statement; with --wait, see it through to its result.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <system_error>

#include "client/claim.hpp"
#include "client/parameters.hpp"
#include "client/problem.hpp"
#include "client/session.hpp"
#include "client/terminal.hpp"
#include "client/waiting.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace coatcheck::commands {

namespace {

using client::ExitCode;
using client::Outcome;
using client::Trouble;

struct Options {
  client::Access access;
  client::SubmitAsked asked;
  client::ClaimAsked claim;
  std::string file;
  std::string idempotency_key;
  bool wait = false;
};

constexpr std::size_t statement_bytes_max = std::size_t{128} << 20;

Outcome<std::string> read_all(std::istream& stream, const std::string& name) {
  std::string text;
  char piece[65536];
  while (stream.read(piece, sizeof piece) || stream.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > statement_bytes_max)
      return Trouble{ExitCode::usage, fmt::format("{} is too long for a statement", name)};
  }
  if (stream.bad()) return Trouble{ExitCode::local, fmt::format("{} cannot be read", name)};
  return text;
}

Outcome<std::string> statement_of(const Options& options) {
  if (!options.file.empty() && !options.asked.statement.empty()) {
    return Trouble{ExitCode::usage, "the statement is given twice: as an argument and with --file"};
  }
  if (!options.file.empty() && options.file != "-") {
    errno = 0;
    std::ifstream file(options.file, std::ios::binary);
    if (!file) {
      return Trouble{ExitCode::local,
                     fmt::format("{} cannot be read: {}", options.file, std::generic_category().message(errno))};
    }
    return read_all(file, options.file);
  }
  const bool is_piped = options.asked.statement.empty() && isatty(STDIN_FILENO) == 0;
  if (options.file == "-" || options.asked.statement == "-" || is_piped) return read_all(std::cin, "standard input");
  return options.asked.statement;
}

Outcome<ExitCode> see_through(client::HttpClient& http, const std::string& id, const client::ClaimAsked& claim) {
  auto ended = client::wait_until_ended(http, id);
  if (!ended) return std::move(ended).error();
  if (ended->status == "SUCCEEDED") return client::claim(http, id, claim);
  const client::Stream stream = client::look_at(2);
  client::print_error(client::failure_text(*ended, stream.width, stream.style));
  return ExitCode::query_failed;
}

Outcome<ExitCode> submit(const Options& options) {
  client::SubmitAsked asked = options.asked;
  auto statement = statement_of(options);
  if (!statement) return std::move(statement).error();
  asked.statement = *std::move(statement);
  auto body = client::submit_json(asked);
  if (!body) return std::move(body).error();
  if (options.wait) {
    // Before anything runs for nothing.
    auto format = client::chosen_format(options.claim, client::look_at(1).is_terminal);
    if (!format) return std::move(format).error();
  }
  // There is always one, so that sending again after a broken connection never runs the statement twice.
  auto key = options.idempotency_key.empty() ? client::random_idempotency_key()
                                             : Outcome<std::string>(options.idempotency_key);
  if (!key) return std::move(key).error();

  auto http = client::open_session(options.access);
  if (!http) return std::move(http).error();
  auto response = client::ask_patiently(
      *http,
      {.method = "POST", .target = "/v1/queries", .fields = {"Idempotency-Key: " + *key}, .body = *std::move(body)});
  if (!response) return std::move(response).error();
  auto query = client::parse_query(response->body);
  if (!query) return std::move(query).error();

  const client::Stream errors = client::look_at(2);
  if (options.wait) {
    client::print_error(errors.style.dim("query " + query->id + "\n"));
    return see_through(*http, query->id, options.claim);
  }
  client::print(query->id + "\n");
  if (errors.is_terminal && client::look_at(1).is_terminal) {
    client::print_error(errors.style.dim(
        fmt::format("wait for it:  coatcheck wait {0}\nits result:   coatcheck result {0}\n", query->id)));
  }
  return ExitCode::ok;
}

}  // namespace

void add_submit(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("submit", "Hand over a statement; prints the query's id");
  command->add_option("SQL", options->asked.statement, "The statement; \"-\" or nothing reads standard input")
      ->type_name("");
  command->add_option("--file", options->file, "Read the statement from a file")->type_name("FILE");
  CLI::Option* wait = command->add_flag("--wait", options->wait, "Wait for the end and show the result");
  command->add_option("--warehouse", options->asked.warehouse, "Where to run it; without it, the server's default")
      ->type_name("NAME");
  command
      ->add_option("--param", options->asked.parameters,
                   "A value for the statement's next parameter, or name=value; see the examples. May be repeated")
      ->type_name("VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  allow_durations(command->add_option("--timeout", options->asked.timeout, "Stop the query when it has run so long"));
  allow_counts_from(command->add_option("--row-limit", options->asked.row_limit, "Keep at most so many rows"), 1);
  allow_numbers(command->add_option("--priority", options->asked.priority,
                                    "Of your own queries that wait, those of higher priority go first; without it 0"),
                -100, 100);
  command->add_option("--tag", options->asked.query_tag, "A word to find the query by in the history")
      ->type_name("TAG");
  allow_durations(command->add_option("--ttl", options->asked.result_ttl, "How long to keep the result"));
  command
      ->add_option("--idempotency-key", options->idempotency_key,
                   "A name of your own for this submission: the same name and statement never run twice")
      ->type_name("KEY");
  CLI::Option* format = command->add_option("--format", options->claim.format, "With --wait: how to write the result");
  allow_only(format->needs(wait), client::format_names);
  command->add_option("--output", options->claim.output, "With --wait: write the result to a file")
      ->type_name("FILE")
      ->needs(wait);
  CLI::Option* limit = command->add_option("--limit", options->claim.limit,
                                           "With --wait: at most so many rows; a table has 40 if you do not say");
  allow_counts_from(limit->needs(wait), 1);
  add_access(command, options->access);
  command->footer(
      "Examples:\n"
      "  coatcheck submit --wait 'SELECT * FROM flights'\n"
      "  coatcheck submit --wait --output flights.parquet 'SELECT * FROM flights'\n"
      "  id=$(coatcheck submit --file report.sql --tag nightly --priority -10)\n"
      "  coatcheck submit --wait --param 5 --param \"'5'\" 'SELECT ? + 1, ? || 1'        a number and a text\n"
      "  coatcheck submit --wait --param day:DATE=2026-01-01 'SELECT $day + 1'          named, with a type\n"
      "  echo 'SELECT 1' | coatcheck submit -");
  on_run(command, exit_code, [options] { return submit(*options); });
}

}  // namespace coatcheck::commands
