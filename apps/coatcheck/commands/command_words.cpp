#include <CLI/CLI.hpp>

#include "commands/command.hpp"
#include "commands/completion.hpp"

namespace coatcheck::commands {

namespace {

// The first sentence, on one line and without what shells make something of.
std::string short_description(const std::string& text) {
  std::string out;
  for (const char c : text.substr(0, text.find_first_of(";\n"))) {
    if (c != '\'' && c != '"' && c != '`' && c != '\\' && c != '$') out += c == ':' ? ',' : c;
  }
  return out;
}

void add_option(CommandWords& words, const CLI::Option& option) {
  if (!option.nonpositional()) {
    for (std::string& choice : choices_of(option)) words.arguments.push_back(std::move(choice));
    return;
  }
  std::vector<std::string> names;
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : names) {
    words.options.push_back({name, short_description(option.get_description())});
    if (option.get_expected_max() == 0 || option.get_type_size_max() == 0) continue;
    const std::string type = option.get_type_name();
    words.values.push_back(
        {.option = name,
         .is_file = type.starts_with("FILE") || type.starts_with("DIR") || name == "--config" || name == "--data",
         .choices = choices_of(option)});
  }
}

void walk(const CLI::App& app, const std::string& path, std::vector<CommandWords>& out) {
  CommandWords words;
  words.path = path;
  for (const CLI::Option* option : app.get_options()) add_option(words, *option);
  const auto commands = app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
  for (const CLI::App* command : commands)
    words.commands.push_back({command->get_name(), short_description(command->get_description())});
  out.push_back(std::move(words));
  for (const CLI::App* command : commands)
    walk(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), out);
}

}  // namespace

std::vector<CommandWords> command_words(const CLI::App& root) {
  std::vector<CommandWords> words;
  walk(root, "", words);
  return words;
}

}  // namespace coatcheck::commands
