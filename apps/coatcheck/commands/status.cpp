// coatcheck status, wait and cancel: one query, and what becomes of it.
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "client/problem.hpp"
#include "client/query_view.hpp"
#include "client/session.hpp"
#include "client/terminal.hpp"
#include "client/url.hpp"
#include "client/waiting.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace coatcheck::commands {

namespace {

using client::ExitCode;
using client::Outcome;

struct Options {
  client::Access access;
  std::string id;
  std::string time;
  bool json = false;
};

// Shows the query on standard output, and on standard error why it failed.
void show(const client::QueryView& query) {
  client::print(client::describe(query, system_clock().now(), client::look_at(1).style));
  const client::Stream errors = client::look_at(2);
  if (query.error) client::print_error(client::failure_text(query, errors.width, errors.style));
}

Outcome<ExitCode> status(const Options& options) {
  auto http = client::open_session(options.access);
  if (!http) return std::move(http).error();
  auto response = client::ask(*http, {.target = client::query_path(options.id)}, options.id);
  if (!response) return std::move(response).error();
  if (options.json) {
    client::print(response->body + "\n");
    return ExitCode::ok;
  }
  auto query = client::parse_query(response->body);
  if (!query) return std::move(query).error();
  show(*query);
  return ExitCode::ok;
}

Outcome<ExitCode> wait(const Options& options) {
  std::optional<std::chrono::milliseconds> time;
  if (auto duration = parse_duration(options.time)) time = *duration;
  auto http = client::open_session(options.access);
  if (!http) return std::move(http).error();
  auto query = client::wait_until_ended(*http, options.id, time);
  if (!query) return std::move(query).error();
  show(*query);
  return query->status == "SUCCEEDED" ? ExitCode::ok : ExitCode::query_failed;
}

Outcome<ExitCode> cancel(const Options& options) {
  auto http = client::open_session(options.access);
  if (!http) return std::move(http).error();
  auto response =
      client::ask_patiently(*http, {.method = "POST", .target = client::query_path(options.id, "/cancel")}, options.id);
  if (!response) return std::move(response).error();
  auto query = client::parse_query(response->body);
  if (!query) return std::move(query).error();
  client::print(client::dressed_status(*query, query->status, client::look_at(1).style) + "\n");
  if (query->status == "SUCCEEDED" || query->status == "FAILED") client::print_error("it had ended before\n");
  if (query->status == "CANCELING")
    client::print_error("the warehouse has not confirmed yet: coatcheck wait " + query->id + "\n");
  return ExitCode::ok;
}

CLI::App* add(CLI::App& root, const char* name, const char* description, const std::shared_ptr<Options>& options) {
  CLI::App* command = root.add_subcommand(name, description);
  command->add_option("ID", options->id, "The query's id")->type_name("")->required();
  add_access(command, options->access);
  return command;
}

}  // namespace

void add_status(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(root, "status", "Show how far a query has come", options);
  command->add_flag("--json", options->json, "The query as the API tells it");
  command->footer(
      "Examples:\n"
      "  coatcheck status 0193a3c5-8a4e-7c11-b5a1-0d5f7a3b9c42\n"
      "  coatcheck status $id --json");
  on_run(command, exit_code, [options] { return status(*options); });
}

void add_wait(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(root, "wait", "Wait until a query has ended", options);
  allow_durations(command->add_option("--timeout", options->time, "Wait no longer than this; the query goes on"));
  command->footer(
      "The exit code is 0 if the query succeeded, 1 if it failed or was canceled, 124 if it has not ended in time.\n"
      "\n"
      "Examples:\n"
      "  coatcheck wait $id && coatcheck result $id --output report.csv\n"
      "  coatcheck wait $id --timeout 10m");
  on_run(command, exit_code, [options] { return wait(*options); });
}

void add_cancel(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add(root, "cancel", "Stop a query", options);
  command->footer(
      "Examples:\n"
      "  coatcheck cancel $id && coatcheck wait $id        until the warehouse has confirmed");
  on_run(command, exit_code, [options] { return cancel(*options); });
}

}  // namespace coatcheck::commands
