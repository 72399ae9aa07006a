#include "commands/command.hpp"

#include <algorithm>
#include <charconv>
#include <exception>
#include <utility>

#include "base/clock.hpp"
#include "client/problem.hpp"
#include "client/terminal.hpp"

namespace coatcheck::commands {

using client::ExitCode;
using client::Outcome;

void on_run(CLI::App* command, int& exit_code, std::function<Outcome<ExitCode>()> work) {
  command->callback([&exit_code, work = std::move(work)] {
    auto done = work();
    exit_code = static_cast<int>(done ? *done : done.error().exit);
    if (!done) client::print_error(client::trouble_text(done.error(), client::look_at(2).style));
  });
}

void add_access(CLI::App* command, client::Access& access) {
  command->add_option("--server", access.server, "Address of the server")
      ->envname("COATCHECK_SERVER")
      ->type_name("URL")
      ->capture_default_str()
      ->group("Server");
  command->add_option("--key-file", access.key_file, "File with the API key; without it, COATCHECK_KEY holds the key")
      ->type_name("FILE")
      ->group("Server");
  const auto add_file = [&](const char* name, std::string& file, const char* variable, const char* sentence) {
    command->add_option(name, file, sentence)->envname(variable)->type_name("FILE")->group("Server");
  };
  add_file("--ca-file", access.tls.ca_file, "COATCHECK_CA_FILE",
           "Certificates (PEM) of who vouches for an https server; without it, whom the system trusts");
  add_file("--client-certificate", access.tls.certificate_file, "COATCHECK_CLIENT_CERTIFICATE",
           "Certificate (PEM) of our own, for a server that asks for one");
  add_file("--client-key", access.tls.certificate_key_file, "COATCHECK_CLIENT_KEY",
           "Private key of that certificate, if it is in another file");
}

void allow_only(CLI::Option* option, std::string_view choices) {
  option->type_name(std::string(choices));
  option->check(CLI::Validator(
      [option](std::string& given) {
        const std::vector<std::string> allowed = choices_of(*option);
        if (std::find(allowed.begin(), allowed.end(), given) != allowed.end()) return std::string();
        return "\"" + given + "\" is none of " + option->get_type_name();
      },
      std::string()));
}

std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string text = option.get_type_name();
  if (text.find('|') == std::string::npos) return {};
  return CLI::detail::split(text, '|');
}

void allow_durations(CLI::Option* option) {
  option->type_name("DURATION");
  option->check(CLI::Validator(
      [](std::string& given) {
        const auto duration = parse_duration(given);
        return duration ? std::string() : "\"" + given + "\" is no duration like 250ms, 30s, 5m or 2h";
      },
      std::string()));
}

void allow_numbers(CLI::Option* option, int lowest, int highest) {
  option->type_name("N");
  option->check(CLI::Validator(
      [lowest, highest](std::string& given) {
        int number = 0;
        const auto [end, wrong] = std::from_chars(given.data(), given.data() + given.size(), number);
        const bool whole = wrong == std::errc() && end == given.data() + given.size();
        return whole && number >= lowest && number <= highest
                   ? std::string()
                   : "\"" + given + "\" is no whole number from " + std::to_string(lowest) + " to " +
                         std::to_string(highest);
      },
      std::string()));
}

void allow_counts_from(CLI::Option* option, std::uint64_t lowest) {
  option->type_name("N");
  option->check(CLI::Validator(
      [lowest](std::string& given) {
        std::uint64_t number = 0;
        const auto [end, wrong] = std::from_chars(given.data(), given.data() + given.size(), number);
        const bool whole = wrong == std::errc() && end == given.data() + given.size();
        return whole && number >= lowest
                   ? std::string()
                   : "\"" + given + "\" is no whole number from " + std::to_string(lowest) + " on";
      },
      std::string()));
}

void add_settings(CLI::App* command, Settings& settings) {
  command->add_option("--config", settings.config_file, "The server's configuration file")->type_name("FILE");
  command->add_option("--data", settings.data_directory, "The server's data directory")->type_name("DIR");
  command->add_option("--set", settings.overrides, "Any setting, as name=value")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace coatcheck::commands
