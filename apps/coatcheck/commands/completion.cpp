// coatcheck completion: scripts that let shells complete commands and options, made from the command line itself.
#include "commands/completion.hpp"

#include <fmt/format.h>

#include <memory>

#include "client/terminal.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace coatcheck::commands {

namespace {

template <class Items, class TextOf>
std::string joined(const Items& items, TextOf text_of) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : " ") + text_of(item);
  return out;
}

std::string same(const std::string& text) { return text; }
std::string text_of(const CommandWords::Word& word) { return word.text; }

// Cases that find out which command the words before the cursor name: "key create" and so on.
std::string path_cases(const std::vector<CommandWords>& all, std::string_view indent) {
  std::string out;
  for (const CommandWords& words : all) {
    if (!words.path.empty())
      out += fmt::format("{}'{}') path='{}' ;;\n", indent,
                         words.path.find(' ') == std::string::npos ? " " + words.path : words.path, words.path);
  }
  return out;
}

std::string bash_script(const std::vector<CommandWords>& all) {
  std::string out =
      "# Completion of coatcheck for bash. Load it with: source <(coatcheck completion bash)\n"
      "_coatcheck() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\" path='' index\n"
      "  for ((index = 1; index < COMP_CWORD; index++)); do\n"
      "    case \"$path ${COMP_WORDS[index]}\" in\n" +
      path_cases(all, "      ") +
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$path $previous\" in\n";
  for (const CommandWords& words : all) {
    for (const CommandWords::Value& value : words.values) {
      const std::string action =
          !value.choices.empty()
              ? fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\")); ", joined(value.choices, same))
          : value.is_file ? std::string("compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\")); ")
                          : std::string();
      out += fmt::format("    '{} {}') {}return ;;\n", words.path, value.option, action);
    }
  }
  out +=
      "  esac\n"
      "  case \"$path\" in\n";
  for (const CommandWords& words : all) {
    std::string offered = joined(words.commands, text_of);
    for (const std::string& argument : words.arguments) offered += (offered.empty() ? "" : " ") + argument;
    out += fmt::format(
        "    '{}')\n      if [[ \"$current\" == -* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$current\"))\n",
        words.path, joined(words.options, text_of));
    out += fmt::format("      else COMPREPLY=($(compgen -W '{}' -- \"$current\")); fi ;;\n", offered);
  }
  return out + "  esac\n}\ncomplete -F _coatcheck coatcheck\n";
}

std::string described(const std::vector<CommandWords::Word>& words) {
  return joined(words,
                [](const CommandWords::Word& word) { return fmt::format("'{}:{}'", word.text, word.description); });
}

std::string zsh_script(const std::vector<CommandWords>& all) {
  std::string out =
      "#compdef coatcheck\n"
      "# Completion of coatcheck for zsh. Load it with: source <(coatcheck completion zsh)\n"
      "_coatcheck() {\n"
      "  local path='' previous=\"${words[CURRENT-1]}\" word\n"
      "  local -a options commands\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$path $word\" in\n" +
      path_cases(all, "      ") +
      "    esac\n"
      "  done\n"
      "  case \"$path $previous\" in\n";
  for (const CommandWords& words : all) {
    for (const CommandWords::Value& value : words.values) {
      const std::string action = !value.choices.empty() ? "compadd -- " + joined(value.choices, same)
                                 : value.is_file        ? std::string("_files")
                                                        : std::string("_message value");
      out += fmt::format("    '{} {}') {}; return ;;\n", words.path, value.option, action);
    }
  }
  out +=
      "  esac\n"
      "  case \"$path\" in\n";
  for (const CommandWords& words : all) {
    std::string commands = described(words.commands);
    for (const std::string& argument : words.arguments) commands += (commands.empty() ? "'" : " '") + argument + "'";
    out += fmt::format("    '{}')\n      options=({})\n      commands=({}) ;;\n", words.path, described(words.options),
                       commands);
  }
  return out +
         "  esac\n"
         "  if [[ \"${words[CURRENT]}\" == -* ]]; then _describe option options\n"
         "  else (( ${#commands} )) && _describe command commands; fi\n"
         "}\n"
         "if [[ \"${funcstack[1]}\" == _coatcheck ]]; then _coatcheck \"$@\"; else compdef _coatcheck coatcheck; fi\n";
}

// Every word of the path was seen, and, for the program itself, no command yet.
std::string fish_condition(const std::vector<CommandWords>& all, const CommandWords& words) {
  if (words.path.empty()) return "__fish_use_subcommand";
  std::string condition = "__fish_seen_subcommand_from " + words.path;
  const std::size_t blank = words.path.find(' ');
  if (blank != std::string::npos) {
    condition = "__fish_seen_subcommand_from " + words.path.substr(0, blank) + "; and __fish_seen_subcommand_from " +
                words.path.substr(blank + 1);
  }
  for (const CommandWords& other : all) {
    if (!words.commands.empty() && other.path == words.path)
      condition += "; and not __fish_seen_subcommand_from " + joined(words.commands, text_of);
  }
  return condition;
}

std::string fish_script(const std::vector<CommandWords>& all) {
  std::string out =
      "# Completion of coatcheck for fish. Load it with: coatcheck completion fish | source\n"
      "complete -c coatcheck -f\n";
  for (const CommandWords& words : all) {
    const std::string begin = fmt::format("complete -c coatcheck -n '{}'", fish_condition(all, words));
    for (const CommandWords::Word& command : words.commands)
      out += fmt::format("{} -a {} -d '{}'\n", begin, command.text, command.description);
    if (!words.arguments.empty()) out += fmt::format("{} -a '{}'\n", begin, joined(words.arguments, same));
    for (const CommandWords::Word& option : words.options) {
      const bool is_long = option.text.starts_with("--");
      std::string line = fmt::format("{} -{} {} -d '{}'", begin, is_long ? 'l' : 's',
                                     option.text.substr(is_long ? 2 : 1), option.description);
      for (const CommandWords::Value& value : words.values) {
        if (value.option != option.text) continue;
        line += value.is_file           ? " -r -F"
                : value.choices.empty() ? " -x"
                                        : " -x -a '" + joined(value.choices, same) + "'";
      }
      out += line + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_script(const CLI::App& root, std::string_view shell) {
  const std::vector<CommandWords> all = command_words(root);
  if (shell == "zsh") return zsh_script(all);
  if (shell == "fish") return fish_script(all);
  return bash_script(all);
}

void add_completion(CLI::App& root, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command =
      root.add_subcommand("completion", "Print a script that lets a shell complete commands and options");
  allow_only(command->add_option("SHELL", *shell, "Which shell")->required(), "bash|zsh|fish");
  command->footer(
      "Examples:\n"
      "  source <(coatcheck completion bash)                 in ~/.bashrc\n"
      "  source <(coatcheck completion zsh)                  in ~/.zshrc, after compinit\n"
      "  coatcheck completion fish | source                  in ~/.config/fish/config.fish");
  on_run(command, exit_code, [shell, &root]() -> client::Outcome<client::ExitCode> {
    client::print(completion_script(root, *shell));
    return client::ExitCode::ok;
  });
}

}  // namespace coatcheck::commands
