// coatcheck history: what was submitted, newest first.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "client/history_view.hpp"
#include "client/query_view.hpp"
#include "client/session.hpp"
#include "client/table.hpp"
#include "client/terminal.hpp"
#include "client/url.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace coatcheck::commands {

namespace {

namespace json = boost::json;
using client::ExitCode;
using client::Outcome;
using client::Trouble;

constexpr std::uint64_t limit_default = 20;
constexpr std::uint64_t page_max = 200;

struct Options {
  client::Access access;
  std::string status;
  std::string warehouse;
  std::string tag;
  std::string principal;
  std::string since;
  std::string until;
  std::uint64_t limit = limit_default;
  bool all = false;
  bool json = false;
};

// "2h" means two hours ago.
std::string point_in_time(const std::string& text) {
  const auto duration = parse_duration(text);
  return duration ? to_rfc3339(system_clock().now() - *duration) : text;
}

struct Page {
  json::array queries;
  std::string next;
};

Outcome<Page> fetch(client::HttpClient& http, const std::string& target) {
  auto response = client::ask_patiently(http, {.target = target});
  if (!response) return std::move(response).error();
  boost::system::error_code wrong;
  json::value value = json::parse(response->body, wrong);
  json::object* object = wrong ? nullptr : value.if_object();
  json::value* queries = object ? object->if_contains("queries") : nullptr;
  if (!queries || !queries->is_array())
    return Trouble{ExitCode::unavailable, "the server's answer is no history of Coatcheck's"};
  Page page;
  page.queries = std::move(queries->get_array());
  if (const json::value* next = object->if_contains("next_page_token"); next && next->is_string()) {
    page.next.assign(next->get_string().data(), next->get_string().size());
  }
  return page;
}

void show(const json::array& queries, bool as_json) {
  const client::Stream stream = client::look_at(1);
  const std::size_t width = stream.is_terminal ? stream.width : client::unlimited_width;
  std::string text;
  for (const json::value& query : queries) {
    if (!query.is_object()) continue;
    if (as_json) {
      text += json::serialize(query) + "\n";
    } else {
      text += client::history_line(client::read_query(query.get_object()), system_clock().now(), width, stream.style);
    }
  }
  client::print(text);
}

Outcome<ExitCode> history(const Options& options) {
  auto http = client::open_session(options.access);
  if (!http) return std::move(http).error();
  std::uint64_t left = options.all ? UINT64_MAX : options.limit;
  std::string token;
  bool is_first = true;
  for (;;) {
    auto page =
        fetch(*http, client::with_parameters("/v1/queries", {{"status", options.status},
                                                             {"warehouse", options.warehouse},
                                                             {"query_tag", options.tag},
                                                             {"principal", options.principal},
                                                             {"since", point_in_time(options.since)},
                                                             {"until", point_in_time(options.until)},
                                                             {"limit", std::to_string(std::min(left, page_max))},
                                                             {"page_token", token}}));
    if (!page) return std::move(page).error();
    const client::Stream stream = client::look_at(1);
    if (is_first && page->queries.empty() && !options.json) client::print_error("no queries\n");
    if (is_first && !page->queries.empty() && !options.json) {
      client::print(client::history_head(stream.is_terminal ? stream.width : client::unlimited_width, stream.style));
    }
    is_first = false;
    show(page->queries, options.json);
    left -= std::min<std::uint64_t>(left, page->queries.size());
    token = std::move(page->next);
    if (token.empty() || page->queries.empty()) return ExitCode::ok;
    if (left == 0) break;
    if (client::is_interrupted()) return Trouble{ExitCode::interrupted, "interrupted"};
  }
  if (!options.json) client::print_error(client::look_at(2).style.dim("… there are more: --limit N or --all\n"));
  return ExitCode::ok;
}

}  // namespace

void add_history(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = root.add_subcommand("history", "List queries, newest first");
  command
      ->add_option("--status", options->status,
                   "Only these: QUEUED, RUNNING, CANCELING, SUCCEEDED, FAILED, CANCELED; with commas between")
      ->type_name("STATUS");
  command->add_option("--warehouse", options->warehouse, "Only of this warehouse")->type_name("NAME");
  command->add_option("--tag", options->tag, "Only with this tag")->type_name("TAG");
  command->add_option("--principal", options->principal, "Only of this principal (administrators see all)")
      ->type_name("NAME");
  command->add_option("--since", options->since, "Submitted since then: 2026-11-22T17:00:00Z, or 2h for two hours ago")
      ->type_name("TIME");
  command->add_option("--until", options->until, "Submitted before then")->type_name("TIME");
  allow_counts_from(command->add_option("--limit", options->limit, "At most so many")->capture_default_str(), 1);
  command->add_flag("--all", options->all, "All there are");
  command->add_flag("--json", options->json, "One JSON object a line, as the API tells it");
  add_access(command, options->access);
  command->footer(
      "Examples:\n"
      "  coatcheck history --status RUNNING,QUEUED\n"
      "  coatcheck history --since 2h --tag nightly\n"
      "  coatcheck history --all --json | jq -r 'select(.status==\"FAILED\").id'");
  on_run(command, exit_code, [options] { return history(*options); });
}

}  // namespace coatcheck::commands
