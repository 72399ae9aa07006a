#include "serve.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "server.hpp"
#include "service_manager.hpp"
#include "telemetry/log.hpp"

namespace coatcheck {

namespace {

struct ServeOptions {
  std::string config_file;
  std::string listen;
  std::string data_directory;
  std::vector<std::string> overrides;
};

telemetry::Level level_of(const config::Log& log) {
  using telemetry::Level;
  return log.level == "debug"   ? Level::debug
         : log.level == "warn"  ? Level::warn
         : log.level == "error" ? Level::error
                                : Level::info;
}

telemetry::LogOptions log_options(const config::Log& log) {
  return {.level = level_of(log),
          .style = log.style == "json" ? telemetry::LogOptions::Style::json : telemetry::LogOptions::Style::human};
}

// SIGHUP: reads the settings again, and goes by the level of the log that they say now. All else takes a restart, and
// settings that are wrong change nothing.
class LogLevel {
 public:
  LogLevel(async::Loop& loop, const config::Sources& sources)
      : sources_(sources), hangups_(loop.get_executor(), SIGHUP) {}

  void follow() {
    hangups_.async_wait([this](boost::system::error_code none, int) {
      if (none) return;
      read_again();
      follow();
    });
  }

 private:
  // On the loop: a small file, and seldom.
  void read_again() const {
    const auto loaded = config::load(sources_);
    if (!loaded) return telemetry::error("settings_not_read", {{"error", loaded.error().message}});
    const auto tell = [&] { telemetry::info("log_level_read_again", {{"log_level", loaded->settings.log.level}}); };
    // By the more talkative of the two levels, so that it is seen to have worked.
    const bool told = telemetry::is_logged(telemetry::Level::info);
    if (told) tell();
    telemetry::set_log_level(level_of(loaded->settings.log));
    if (!told) tell();
  }

  const config::Sources& sources_;
  async::asio::basic_signal_set<async::Executor> hangups_;
};

// A warehouse holds threads that nobody can end, and tasks that wait for them. The journal is closed, so all that
// was accepted is on disk; what was abandoned is for the next start, as after a crash.
[[noreturn]] void end_as_it_stands() {
  telemetry::error("stopped_by_force");
  std::_Exit(1);
}

// Runs the server until a signal ends it. Returns the process's exit code.
async::Task<int> run(async::Loop* loop, ServerProcess* process, const config::Sources* sources,
                     const config::Settings* settings) {
  async::asio::basic_signal_set<async::Executor> signals(loop->get_executor(), SIGINT, SIGTERM);
  LogLevel log_level(*loop, *sources);
  log_level.follow();

  auto port = co_await process->start();
  if (!port) {
    telemetry::error("start_failed", {{"error", port.error().message}});
    if (!co_await process->stop()) end_as_it_stands();
    co_return 1;
  }
  config::Endpoint endpoint = settings->server.listen;
  endpoint.port = *port;
  std::printf("coatcheck listening on %s://%s\n", settings->tls.is_on() ? "https" : "http",
              config::to_string(endpoint).c_str());
  std::fflush(stdout);
  tell_service_manager("READY=1");

  auto [error, signal] = co_await signals.async_wait(async::as_outcome);
  telemetry::info("stopping", {{"signal", signal}});
  tell_service_manager("STOPPING=1");
  // A second signal is an order to stop at once; nothing accepted is lost by that either.
  signals.async_wait([](boost::system::error_code none, int number) {
    if (!none) std::_Exit(128 + number);
  });
  if (!co_await process->stop()) end_as_it_stands();
  telemetry::info("stopped");
  co_return 0;
}

int serve(const ServeOptions& options) {
  config::Sources sources{.environment = config::process_environment(), .overrides = options.overrides};
  if (!options.config_file.empty()) sources.file = options.config_file;
  if (!options.listen.empty()) sources.overrides.push_back("server.listen=" + options.listen);
  if (!options.data_directory.empty()) sources.overrides.push_back("data.directory=" + options.data_directory);
  auto loaded = config::load(sources);
  if (!loaded) {
    std::fprintf(stderr, "coatcheck: the configuration cannot be used:\n%s\n", loaded.error().message.c_str());
    return 2;
  }
  telemetry::start_log(log_options(loaded->settings.log));
  std::signal(SIGPIPE, SIG_IGN);

  async::Loop loop(1);
  auto process = ServerProcess::create(loop, loaded->settings);
  if (!process) {
    std::fprintf(stderr, "coatcheck: cannot start: %s\n", process.error().message.c_str());
    return 1;
  }
  int exit_code = 1;
  async::asio::co_spawn(loop.get_executor(), run(&loop, process->get(), &sources, &loaded->settings),
                        [&exit_code](std::exception_ptr failure, int code) {
                          if (failure) std::rethrow_exception(failure);
                          exit_code = code;
                        });
  loop.run();
  return exit_code;
}

}  // namespace

void add_serve(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = root.add_subcommand("serve", "Run the server");
  command
      ->add_option("--config", options->config_file,
                   "The configuration file (TOML); `coatcheck config --example` shows one")
      ->check(CLI::ExistingFile);
  command->add_option("--listen", options->listen, "Address and port, like 127.0.0.1:8420");
  command->add_option("--data", options->data_directory, "Where the journal, the results and the keys are kept");
  command->add_option("--set", options->overrides, "Any setting, as name=value: --set results.ttl=1h")
      ->allow_extra_args(false);
  command->footer(
      "Examples:\n"
      "  coatcheck serve --data /var/lib/coatcheck\n"
      "  coatcheck serve --config coatcheck.toml --set log.style=json\n"
      "  coatcheck serve --set authentication.enabled=false     (on a loopback address only)");
  command->callback([options, &exit_code] { exit_code = serve(*options); });
}

}  // namespace coatcheck
