#include "check_warehouses.hpp"

#include <boost/asio/co_spawn.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/clock.hpp"
#include "client/human.hpp"
#include "client/outcome.hpp"
#include "client/terminal.hpp"
#include "client/width.hpp"
#include "commands/command.hpp"
#include "commands/settings.hpp"
#include "warehouses.hpp"

namespace coatcheck {

namespace {

using client::ExitCode;
using client::Outcome;
using client::Trouble;
using Answer = warehouse::Outcome<std::string>;

struct Options {
  commands::Settings settings;
  std::string name;
  std::string time = "30s";
};

// What was tried of one warehouse, step by step, and how it went.
class Report {
 public:
  explicit Report(const config::Warehouse& warehouse) : warehouse_(warehouse) {}

  void went_well(std::string step, std::string what = {}) {
    steps_.push_back({std::move(step), std::move(what), true});
  }
  // `hint` is what to look at.
  void failed(std::string step, std::string why, std::string hint) {
    steps_.push_back({std::move(step), std::move(why), false});
    hint_ = std::move(hint);
  }
  void note(std::string text) { notes_.push_back(std::move(text)); }

  bool is_well() const { return hint_.empty(); }

  std::string text(client::Style style) const {
    const std::string title = fmt::format("{} ({}): ", warehouse_.name, warehouse_.kind);
    std::string out;
    if (is_well()) {
      out = title + style.green("ok");
      for (const Step& step : steps_) {
        if (!step.words.empty() && &step == &steps_.back()) out += ", " + step.words;
      }
      out += "\n";
    } else {
      out = title + style.red("does not work") + "\n";
      for (const Step& step : steps_) {
        out += fmt::format("  {:<12} {}{}\n", step.name, step.is_well ? style.green("ok") : style.red("failed"),
                           step.words.empty() ? "" : (step.is_well ? "     " : " ") + indented(step.words));
      }
      out += fmt::format("  {:<12} {}\n", "look at", hint_);
    }
    for (const std::string& note : notes_) out += "  " + style.dim(note) + "\n";
    return out;
  }

 private:
  struct Step {
    std::string name;
    std::string words;
    bool is_well;
  };

  // Words of several lines stay behind the names of the steps.
  static std::string indented(std::string_view words) {
    std::string out;
    for (const char c : words) {
      out += c;
      if (c == '\n') out.append(22, ' ');
    }
    return out;
  }

  const config::Warehouse& warehouse_;
  std::vector<Step> steps_;
  std::string hint_;
  std::vector<std::string> notes_;
};

std::string hint_for_settings(const config::Warehouse& warehouse, std::string_view words) {
  if (warehouse.kind == "adbc")
    return "driver and entrypoint: is the library there, readable, and for this machine? docs/warehouses/adbc.md says "
           "where "
           "drivers come from";
  if (warehouse.kind == "trino") return "the setting that it names; docs/warehouses/trino.md lists them";
  if (warehouse.kind == "snowflake") return "the setting that it names; docs/warehouses/snowflake.md lists them";
  if (words.find("lock") != words.npos)
    return "who has the database file open; only one process can, and perhaps a server runs on it: then that warehouse "
           "works";
  return "database, data_directories and [[warehouse.table]]; paths are relative to where the server is started";
}

std::string hint_for_answer(const config::Warehouse& warehouse, const Failure& failure) {
  if (warehouse.kind == "duckdb") return "the database file; docs/duckdb.md";
  if (failure.category == FailureCategory::statement)
    return "the setting that it means: it answers, and refuses even the simplest statement";
  // Some drivers say it only in words.
  const auto says = [&](std::string_view word) { return failure.message.find(word) != failure.message.npos; };
  const bool refused = failure.sqlstate.starts_with("28") || failure.category == FailureCategory::permission ||
                       says("(401)") || says("authentication");
  if (warehouse.kind == "trino") {
    return refused ? "user, authentication, and the secret: does Trino know this user by this password or token?"
                   : "url, ca_file and proxies (https_proxy, no_proxy): can this machine reach the coordinator?";
  }
  if (warehouse.kind == "snowflake") {
    return refused
               ? "account, user, authentication, and the secret: is the key's public half registered with this user, "
                 "or the token still good?"
               : "url, ca_file and proxies (https_proxy, no_proxy): can this machine reach the account?";
  }
  return refused ? "user, credentials, and what the database allows this user"
                 : "host, port, user and database in database_options, and credentials: can this machine reach the "
                   "database?";
}

// The settings to try: as the server has them, but nothing is made that is not there, and nothing is tried for minutes.
config::Warehouse to_try(config::Warehouse warehouse, Report& report) {
  std::error_code none;
  const std::string& database = warehouse.duckdb.database;
  if (warehouse.kind == "duckdb" && !database.empty() && !std::filesystem::exists(database, none)) {
    report.note(
        fmt::format("the database file {} is not there yet: the server makes it, this was tried without", database));
    warehouse.duckdb.database.clear();
  }
  warehouse.trino.retry_for = {};
  warehouse.snowflake.retry_for = {};
  return warehouse;
}

bool read_credentials(const config::Warehouse& warehouse, Report& report) {
  const auto credentials = credentials_of(warehouse);
  for (const NamedCredential& each : credentials) {
    auto secret = each.credential.read();
    if (secret) continue;
    report.failed("secrets", fmt::format("{} ({})", secret.error().message, secret.error().detail),
                  "that the file or variable is there, for the server's user, and for you who run this now");
    return false;
  }
  if (!credentials.empty()) report.went_well("secrets", fmt::format("{} read", client::grouped(credentials.size())));
  return true;
}

// A check that may be left alone when it takes too long.
struct Asked {
  explicit Asked(async::Executor executor) : answered(executor) {}
  async::Timer answered;  // Canceled when there is an answer.
  std::optional<Answer> answer;
};

async::Task<> ask(warehouse::Connector* connector, std::shared_ptr<Asked> asked) {
  asked->answer = co_await connector->check();
  asked->answered.cancel();
}

// Tries warehouses one after the other and prints what came of each.
class Checker {
 public:
  Checker(async::Loop& loop, std::chrono::milliseconds time) : loop_(loop), time_(time) {}

  // Returns whether all of them work.
  async::Task<bool> check(std::vector<config::Warehouse> warehouses) {
    bool all_well = true;
    for (const config::Warehouse& warehouse : warehouses) {
      Report report(warehouse);
      co_await check_one(&warehouse, &report);
      client::print(report.text(client::look_at(1).style));
      all_well = all_well && report.is_well();
    }
    co_return all_well;
  }

  // Some check has not come back, and its threads neither: the process can only end as it stands.
  bool has_left_one_alone() const { return left_alone_; }

 private:
  async::Task<> check_one(const config::Warehouse* warehouse, Report* report) {
    auto opened = open_warehouse(to_try(*warehouse, *report), loop_);
    if (!opened) {
      const std::string words = client::visible_lines(opened.error().message);
      co_return report->failed("settings", words, hint_for_settings(*warehouse, words));
    }
    report->went_well("settings");
    warehouse::Connector* connector = opened_.emplace_back(*std::move(opened)).get();
    if (!read_credentials(*warehouse, *report)) co_return;

    auto asked = std::make_shared<Asked>(loop_.get_executor());
    asked->answered.expires_after(time_);
    async::asio::co_spawn(loop_.get_executor(), ask(connector, asked), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
    co_await asked->answered.async_wait(async::as_outcome);
    if (!asked->answer) {
      left_alone_ = true;
      const Failure silence{.category = FailureCategory::unavailable};
      co_return report->failed("answer", "none within " + client::human_duration(time_),
                               hint_for_answer(*warehouse, silence));
    }
    const Answer& answer = *asked->answer;
    if (answer) co_return report->went_well("answer", client::visible_lines(*answer));
    const Failure& failure = answer.error();
    report->failed("answer", client::visible_lines(failure.message), hint_for_answer(*warehouse, failure));
  }

  async::Loop& loop_;
  std::chrono::milliseconds time_;
  std::vector<std::unique_ptr<warehouse::Connector>> opened_;
  bool left_alone_ = false;
};

Outcome<std::vector<config::Warehouse>> wanted(const Options& options) {
  auto loaded = commands::load(options.settings);
  if (!loaded) return std::move(loaded).error();
  std::vector<config::Warehouse> chosen;
  std::string names;
  for (config::Warehouse& warehouse : loaded->settings.warehouses) {
    names += (names.empty() ? "" : ", ") + warehouse.name;
    if (options.name.empty() || warehouse.name == options.name) chosen.push_back(std::move(warehouse));
  }
  if (chosen.empty())
    return Trouble{ExitCode::usage, fmt::format("there is no warehouse \"{}\"", options.name), "there is: " + names};
  return chosen;
}

Outcome<ExitCode> check(const Options& options) {
  auto warehouses = wanted(options);
  if (!warehouses) return std::move(warehouses).error();
  std::signal(SIGPIPE, SIG_IGN);
  async::Loop loop(1);
  Checker checker(loop, parse_duration(options.time) ? *parse_duration(options.time) : std::chrono::seconds(30));
  bool all_well = false;
  async::asio::co_spawn(loop.get_executor(), checker.check(*std::move(warehouses)),
                        [&](std::exception_ptr failure, bool well) {
                          if (failure) std::rethrow_exception(failure);
                          all_well = well;
                          loop.stop();
                        });
  loop.run();
  const ExitCode exit = all_well ? ExitCode::ok : ExitCode::not_well;
  if (checker.has_left_one_alone()) {
    std::fflush(nullptr);
    std::_Exit(static_cast<int>(exit));
  }
  return exit;
}

}  // namespace

void add_warehouse(CLI::App& root, int& exit_code) {
  CLI::App* warehouse = root.add_subcommand("warehouse", "Try the warehouses that the server's settings name");
  warehouse->require_subcommand(1);

  auto options = std::make_shared<Options>();
  CLI::App* command = warehouse->add_subcommand("check", "Say for each warehouse whether it answers, and if not, why");
  command->add_option("NAME", options->name, "Only this warehouse")->type_name("");
  commands::allow_durations(
      command->add_option("--timeout", options->time, "How long each may take to answer")->capture_default_str());
  commands::add_settings(command, options->settings);
  command->footer(
      "It reads the settings as `coatcheck serve` does and connects as the server would, which may run\n"
      "meanwhile or not. Run it as the server's user, with the server's variables. Nothing is changed in a\n"
      "warehouse. The exit code is 0 if all of them answer, else 1.\n"
      "\n"
      "Examples:\n"
      "  coatcheck warehouse check --config /etc/coatcheck.toml\n"
      "  coatcheck warehouse check sales --config /etc/coatcheck.toml --timeout 5s");
  commands::on_run(command, exit_code, [options] { return check(*options); });
}

}  // namespace coatcheck
